// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/ops/pack.h"

#include <cstring>

namespace hone::gpu {
namespace {

using kernels::WeightType;

constexpr std::int64_t kBlock = 32;  // values whose nibbles lie together

std::int64_t int4_group(WeightType type) {
    switch (type) {
        case WeightType::i4_g32:
        case WeightType::q4_0:
        case WeightType::q4_1:
            return 32;
        case WeightType::i4_g64:
            return 64;
        case WeightType::i4_g128:
            return 128;
        default:
            return 0;
    }
}

F16 half_at(const std::byte* bytes) {
    F16 value;
    std::memcpy(&value, bytes, sizeof value);
    return value;
}

// 16 bytes that hold value j in the low and value j + 16 in the high nibble → 16 bytes that hold 2j and 2j + 1.
void reorder_nibbles(const std::byte* from, std::byte* to) {
    const auto nibble = [&](std::int64_t j) {
        const auto byte = std::to_integer<unsigned>(from[j % 16]);
        return j < 16 ? byte & 15U : byte >> 4;
    };
    for (std::int64_t j = 0; j < 16; ++j)
        to[j] = static_cast<std::byte>(nibble(2 * j) | nibble(2 * j + 1) << 4);
}

}  // namespace

std::optional<Packing> packing_of(WeightType type, std::int64_t cols) {
    if (cols % kChunk != 0) return std::nullopt;
    const auto with = [&](PlaneType plane, std::int64_t group,
                          bool minima = false) -> std::optional<Packing> {
        if (group != 0 && cols % group != 0) return std::nullopt;
        return Packing{plane, group, cols / kChunk * chunk_bytes(plane),
                       group == 0 ? 0 : cols / group * static_cast<std::int64_t>(sizeof(F16)), minima};
    };
    switch (type) {
        case WeightType::f32:
            return with(PlaneType::f32, 0);
        case WeightType::f16:
            return with(PlaneType::f16, 0);
        case WeightType::bf16:
            return with(PlaneType::bf16, 0);
        case WeightType::q8_0:
            return with(PlaneType::i8, kBlock);
        case WeightType::i8_channel:
            return with(PlaneType::i8, cols);
        case WeightType::e4m3_channel:
            return with(PlaneType::e4m3, cols);
        case WeightType::q4_1:
            return with(PlaneType::i4, kBlock, true);
        case WeightType::q4_0:
        case WeightType::i4_g32:
        case WeightType::i4_g64:
        case WeightType::i4_g128:
            return with(PlaneType::i4, int4_group(type));
        case WeightType::sparse_f32:
        case WeightType::sparse_f16:
        case WeightType::sparse_bf16:
            return std::nullopt;
    }
    return std::nullopt;
}

void pack_row(WeightType type, const void* row, std::int64_t cols, std::byte* values, F16* scales,
              F16* minima) {
    const auto* from = static_cast<const std::byte*>(row);
    switch (type) {
        case WeightType::f32:
            std::memcpy(values, from, static_cast<std::size_t>(cols) * 4);
            return;
        case WeightType::f16:
        case WeightType::bf16:
            std::memcpy(values, from, static_cast<std::size_t>(cols) * 2);
            return;
        case WeightType::i8_channel:
        case WeightType::e4m3_channel:
            scales[0] = half_at(from);
            std::memcpy(values, from + sizeof(F16), static_cast<std::size_t>(cols));
            return;
        case WeightType::q8_0:
            for (std::int64_t block = 0; block < cols / kBlock;
                 ++block, from += sizeof(F16) + kBlock, values += kBlock) {
                scales[block] = half_at(from);
                std::memcpy(values, from + sizeof(F16), kBlock);
            }
            return;
        default:
            break;
    }
    const std::int64_t group = int4_group(type);
    if (group == 0) return;  // packing_of() knows no such type
    for (std::int64_t block = 0; block < cols / group; ++block) {
        scales[block] = half_at(from);
        from += sizeof(F16);
        if (type == WeightType::q4_1) {
            minima[block] = half_at(from);
            from += sizeof(F16);
        }
        for (std::int64_t part = 0; part < group; part += kBlock, from += kBlock / 2, values += kBlock / 2)
            reorder_nibbles(from, values);
    }
}

}  // namespace hone::gpu
