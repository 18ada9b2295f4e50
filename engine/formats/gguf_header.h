// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "engine/formats/checkpoint.h"
#include "engine/formats/gguf_types.h"

namespace hone::gguf {

// The type that a tensor has in the file, and its bytes there without the padding after it.
inline DType carrier(const StoredTensor& tensor) {
    return info(tensor.type).gguf_carrier;
}
inline std::uint64_t carried_bytes(const StoredTensor& tensor) {
    return static_cast<std::uint64_t>(tensor.rows() * row_bytes(carrier(tensor), tensor.cols()));
}
constexpr std::uint64_t aligned(std::uint64_t position) {
    return (position + kAlignment - 1) / kAlignment * kAlignment;
}

// All that comes before the tensors' data in the file that `checkpoint` becomes, padded; some
// megabytes for a large vocabulary. Needs no tensor data. Throws Error naming source and tensor
// where GGUF cannot hold it: a name too long, more than four dimensions, a row that is no whole
// number of its carrier's blocks.
std::string header_of(const Checkpoint& checkpoint);

// All that follows the header. The last tensor is padded too: ggml reads whole multiples of the
// alignment.
std::uint64_t data_bytes(const Checkpoint& checkpoint);

}  // namespace hone::gguf
