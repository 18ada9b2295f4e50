// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "engine/model/model.h"
#include "engine/runtime/buffer.h"
#include "kernels/attention/attention.h"
#include "kernels/linear/reduced.h"

namespace hone {

// How many rows the activations have. `rows` are the tokens of a pass; `slice` is how many of them
// the feed-forward and the output projection take at a time: the same, but where the cache is off
// and a pass holds whole sequences.
struct ActivationRows {
    std::int64_t rows = 0, slice = 0, logits = 0;
    std::int64_t reduced = 0;  // bytes, from reduced_bytes()
};

// What the layers compute, fp32, grown to the largest pass so far and kept.
class Activations {
public:
    // In `space`, or in this process's memory.
    explicit Activations(const ModelConfig& model, MemorySpace* space = nullptr);
    void require(const ActivationRows& wanted);
    void release();  // all of it; what is required next is allocated anew
    std::int64_t bytes() const;

    Buffer<float> x;     // [rows, n_embd]: the residual stream
    Buffer<float> q;     // [rows, n_heads · head_dim]
    Buffer<float> k, v;  // [rows, n_kv_heads · head_dim]
    Buffer<float> a;  // [slice, max(n_embd, n_heads · head_dim)]: normed rows, attention's output
    Buffer<float> b;  // [slice, n_embd]: what is added to the residual stream
    Buffer<float> gate, up;          // [slice, n_ff]
    Buffer<float> logits;            // [logits, n_vocab]
    Buffer<std::int32_t> positions;  // [rows]
    Buffer<kernels::MaskRow> mask;   // [rows]
    Buffer<std::byte> reduced;       // a product's inputs, rounded
    Buffer<float> mass;  // [rows, n_heads], while the mass that attention keeps is measured

private:
    const ModelConfig& model_;
};

// What `reduced` needs for products of `slice` rows in `arithmetic`.
std::int64_t reduced_bytes(const ModelConfig& model, kernels::Arithmetic arithmetic,
                           kernels::Isa isa, std::int64_t slice);

// The bytes that Activations holds after require(wanted) alone.
std::int64_t activation_bytes(const ModelConfig& model, const ActivationRows& wanted);

}  // namespace hone
