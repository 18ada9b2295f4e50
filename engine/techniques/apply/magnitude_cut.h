// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/core/progress.h"
#include "engine/formats/checkpoint.h"
#include "kernels/cpu/context.h"

namespace hone {

// |value| as an integer of the same order; NaN ranks above everything.
inline std::uint32_t magnitude(float value) {
    return std::bit_cast<std::uint32_t>(value) & 0x7FFF'FFFFU;
}

// Which weights go: all below `level`, and the first `ties` of those that equal it, in the order of
// tensors, rows, columns.
struct MagnitudeCut {
    std::uint32_t level = 0;
    std::int64_t ties = 0;
};

// The cut that takes exactly `count` of the elements of `tensors` ranked together, by two passes of
// counting: nothing is sorted or held. 0 ≤ count ≤ elements.
MagnitudeCut find_cut(std::span<StoredTensor* const> tensors, std::int64_t count,
                      const kernels::Context& context, const Progress& progress);

// The same among `values`; `scratch` is overwritten.
MagnitudeCut find_cut(std::span<const float> values, std::int64_t count,
                      std::vector<std::uint32_t>& scratch);

}  // namespace hone
