// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/operation_cost.h"

#include <algorithm>

#include "engine/runtime/attention_mask.h"

namespace hone {
namespace {

constexpr std::int64_t kFloat = sizeof(float);

}  // namespace

OperationCost embed_cost(const StoredTensor& embedding, std::int64_t rows) {
    return {rows * (embedding.bytes() / embedding.rows() + embedding.cols() * kFloat), 0};
}

OperationCost norm_cost(std::int64_t rows, std::int64_t n) {
    return {(2 * rows + 1) * n * kFloat, 4 * rows * n};
}

OperationCost product_cost(const StoredTensor& weight, std::int64_t rows) {
    return {weight.bytes(), 2 * rows * weight.elements()};
}

OperationCost rope_cost(std::int64_t rows, std::int64_t heads, std::int64_t head_dim,
                        std::int64_t rotary_dim) {
    return {2 * rows * heads * head_dim * kFloat, 3 * rows * heads * rotary_dim};
}

OperationCost gate_cost(std::int64_t count) {
    return {3 * count * kFloat, 5 * count};
}

OperationCost add_cost(std::int64_t count) {
    return {3 * count * kFloat, count};
}

OperationCost bias_cost(std::int64_t rows, std::int64_t n) {
    return {(2 * rows + 1) * n * kFloat, rows * n};
}

std::int64_t kv_position_bytes(const ModelConfig& model, KvStorage storage) {
    const auto of_head = [&]() -> std::int64_t {
        switch (storage) {
            case KvStorage::f16:
                return 2 * model.head_dim;
            case KvStorage::i8:
                return model.head_dim + kFloat;  // and its scale
            default:
                return kFloat * model.head_dim;
        }
    };
    return 2 * model.n_kv_heads * of_head();
}

OperationCost remember_cost(std::int64_t tokens, std::int64_t width, std::int64_t position_bytes) {
    return {tokens * (2 * width * kFloat + position_bytes), 0};
}

OperationCost attention_cost(const AttentionMask& mask, std::int64_t layer, std::int64_t position,
                             std::int64_t rows, std::int64_t n_heads, std::int64_t head_dim,
                             std::int64_t position_bytes) {
    std::int64_t pairs = 0, most = 0, sinks = 0, begin = position, end = 0;
    for (std::int64_t i = 0; i < rows; ++i) {
        const kernels::MaskRow row = mask_row(mask, position + i);
        const std::int64_t attends = attended_positions(mask, position + i, layer);
        pairs += attends;
        most = std::max(most, attends);
        sinks = std::max(sinks, row.sinks);
        begin = std::min(begin, row.begin);
        end = std::max(end, row.end);
    }
    const bool chooses = mask.kind == AttentionMask::Kind::pages && layer >= mask.dense_layers;
    const std::int64_t positions = chooses ? most : end - begin + std::min(sinks, begin);
    return {positions * position_bytes, 4 * pairs * n_heads * head_dim};
}

}  // namespace hone
