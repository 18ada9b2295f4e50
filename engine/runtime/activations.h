// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/runtime/buffer.h"
#include "kernels/attention/attention.h"
#include "kernels/linear/reduced.h"

namespace hone {

// How wide the buffers are that the graph computes in: elements for each row of a pass, and for
// each row of a slice of it. The graph says so (engine/runtime/shape_operations.h).
inline constexpr std::size_t kGraphBuffers = 9;
struct ActivationWidths {
    struct Width {
        std::int64_t row = 0, slice_row = 0;
    };
    std::array<Width, kGraphBuffers> graph = {};  // as Activations::kGraph lists them
    std::int64_t reduced_cols = 0;  // of the widest input that a product rounds; 0: none does
};

// How many rows the activations have. `rows` are the tokens of a pass; `slice` is how many of them
// the feed-forward and the output projection take at a time: the same, but where the cache is off
// and a pass holds whole sequences.
struct ActivationRows {
    std::int64_t rows = 0, slice = 0, logits = 0;
    std::int64_t placed = 0;   // rows whose position and mask lie beside them: a CPU's
    std::int64_t reduced = 0;  // bytes, from reduced_bytes()
};

// What the layers compute, fp32, grown to the largest pass so far and kept.
class Activations {
public:
    // In `space`, or in this process's memory.
    explicit Activations(const ActivationWidths& widths, MemorySpace* space = nullptr);
    void require(const ActivationRows& wanted);
    void release();  // all of it; what is required next is allocated anew
    std::int64_t bytes() const;

    Buffer<float> x;         // [rows, n_embd]: the residual stream
    Buffer<float> q;         // [rows, n_heads · head_dim]
    Buffer<float> k, v;      // [rows, n_kv_heads · head_dim]
    Buffer<float> a;         // [slice, …]: normed rows, attention's output
    Buffer<float> b;         // [slice, n_embd]: what is added to the residual stream
    Buffer<float> gate, up;  // [slice, n_ff]
    Buffer<float> logits;    // [logits, n_vocab]
    // Those are what the graph computes in. An operation that is given another buffer's memory is
    // refused where memory is planned.
    static const std::array<Buffer<float> Activations::*, kGraphBuffers> kGraph;

    Buffer<std::int32_t> positions;  // [placed]
    Buffer<kernels::MaskRow> mask;   // [placed]
    Buffer<std::byte> reduced;       // a product's inputs, rounded
    Buffer<float> mass;  // [rows, n_heads], while the mass that attention keeps is measured

private:
    ActivationWidths widths_;
};

inline constexpr std::array<Buffer<float> Activations::*, kGraphBuffers> Activations::kGraph{
    &Activations::x, &Activations::q,    &Activations::k,  &Activations::v,     &Activations::a,
    &Activations::b, &Activations::gate, &Activations::up, &Activations::logits};

// What `reduced` needs for products of `slice` rows in `arithmetic`.
std::int64_t reduced_bytes(const ActivationWidths& widths, kernels::Arithmetic arithmetic,
                           kernels::Isa isa, std::int64_t slice);

// The bytes that Activations holds after require(wanted) alone.
std::int64_t activation_bytes(const ActivationWidths& widths, const ActivationRows& wanted);

}  // namespace hone
