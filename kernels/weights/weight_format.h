// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hone::kernels {

// How weights are stored: what list.inc lists, in its order.
enum class WeightType : std::uint8_t {
#define HONE_WEIGHT_FORMAT(id, ...) id,
#include "kernels/weights/list.inc"
#undef HONE_WEIGHT_FORMAT
};

// How far an int8 scale reaches in formats that store int8 as the products want it: the f16 scale,
// then the integers.
enum class Int8Scale : std::uint8_t { none, block, row };

// A choice of the option `scheme` of the technique that quantises weights. Formats that share an id
// differ in their blocks, of which another option chooses.
struct WeightScheme {
    std::string_view id, label;
};

// What a row of list.inc says of a format. A capability that it does not name is one that the
// format lacks.
struct WeightFormat {
    WeightType type;
    std::string_view id;       // "f32", "q4_1", "i8_channel", …: options, JSON
    std::string_view name;     // "F32", "Q4_1", "int8 per channel", …: shown to users
    std::int64_t block;        // elements a block; 0: the block is the whole row
    std::int64_t block_bytes;  // bytes a block; where the block is the row the bytes beside one
                               // byte an element
    WeightType
        gguf_carrier;  // the GGUF type that holds these values exactly (itself where it is one)
    std::optional<std::uint32_t> ggml_type = {};  // number of the type in GGUF files
    std::uint32_t file_type = 0;  // llama.cpp's general.file_type of files that are mostly of it
    bool floating = false;        // every weight is a number of its own, without scales
    bool sparse = false;          // rows differ in size: see sparse_bytes() in engine/core/dtype.h
    bool exact_zeros = false;     // a weight can become 0 without changing another
    std::array<std::int16_t, 2> halves = {
        -1, -1};  // where f16 scales and minima lie in a block, in bytes; −1: none
    Int8Scale int8 = Int8Scale::none;  // multiplied in int8 as it is stored
    bool e4m3 = false;                 // multiplied in FP8 E4M3 as it is stored
    WeightScheme scheme = {};          // empty: not offered
    std::string_view exported =
        {};  // one sentence on it as the type of an exported file; empty: not offered
};

// By type. A plain array, so that code for one instruction set can read it without calling what
// another may have been compiled for.
inline constexpr WeightFormat kWeightFormats[] = {
#define HONE_WEIGHT_FORMAT(name_, Format, ...) \
    WeightFormat{.type = WeightType::name_, .id = #name_, __VA_ARGS__},
#include "kernels/weights/list.inc"
#undef HONE_WEIGHT_FORMAT
};

constexpr const WeightFormat& info(WeightType type) {
    return kWeightFormats[static_cast<std::size_t>(type)];
}

constexpr bool is_sparse(WeightType type) {
    return info(type).sparse;
}

// A row that forgets what every format has does not compile.
static_assert([] {
    for (const WeightFormat& row : kWeightFormats) {
        const bool in_files = row.gguf_carrier == row.type;
        if (row.name.empty() || row.block_bytes <= 0 || !info(row.gguf_carrier).ggml_type)
            return false;
        if (in_files != row.ggml_type.has_value() || (!row.exported.empty() && !in_files))
            return false;
        if (in_files && !row.floating && row.halves[0] < 0) return false;
    }
    return true;
}());

}  // namespace hone::kernels
