// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/core/dtype.h"

namespace hone {

// Whether a stored row can hold zeros among other values without changing these: true of the floating and the symmetric types, but not of
// sparse ones, which have no room to change.
bool has_exact_zero(DType type);

// Sets the elements of one stored row to zero where mask[i] != 0, and leaves every other element's bits. Precondition:
// has_exact_zero(type). mask: [cols].
void set_zeros(DType type, std::byte* row, const std::uint8_t* mask, std::int64_t cols);

}  // namespace hone
