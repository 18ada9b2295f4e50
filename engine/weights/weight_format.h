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

namespace hone {

kernels::WeightType kernel_type(DType type);

// What a stored row could not keep of its values.
struct RowLoss {
    bool overflows =
        false;  // a weight, a block's scale or its minimum is beyond what the type holds: the row is of no use
    // Blocks (rows, of types without) whose weights differ from 0, or in q4_1 from each other, and whose scale or every weight is
    // stored as 0: ggml rounds so too.
    std::int64_t vanished = 0;
};

// One row of `cols` fp32 values to and from stored form. Quantisers follow ggml's reference rounding for q8_0, q4_0 and q4_1
// (bit-equal with the `gguf` Python package); int8 per channel and int4 groups are symmetric, scale = absmax/127 and
// signed-absmax/−8 as in q4_0, rounded to f16 before the integers are chosen; FP8's scale is the least power of two with which the row's
// largest value is within ±448. quantize_row: of finite values, not to a sparse type (see sparse.h).
RowLoss quantize_row(DType type, const float* source, std::byte* target, std::int64_t cols);
void dequantize_row(DType type, const std::byte* source, float* target, std::int64_t cols);

// A whole tensor in another type, expanding row by row (never whole). Returns an owned tensor of the same name and
// shape; `vanished` grows by what RowLoss says of its rows. Throws Error naming the tensor where a row does not fit the type's blocks, and
// the first row at fault where values are not finite or the type cannot hold them.
StoredTensor convert_tensor(const StoredTensor& tensor, DType type, const kernels::Context& context,
                            const Progress& progress, std::int64_t* vanished = nullptr);

bool all_finite(const float* values, std::int64_t count);
// Throws Error naming `tensor` and the first of its rows that holds a NaN or an infinity; `needs` says what needs finite weights:
// "Q8_0", "pruning". Throws Cancelled.
void require_finite(const StoredTensor& tensor, std::string_view needs, const kernels::Context& context,
                    const Progress& progress);
[[noreturn]] void refuse_not_finite(const StoredTensor& tensor, std::int64_t row, std::string_view needs);
// "12 blocks of the weights are too small for their type's scales, or its least value: they became zero"; empty for 0.
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
                    kernels::Arithmetic arithmetic, std::byte* input, const kernels::Context& context);

}  // namespace hone
