// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "engine/formats/checkpoint.h"
#include "engine/model/model.h"
#include "engine/runtime/run_config.h"

namespace hone {

// What an operation must move from and to memory and compute, whatever kernel does it; see
// profiler::TraceEvent.
struct OperationCost {
    std::int64_t bytes = 0, flops = 0;

    OperationCost& operator+=(const OperationCost& other) {
        bytes += other.bytes;
        flops += other.flops;
        return *this;
    }
};

OperationCost embed_cost(const StoredTensor& embedding, std::int64_t rows);
OperationCost norm_cost(std::int64_t rows, std::int64_t n);
OperationCost product_cost(const StoredTensor& weight,
                           std::int64_t rows);  // of the weights as stored
OperationCost rope_cost(std::int64_t rows, std::int64_t heads, std::int64_t head_dim,
                        std::int64_t rotary_dim);
OperationCost gate_cost(std::int64_t count);
OperationCost add_cost(std::int64_t count);
OperationCost bias_cost(std::int64_t rows, std::int64_t n);
// Bytes of a position's keys and values in a layer, as a run that stores them so keeps them;
// without a cache they are fp32.
std::int64_t kv_position_bytes(const ModelConfig& model, KvStorage storage);
// Keys and values of `width` channels each, which take `position_bytes` in the cache.
OperationCost remember_cost(std::int64_t tokens, std::int64_t width, std::int64_t position_bytes);
// Of `rows` neighbouring queries of a sequence, the first at `position`. `position_bytes`: keys and
// values of a position. A position that several rows attend comes from memory once; of pages that
// are chosen, at least what one row attended.
OperationCost attention_cost(const AttentionMask& mask, std::int64_t layer, std::int64_t position,
                             std::int64_t rows, std::int64_t n_heads, std::int64_t head_dim,
                             std::int64_t position_bytes);

}  // namespace hone
