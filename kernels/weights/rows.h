// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/weights/formats/row.h"
#include "kernels/weights/weight_format.h"

namespace hone::kernels {

// One row of `cols` finite fp32 values to stored form. Quantisers of ggml's types follow its
// reference rounding (bit-equal with the `gguf` Python package). Not to a sparse type, see
// engine/weights/sparse.h.
RowLoss quantize_row(WeightType type, const float* source, std::byte* target, std::int64_t cols);

// Sets the elements of one stored row to zero where mask[i] != 0, and leaves every other element's
// bits. Precondition: info(type).exact_zeros. mask: [cols].
void set_zeros(WeightType type, std::byte* row, const std::uint8_t* mask, std::int64_t cols);

// One row in the blocks of info(type).gguf_carrier, where that is another type: both dequantise to
// the same bits. target: row_bytes(carrier, cols) bytes.
void carry_row(WeightType type, const std::byte* source, std::byte* target, std::int64_t cols);

}  // namespace hone::kernels
