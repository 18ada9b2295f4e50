// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/linear/linear.h"

namespace hone::kernels {

inline constexpr std::int64_t kReducedBlock = 32;  // inputs that share a sum
inline constexpr std::int64_t kReducedPad =
    64;  // inputs of a token are zero up to a multiple of it

// Rounded inputs: [tokens][padded] values, `stride` bytes between tokens. bf16 has neither scales
// nor sums.
struct ReducedInput {
    std::byte* values;
    std::int64_t stride;
    float* scales;       // [tokens]
    std::int32_t* sums;  // [tokens][blocks]: of the rounded values of each block of 32
    std::int64_t blocks;
};

using ExpandRow = void (*)(WeightType type, const void* row, float* out, std::int64_t cols);

// The inner loops of one arithmetic on one instruction set; single-threaded, using no library.
struct ReducedKernels {
    int value_bytes;  // of a rounded input
    int columns;      // weight rows that a packed panel holds
    std::int64_t (*panel_bytes)(std::int64_t cols);
    void (*reduce_row)(const float* x, std::int64_t cols, std::int64_t token,
                       const ReducedInput& out);
    // Packs weight rows [first, first + count). `row`: scratch of `cols` floats.
    void (*pack_panel)(const LinearProblem& problem, std::int64_t first, std::int64_t count,
                       ExpandRow expand, float* row, std::byte* panel);
    // y[all tokens][first, first + count).
    void (*multiply_panel)(const LinearProblem& problem, const ReducedInput& input,
                           std::int64_t first, std::int64_t count, const std::byte* panel);
    // y[token][row] for rows [begin, end), without packing.
    void (*few_tokens)(const LinearProblem& problem, const ReducedInput& input, std::int64_t begin,
                       std::int64_t end, ExpandRow expand, float* row);
};

extern const ReducedKernels kInt8Avx2;
extern const ReducedKernels kInt8Vnni;
extern const ReducedKernels kBf16Avx512;

}  // namespace hone::kernels
