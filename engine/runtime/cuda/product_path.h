// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/cuda/ops/matrix.h"
#include "kernels/linear/reduced.h"

namespace hone {

// How a device multiplies with a matrix: in the type that it is stored in (int8 or FP8, the
// vendor's library), few rows as they are, tiles of bf16 on tensor cores, or expanded to bf16 or
// fp32 for the vendor's library.
enum class ProductPath : std::uint8_t { bytes, few, tiles, bf16, f32 };

// With how many tokens a product in int8 or FP8 is computed. Padding's inputs are whatever the
// memory holds: no other row's sums see them.
std::int64_t tokens_in_bytes(cuda::PlaneType type, std::int64_t rows);

// Whether weights are multiplied in the type that they have: where that is the arithmetic's, and
// the vendor's library is known to take such a product.
bool takes_bytes(const cuda::Matrix& matrix, kernels::Arithmetic arithmetic, std::int64_t rows);

// `bytes`: takes_bytes(), unless that turned out to be too much promised. What it does not take is
// computed as if nothing were rounded, and not counted as reduced.
ProductPath product_path(const cuda::Matrix& matrix, kernels::Arithmetic arithmetic,
                         std::int64_t rows, bool bytes);

// What a product takes of the workspace, in elements of CudaWorkspace's buffers. This reads a
// matrix's shape and type alone.
struct ProductMemory {
    std::int64_t panel = 0, inputs = 0, scales = 0, sums = 0;
};
ProductMemory product_memory(const cuda::Matrix& matrix, ProductPath path, std::int64_t rows);

// How many of the matrix's rows are expanded at a time where products need `type`; all of them
// where it is stored so.
std::int64_t rows_together(const cuda::Matrix& matrix, cuda::PlaneType type);

}  // namespace hone
