// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/activations.h"

#include <algorithm>

namespace hone {
namespace {

// Decoding without a cache adds a row a step; rounding keeps that from reallocating at each.
std::int64_t rounded(std::int64_t rows) {
    constexpr std::int64_t kExact = 8, kGranule = 64;
    return rows <= kExact ? rows : (rows + kGranule - 1) / kGranule * kGranule;
}

struct Widths {
    std::int64_t q, kv, a;
};

Widths widths(const ModelConfig& model) {
    const std::int64_t q = model.n_heads * model.head_dim;
    return {q, model.n_kv_heads * model.head_dim, std::max(model.n_embd, q)};
}

}  // namespace

Activations::Activations(const ModelConfig& model, MemorySpace* space)
    : x(space),
      q(space),
      k(space),
      v(space),
      a(space),
      b(space),
      gate(space),
      up(space),
      logits(space),
      positions(space),
      mask(space),
      reduced(space),
      mass(space),
      model_(model) {}

void Activations::require(const ActivationRows& wanted) {
    const Widths w = widths(model_);
    const std::int64_t rows = rounded(wanted.rows);
    const std::int64_t slice = rounded(wanted.slice);
    x.require(rows * model_.n_embd);
    q.require(rows * w.q);
    k.require(rows * w.kv);
    v.require(rows * w.kv);
    positions.require(rows);
    mask.require(rows);
    a.require(slice * w.a);
    b.require(slice * model_.n_embd);
    gate.require(slice * model_.n_ff);
    up.require(slice * model_.n_ff);
    logits.require(wanted.logits * model_.n_vocab);
    reduced.require(wanted.reduced);
}

void Activations::release() {
    for (Buffer<float>* const buffer : {&x, &q, &k, &v, &a, &b, &gate, &up, &logits, &mass})
        buffer->allocate(0);
    positions.allocate(0);
    mask.allocate(0);
    reduced.allocate(0);
}

std::int64_t Activations::bytes() const {
    return x.bytes() + q.bytes() + k.bytes() + v.bytes() + a.bytes() + b.bytes() + gate.bytes() +
           up.bytes() + logits.bytes() + positions.bytes() + mask.bytes() + reduced.bytes() +
           mass.bytes();
}

std::int64_t activation_bytes(const ModelConfig& model, const ActivationRows& wanted) {
    const Widths w = widths(model);
    constexpr auto kFloat = static_cast<std::int64_t>(sizeof(float));
    constexpr auto kPlace =
        static_cast<std::int64_t>(sizeof(std::int32_t) + sizeof(kernels::MaskRow));
    const std::int64_t per_row = (model.n_embd + w.q + 2 * w.kv) * kFloat + kPlace;
    const std::int64_t per_slice_row = (w.a + model.n_embd + 2 * model.n_ff) * kFloat;
    return rounded(wanted.rows) * per_row + rounded(wanted.slice) * per_slice_row +
           wanted.logits * model.n_vocab * kFloat + wanted.reduced;
}

std::int64_t reduced_bytes(const ModelConfig& model, kernels::Arithmetic arithmetic,
                           kernels::Isa isa, std::int64_t slice) {
    return kernels::reduced_input_bytes(arithmetic, rounded(slice),
                                        std::max(widths(model).a, model.n_ff), isa);
}

}  // namespace hone
