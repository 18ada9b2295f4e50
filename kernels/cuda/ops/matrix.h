// SPDX-License-Identifier: Apache-2.0
#pragma once

// How weight matrices lie in device memory: planes, each [rows, …] without gaps and aligned to 256
// bytes, so that a warp's loads are whole lines whatever the file's blocks look like. Rows have a
// whole number of chunks of 8 columns; kernels/cuda/ops/pack.h makes the planes.

#include "kernels/cuda/types.h"

namespace hone::cuda {

// The forms of the values' plane; kernels/cuda/weights/planes.inc lists them.
enum class PlaneType : std::uint8_t {
#define HONE_PLANE(id, ...) id,
#include "kernels/cuda/weights/planes.inc"
};

inline constexpr std::int64_t kChunk = 8;    // columns that a lane takes at a time
inline constexpr std::int64_t kSuper = 256;  // columns that share the scale of sub-scaled types

// w = values                                  f32, f16, bf16
// w = value where `places` says so, else 0    two_of_four: a chunk's four in order
// w = scale · value                           i8 (two's complement), e4m3
// w = scale · (value − middle), or + minimum where there are minima (then not − middle)   integers:
// column c of a chunk in bits 4c … Of sub_scaled types `scale` is that of kSuper columns times the
// group's sub-scale, and so with minima.
struct PlaneInfo {
    int chunk_bytes;  // of a chunk of the values' plane; 4: integers of four bits and upper_bits
    bool scaled = false;       // has scales
    bool minima = false;       // may have minima
    bool sub_scaled = false;   // and a sub-scale a group, and a sub-minimum where there are minima
    bool two_of_four = false;  // of any four neighbouring columns two are stored
    int upper_bits = 0;  // of integers: bits beyond four, which lie in a plane of their own: 1 or 2
    int middle = 0;      // of integers
};

HONE_BOTH constexpr PlaneInfo plane_info(PlaneType type) {
    switch (type) {
#define HONE_PLANE(id, ...) \
    case PlaneType::id:     \
        return {__VA_ARGS__};
#include "kernels/cuda/weights/planes.inc"
    }
    return {};
}

// Whether of any four neighbouring columns only two are stored.
HONE_BOTH constexpr bool is_two_of_four(PlaneType type) {
    return plane_info(type).two_of_four;
}

// Bytes of a chunk of the values' plane.
HONE_BOTH constexpr std::int64_t chunk_bytes(PlaneType type) {
    return plane_info(type).chunk_bytes;
}

// Integers of four bits and more: see PlaneInfo.
HONE_BOTH constexpr bool is_packed_integer(PlaneType type) {
    return plane_info(type).chunk_bytes == 4;
}

struct Matrix {
    PlaneType type = PlaneType::f32;
    std::int64_t rows = 0, cols = 0;
    std::int64_t group = 0;  // columns that share a scale, or a sub-scale: a divisor of cols and a
                             // multiple of 8; 0: no scales
    const void* values = nullptr;
    const F16* scales = nullptr;  // [rows, cols / group]; of sub-scaled types [rows, cols / kSuper]
    const F16* minima = nullptr;  // the same, or null
    // [rows, cols / 8], or null: which columns of a chunk are stored. Four bits for four columns,
    // as mma_sparse_bf16 wants them (kernels/cuda/machine.h); the first four in the lower ones.
    const std::uint8_t* places = nullptr;
    const std::uint8_t* upper =
        nullptr;  // [rows, cols / 8 · upper_bits]: column c of a chunk from bit upper_bits · c on
    const std::int8_t* sub_scales = nullptr;  // [rows, cols / group]
    const std::int8_t* sub_minima = nullptr;  // the same, or null
};

}  // namespace hone::cuda
