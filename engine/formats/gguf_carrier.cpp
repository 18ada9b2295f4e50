// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/gguf_carrier.h"

#include <cstring>

namespace hone::gguf {
namespace {

constexpr std::int64_t kScale = 2, kBlock = 32;

// `group` elements share a scale; each block of 32 of them takes `block_bytes` of integers.
void repeat_scales(const std::byte* source, std::byte* target, std::int64_t cols, std::int64_t group,
                   std::int64_t block_bytes) {
    for (std::int64_t begin = 0; begin < cols; begin += group) {
        const std::byte* const scale = source;
        source += kScale;
        for (std::int64_t i = 0; i < group; i += kBlock) {
            std::memcpy(target, scale, kScale);
            std::memcpy(target + kScale, source, static_cast<std::size_t>(block_bytes));
            target += kScale + block_bytes;
            source += block_bytes;
        }
    }
}

}  // namespace

void carry_row(DType type, const std::byte* source, std::byte* target, std::int64_t cols) {
    if (type == DType::i8_channel) return repeat_scales(source, target, cols, cols, kBlock);
    repeat_scales(source, target, cols, info(type).block, kBlock / 2);
}

}  // namespace hone::gguf
