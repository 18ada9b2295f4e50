// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/core/dtype.h"

namespace hone::gguf {

// One row of Hone's own formats in the blocks of info(type).gguf_carrier: the integers as they are, the scale repeated in every
// block, so that both dequantise to the same bits. target: row_bytes(carrier, cols) bytes.
void carry_row(DType type, const std::byte* source, std::byte* target, std::int64_t cols);

}  // namespace hone::gguf
