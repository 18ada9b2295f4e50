// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/activations.h"

namespace hone {
namespace {

// Decoding without a cache adds a row a step; rounding keeps that from reallocating at each.
std::int64_t rounded(std::int64_t rows) {
    constexpr std::int64_t kExact = 8, kGranule = 64;
    return rows <= kExact ? rows : (rows + kGranule - 1) / kGranule * kGranule;
}

// Elements of one of the graph's buffers.
std::int64_t elements(const ActivationWidths& widths, std::size_t buffer,
                      const ActivationRows& wanted) {
    const ActivationWidths::Width& width = widths.graph[buffer];
    if (Activations::kGraph[buffer] == &Activations::logits) return wanted.logits * width.row;
    return rounded(wanted.rows) * width.row + rounded(wanted.slice) * width.slice_row;
}

}  // namespace

Activations::Activations(const ActivationWidths& widths, MemorySpace* space)
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
      widths_(widths) {}

void Activations::require(const ActivationRows& wanted) {
    for (std::size_t i = 0; i < kGraphBuffers; ++i)
        (this->*kGraph[i]).require(elements(widths_, i, wanted));
    positions.require(rounded(wanted.placed));
    mask.require(rounded(wanted.placed));
    reduced.require(wanted.reduced);
}

void Activations::release() {
    for (const auto buffer : kGraph) (this->*buffer).allocate(0);
    positions.allocate(0);
    mask.allocate(0);
    reduced.allocate(0);
    mass.allocate(0);
}

std::int64_t Activations::bytes() const {
    std::int64_t sum = positions.bytes() + mask.bytes() + reduced.bytes() + mass.bytes();
    for (const auto buffer : kGraph) sum += (this->*buffer).bytes();
    return sum;
}

std::int64_t activation_bytes(const ActivationWidths& widths, const ActivationRows& wanted) {
    constexpr auto kPlace =
        static_cast<std::int64_t>(sizeof(std::int32_t) + sizeof(kernels::MaskRow));
    std::int64_t floats = 0;
    for (std::size_t i = 0; i < kGraphBuffers; ++i) floats += elements(widths, i, wanted);
    return floats * static_cast<std::int64_t>(sizeof(float)) + rounded(wanted.placed) * kPlace +
           wanted.reduced;
}

std::int64_t reduced_bytes(const ActivationWidths& widths, kernels::Arithmetic arithmetic,
                           kernels::Isa isa, std::int64_t slice) {
    return widths.reduced_cols == 0
               ? 0
               : kernels::reduced_input_bytes(arithmetic, rounded(slice), widths.reduced_cols, isa);
}

}  // namespace hone
