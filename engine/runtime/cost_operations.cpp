// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/cost_operations.h"

#include <algorithm>
#include <iterator>

namespace hone {

using profiler::Operation;

CostOperations::CostOperations(const ModelConfig& model, const BoundWeights& weights,
                               const RunConfig& run, Activations& activations, Pass& pass,
                               const Sink& sink)
    : Operations(activations, pass, pass.rows),
      model_(model),
      weights_(weights),
      run_(run),
      sink_(sink) {}

void CostOperations::embed(const StoredTensor& embedding) {
    sink_({Operation::embed, &embedding, pass_.rows, embed_cost(embedding, pass_.rows)});
}

void CostOperations::norm(const StoredTensor* weight, const float*, float*, std::int64_t rows,
                          std::int64_t groups) const {
    sink_({Operation::norm, weight, rows, norm_cost(rows * groups, weight->cols())});
}

void CostOperations::linear(const StoredTensor* weight, const float*, float*,
                            std::int64_t rows) const {
    sink_({Operation::linear, weight, rows, product_cost(*weight, rows)});
}

void CostOperations::rotate(float*, float*, Rows rows) const {
    for (const std::int64_t heads : {model_.n_heads, model_.n_kv_heads})
        sink_({Operation::rope, nullptr, rows.count,
               rope_cost(rows.count, heads, model_.head_dim, model_.rotary_dim)});
}

void CostOperations::remember(std::int64_t) const {
    if (run_.kv_cache == KvStorage::off) return;
    std::int64_t tokens = 0;
    for (const Segment& segment : pass_.segments) tokens += std::ssize(segment.tokens);
    sink_({Operation::remember, nullptr, tokens,
           remember_cost(tokens, model_.n_kv_heads * model_.head_dim,
                         kv_position_bytes(model_, run_.kv_cache))});
}

const CostOperations::Attended& CostOperations::attended(std::int64_t layer, std::int64_t position,
                                                         std::int64_t rows) const {
    const AttentionMask& mask = run_.attention;
    const bool chooses = mask.kind == AttentionMask::Kind::pages && layer >= mask.dense_layers;
    const auto [found, fresh] = attended_.try_emplace({chooses, position, rows});
    if (!fresh) return found->second;
    found->second.cost = attention_cost(mask, layer, position, rows, model_.n_heads,
                                        model_.head_dim, kv_position_bytes(model_, run_.kv_cache));
    if (chooses)
        for (std::int64_t i = 0; i < rows; ++i)
            found->second.page_bounds += (position + i) >> mask.page_shift;
    return found->second;
}

void CostOperations::attend(std::int64_t layer, float*, Rows rows) const {
    for (const Segment& segment : pass_.segments) {
        const std::int64_t begin = std::max(segment.row, rows.begin);
        const std::int64_t end = std::min(segment.row + segment.rows, rows.begin + rows.count);
        if (begin >= end) continue;
        const std::int64_t first = segment.position + std::ssize(segment.tokens) - segment.rows;
        const Attended& found = attended(layer, first + begin - segment.row, end - begin);
        sink_({Operation::attention, nullptr, end - begin, found.cost, found.page_bounds});
    }
}

void CostOperations::gate(float*, const float*, std::int64_t rows) const {
    sink_({Operation::gate, nullptr, rows, gate_cost(rows * model_.n_ff)});
}

void CostOperations::add(float*, const float*, std::int64_t rows) const {
    sink_({Operation::add, nullptr, rows, add_cost(rows * model_.n_embd)});
}

void CostOperations::add_bias(float*, const StoredTensor* bias, std::int64_t rows) const {
    sink_({Operation::add, bias, rows, bias_cost(rows, bias->cols())});
}

void CostOperations::keep_wanted_rows() {
    std::int64_t kept = 0;
    for (Segment& segment : pass_.segments) {
        segment.row = kept;
        segment.rows = segment.wanted;
        kept += segment.wanted;
    }
    pass_.rows = kept;
}

std::int64_t CostOperations::logits(float*) const {
    if (pass_.rows == 0) return 0;
    sink_(
        {Operation::norm, weights_.output_norm, pass_.rows, norm_cost(pass_.rows, model_.n_embd)});
    sink_({Operation::logits, weights_.output, pass_.rows,
           product_cost(*weights_.output, pass_.rows)});
    return 0;
}

}  // namespace hone
