// SPDX-License-Identifier: Apache-2.0
#pragma once

// How weight matrices lie in device memory: planes, each [rows, …] without gaps and aligned to 256 bytes, so that a warp's loads are whole
// lines whatever the file's blocks look like. Rows have a whole number of chunks of 8 columns; kernels/cuda/ops/pack.h makes the planes.

#include "kernels/cuda/types.h"

namespace hone::gpu {

enum class PlaneType : std::uint8_t { f32, f16, bf16, i8, i4, e4m3, f16_2of4, bf16_2of4 };

// Whether of any four neighbouring columns only two are stored.
HONE_BOTH constexpr bool is_two_of_four(PlaneType type) {
    return type == PlaneType::f16_2of4 || type == PlaneType::bf16_2of4;
}

inline constexpr std::int64_t kChunk = 8;  // columns that a lane takes at a time

// Bytes of a chunk of the values' plane.
HONE_BOTH constexpr std::int64_t chunk_bytes(PlaneType type) {
    switch (type) {
        case PlaneType::f32:
            return 32;
        case PlaneType::f16:
        case PlaneType::bf16:
            return 16;
        case PlaneType::i8:
        case PlaneType::e4m3:
        case PlaneType::f16_2of4:
        case PlaneType::bf16_2of4:
            return 8;
        case PlaneType::i4:
            return 4;
    }
    return 0;
}

// w = values                                  f32, f16, bf16
// w = value where `places` says so, else 0    f16_2of4, bf16_2of4: a chunk's four in order
// w = scale · value                           i8 (two's complement), e4m3
// w = scale · (value − 8), or + minimum where there are minima (then not − 8)   i4: 0 to 15, column c of a chunk in bits 4c …
struct Matrix {
    PlaneType type = PlaneType::f32;
    std::int64_t rows = 0, cols = 0;
    std::int64_t group =
        0;  // columns that share a scale: a divisor of cols and a multiple of 8; 0: no scales
    const void* values = nullptr;
    const F16* scales = nullptr;  // [rows, cols / group]
    const F16* minima = nullptr;  // the same, or null
    // [rows, cols / 8], or null: which columns of a chunk are stored. Four bits for four columns, as mma_sparse_bf16 wants them
    // (kernels/cuda/machine.h); the first four in the lower ones.
    const std::uint8_t* places = nullptr;
};

}  // namespace hone::gpu
