// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/ops/pack.h"

#include <bit>
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

// A sparse row: a bit a column in words of 32, then the values whose bit is set.
constexpr std::int64_t kMaskColumns = 32;

std::uint32_t mask_at(const std::byte* row, std::int64_t word) {
    std::uint32_t mask = 0;
    std::memcpy(&mask, row + word * static_cast<std::int64_t>(sizeof mask), sizeof mask);
    return mask;
}

// Where two values of four columns are: those whose bits are set, and columns beside them, whose value is then 0, where fewer are.
struct TwoPlaces {
    unsigned first, second;
};
TwoPlaces places_of(std::uint32_t bits) {
    const auto lowest = static_cast<unsigned>(std::countr_zero(bits | 1U << 4U));
    const auto highest = static_cast<unsigned>(std::bit_width(bits)) - 1U;
    if (bits == 0) return {0, 1};
    if (lowest != highest) return {lowest, highest};
    return lowest < 3 ? TwoPlaces{lowest, lowest + 1} : TwoPlaces{2, 3};
}

void pack_two_of_four(const std::byte* row, std::int64_t cols, std::byte* values, std::uint8_t* places) {
    const std::byte* stored =
        row + (cols + kMaskColumns - 1) / kMaskColumns * static_cast<std::int64_t>(sizeof(std::uint32_t));
    for (std::int64_t col = 0; col < cols; col += 4) {
        const std::uint32_t bits = mask_at(row, col / kMaskColumns) >> (col % kMaskColumns) & 15U;
        const TwoPlaces two = places_of(bits);
        for (const unsigned place : {two.first, two.second}) {
            std::uint16_t value = 0;
            if ((bits >> place & 1U) != 0) {
                std::memcpy(&value, stored, sizeof value);
                stored += sizeof value;
            }
            std::memcpy(values, &value, sizeof value);
            values += sizeof value;
        }
        const auto both = static_cast<std::uint8_t>(two.first | two.second << 2U);
        if (col % kChunk == 0)
            places[col / kChunk] = both;
        else
            places[col / kChunk] = static_cast<std::uint8_t>(places[col / kChunk] | both << 4U);
    }
}

}  // namespace

bool two_of_four(const void* row, std::int64_t cols) {
    for (std::int64_t col = 0; col < cols; col += 4) {
        const std::uint32_t mask = mask_at(static_cast<const std::byte*>(row), col / kMaskColumns);
        if (std::popcount(mask >> (col % kMaskColumns) & 15U) > 2) return false;
    }
    return true;
}

std::optional<Packing> packing_of(WeightType type, std::int64_t cols) {
    if (cols % kChunk != 0) return std::nullopt;
    const auto with = [&](PlaneType plane, std::int64_t group,
                          bool minima = false) -> std::optional<Packing> {
        if (group != 0 && cols % group != 0) return std::nullopt;
        return Packing{plane,
                       group,
                       cols / kChunk * chunk_bytes(plane),
                       group == 0 ? 0 : cols / group * static_cast<std::int64_t>(sizeof(F16)),
                       minima,
                       is_two_of_four(plane) ? cols / kChunk : 0};
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
        case WeightType::sparse_f16:
            return with(PlaneType::f16_2of4, 0);
        case WeightType::sparse_bf16:
            return with(PlaneType::bf16_2of4, 0);
        case WeightType::sparse_f32:
            return std::nullopt;
    }
    return std::nullopt;
}

void pack_row(WeightType type, const void* row, std::int64_t cols, std::byte* values, F16* scales,
              F16* minima, std::uint8_t* places) {
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
        case WeightType::sparse_f16:
        case WeightType::sparse_bf16:
            return pack_two_of_four(from, cols, values, places);
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
