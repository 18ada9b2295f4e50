// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/dtype.h"
#include "engine/core/progress.h"
#include "engine/formats/checkpoint.h"
#include "kernels/cpu/context.h"
#include "kernels/linear/linear.h"
#include "kernels/linear/reduced.h"
#include "kernels/weights/rows.h"

namespace hone {

// One row of `cols` fp32 values to and from stored form; see kernels/weights/rows.h.
using kernels::quantize_row;
using kernels::RowLoss;
using kernels::set_zeros;
void dequantize_row(DType type, const std::byte* source, float* target, std::int64_t cols);

// A whole tensor in another type, expanding row by row (never whole). Returns an owned tensor of
// the same name and shape; `vanished` grows by what RowLoss says of its rows. Throws Error naming
// the tensor where a row does not fit the type's blocks, and the first row at fault where values
// are not finite or the type cannot hold them.
StoredTensor convert_tensor(const StoredTensor& tensor, DType type, const kernels::Context& context,
                            const Progress& progress, std::int64_t* vanished = nullptr);

bool all_finite(const float* values, std::int64_t count);
// Throws Error naming `tensor` and the first of its rows that holds a NaN or an infinity; `needs`
// says what needs finite weights: "Q8_0", "pruning". Throws Cancelled.
void require_finite(const StoredTensor& tensor, std::string_view needs,
                    const kernels::Context& context, const Progress& progress);
[[noreturn]] void refuse_not_finite(const StoredTensor& tensor, std::int64_t row,
                                    std::string_view needs);
// "12 blocks of the weights are too small for their type's scales, or its least value: they became
// zero"; empty for 0.
std::vector<std::string> vanished_note(std::int64_t vanished);

// Expanded copy: [rows, cols] fp32.
std::vector<float> expand_tensor(const StoredTensor& tensor);

// y[tokens, rows] = x[tokens, cols] · Wᵀ; see kernels/linear/linear.h.
void linear(const StoredTensor& weight, const float* x, std::int64_t tokens, float* y,
            const kernels::Context& context);

// Whether linear_reduced() can multiply with `weight` so on a machine that uses `isa`.
bool can_reduce(const StoredTensor& weight, kernels::Arithmetic arithmetic, kernels::Isa isa);
// The same product in less than fp32; `input` is scratch, see kernels/linear/reduced.h.
void linear_reduced(const StoredTensor& weight, const float* x, std::int64_t tokens, float* y,
                    kernels::Arithmetic arithmetic, std::byte* input,
                    const kernels::Context& context);

}  // namespace hone
