// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/cpu/context.h"
#include "kernels/weights/weight_format.h"

namespace hone::kernels {

// y[tokens, rows] = x[tokens, cols] · W[rows, cols]ᵀ with fp32 activations and accumulation;
// weights are expanded in registers or cache-sized panels, never whole. Chooses a matrix-vector
// path for few tokens and a blocked one for many.
struct LinearProblem {
    WeightType type;
    const void* weights;  // [rows, cols], no alignment required; a sparse type's end lies 64 bytes
                          // past its last value
    std::int64_t rows, cols;
    std::int64_t row_bytes;  // distance between rows of `weights`; not used by sparse types
    const float* x;          // [tokens, cols]
    std::int64_t tokens;
    float* y;                                    // [tokens, rows]
    std::int64_t y_stride;                       // elements between rows of y, ≥ rows
    const std::uint64_t* row_offsets = nullptr;  // sparse types: bytes from `weights` to each row
};

void linear(const LinearProblem& problem, const Context& context);

// Bytes of workspace a thread that linear() takes for `tokens` tokens of `cols` inputs.
std::int64_t linear_workspace(std::int64_t cols, std::int64_t tokens, Isa isa);

}  // namespace hone::kernels
