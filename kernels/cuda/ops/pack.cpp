// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/ops/pack.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "kernels/weights/formats.h"

namespace hone::cuda {
namespace {

using kernels::kTogether;
using kernels::Levels;
using kernels::WeightType;

struct Form {
    PlaneType plane;
    FormatPlanes planes;
};
std::optional<Form> form_of(WeightType type) {
    switch (type) {
#define HONE_FORMAT_PLANES(format, plane, ...) \
    case WeightType::format:                   \
        return Form{PlaneType::plane, FormatPlanes{__VA_ARGS__}};
#define HONE_NO_PLANES(format) \
    case WeightType::format:   \
        return std::nullopt;
#include "kernels/cuda/weights/planes.inc"
    }
    return std::nullopt;
}

// A sparse row: a bit a column in words of 32, then the values whose bit is set.
constexpr std::int64_t kMaskColumns = 32;

std::uint32_t mask_at(const std::byte* row, std::int64_t word) {
    std::uint32_t mask = 0;
    std::memcpy(&mask, row + word * static_cast<std::int64_t>(sizeof mask), sizeof mask);
    return mask;
}

// Where two values of four columns are: those whose bits are set, and columns beside them, whose
// value is then 0, where fewer are.
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

void pack_two_of_four(const std::byte* row, std::int64_t cols, std::byte* values,
                      std::uint8_t* places) {
    const std::byte* stored = row + (cols + kMaskColumns - 1) / kMaskColumns *
                                        static_cast<std::int64_t>(sizeof(std::uint32_t));
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

// The chunks of 32 columns' integers, from the `block`th 32 on.
void put_values(const Levels& levels, PlaneType type, std::int64_t block, std::int64_t count,
                const PlanePointers& to) {
    const PlaneInfo plane = plane_info(type);
    for (std::int64_t chunk = 0; chunk < count / kChunk; ++chunk) {
        const std::uint8_t* const values = levels.values + chunk * kChunk;
        const std::int64_t at = block * (kTogether / kChunk) + chunk;
        if (!is_packed_integer(type)) {
            std::memcpy(to[0] + at * kChunk, values, kChunk);
            continue;
        }
        std::uint32_t low = 0, upper = 0;
        for (int i = 0; i < static_cast<int>(kChunk); ++i) {
            low |= (values[i] & 15U) << 4 * i;
            upper |= static_cast<std::uint32_t>(values[i] >> 4U) << plane.upper_bits * i;
        }
        std::memcpy(to[0] + at * plane.chunk_bytes, &low, sizeof low);
        if (plane.upper_bits > 0)
            std::memcpy(to[static_cast<std::size_t>(MatrixPlane::upper)] + at * plane.upper_bits,
                        &upper, static_cast<std::size_t>(plane.upper_bits));
    }
}

void put_at(std::byte* plane, std::int64_t index, std::uint16_t value) {
    if (plane != nullptr) std::memcpy(plane + index * 2, &value, sizeof value);
}

void put_scales(const Levels& levels, const Packing& packing, std::int64_t block,
                const PlanePointers& to) {
    const auto plane = [&to](MatrixPlane which) { return to[static_cast<std::size_t>(which)]; };
    const bool sub_scaled = plane_info(packing.type).sub_scaled;
    const std::int64_t col = block * kTogether, scale = col / (sub_scaled ? kSuper : packing.group);
    put_at(plane(MatrixPlane::scales), scale, levels.scale);
    put_at(plane(MatrixPlane::minima), scale, levels.minimum);
    if (!sub_scaled) return;
    const std::int64_t sub = col / packing.group,
                       count = std::max<std::int64_t>(1, kTogether / packing.group);
    std::memcpy(plane(MatrixPlane::sub_scales) + sub, levels.sub_scales,
                static_cast<std::size_t>(count));
    if (std::byte* const minima = plane(MatrixPlane::sub_minima); minima != nullptr)
        minima[sub] = static_cast<std::byte>(levels.sub_minimum);
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
    const std::optional<Form> form = form_of(type);
    if (!form || cols % kChunk != 0) return std::nullopt;
    const PlaneInfo plane = plane_info(form->plane);
    const std::int64_t group = form->planes.group == FormatPlanes::kRow ? cols : form->planes.group;
    if (group != 0 && cols % (plane.sub_scaled ? kSuper : group) != 0) return std::nullopt;
    constexpr std::int64_t kScale = sizeof(F16);
    const std::int64_t chunks = cols / kChunk, groups = group == 0 ? 0 : cols / group;
    const std::int64_t scales = (plane.sub_scaled ? cols / kSuper : groups) * kScale;
    const std::int64_t subs = plane.sub_scaled ? groups : 0;
    const bool minima = form->planes.minima;
    return Packing{
        form->plane,
        group,
        {chunks * plane.chunk_bytes, scales, minima ? scales : 0, plane.two_of_four ? chunks : 0,
         chunks * plane.upper_bits, subs, minima ? subs : 0}};
}

Matrix matrix_of(const Packing& packing, std::int64_t rows, std::int64_t cols,
                 const PlanePointers& planes) {
    const auto [values, scales, minima, places, upper, sub_scales, sub_minima] = planes;
    return {packing.type,
            rows,
            cols,
            packing.group,
            values,
            reinterpret_cast<const F16*>(scales),
            reinterpret_cast<const F16*>(minima),
            reinterpret_cast<const std::uint8_t*>(places),
            reinterpret_cast<const std::uint8_t*>(upper),
            reinterpret_cast<const std::int8_t*>(sub_scales),
            reinterpret_cast<const std::int8_t*>(sub_minima)};
}

void pack_row(WeightType type, const void* row, std::int64_t cols, const PlanePointers& to) {
    const auto packing = packing_of(type, cols);
    if (!packing) return;  // the precondition
    const kernels::WeightFormat& format = kernels::info(type);
    if (format.sparse)
        return pack_two_of_four(
            static_cast<const std::byte*>(row), cols, to[0],
            reinterpret_cast<std::uint8_t*>(to[static_cast<std::size_t>(MatrixPlane::places)]));
    if (format.floating) {
        std::memcpy(to[0], row, static_cast<std::size_t>(cols * format.block_bytes));
        return;
    }
    kernels::visit_format(type, [&]<typename Format>() {
        if constexpr (requires(Levels & levels) { Format::levels(nullptr, 0, 0, levels); }) {
            for (std::int64_t block = 0; block * kTogether < cols; ++block) {
                const std::int64_t count =
                    std::min<std::int64_t>(kTogether, cols - block * kTogether);
                Levels levels;
                Format::levels(static_cast<const std::uint8_t*>(row), block, count, levels);
                put_values(levels, packing->type, block, count, to);
                put_scales(levels, *packing, block, to);
            }
        }
    });
}

}  // namespace hone::cuda
