// SPDX-License-Identifier: Apache-2.0
#pragma once

// The emulation's side of kernels/cuda/machine.h for what a warp does with matrices: loading
// fragments, and multiplying them.

#include "kernels/cuda/emulation/machine_emulated.h"

namespace hone::cuda {

namespace emulation {

// A lane's row, and once all have come those of the warp: row l of them is lane l's.
struct MatrixRows {
    const std::byte* row;
    const std::byte* all[kWarp];
};

// Each lane reads what it gets, so that it is held against barriers like any other reading of its
// own.
template <typename T>
MatrixRows gather_rows(const char* name, const Shared<T>& from, std::int64_t i) {
    constexpr std::size_t kRowBytes = 16;
    MatrixRows mine{reinterpret_cast<const std::byte*>(from.at(i, kRowBytes)), {}};
    check_aligned<U32x4>(mine.row);
    warp_together(name, &mine, [](void* const(&lanes)[kWarp]) {
        for (void* lane : lanes) {
            for (std::uint32_t l = 0; l < kWarp; ++l)
                static_cast<MatrixRows*>(lane)->all[l] = static_cast<MatrixRows*>(lanes[l])->row;
        }
    });
    return mine;
}

inline std::uint32_t read_element(const std::byte* row, std::uint32_t column) {
    std::uint16_t element = 0;
    read_shared(row + column * sizeof element, sizeof element);
    std::memcpy(&element, row + column * sizeof element, sizeof element);
    return element;
}

}  // namespace emulation

template <typename T>
void load_matrices(std::uint32_t (&r)[4], const Shared<T>& from, std::int64_t i) {
    const emulation::MatrixRows rows = emulation::gather_rows("load_matrices", from, i);
    const std::uint32_t g = lane_index() / 4, t = lane_index() % 4;
    for (std::uint32_t m = 0; m < 4; ++m) {
        const std::byte* const row = rows.all[8 * m + g];
        r[m] = emulation::read_element(row, 2 * t) | emulation::read_element(row, 2 * t + 1) << 16;
    }
}

template <typename T>
void load_matrices_transposed(std::uint32_t (&r)[4], const Shared<T>& from, std::int64_t i) {
    const emulation::MatrixRows rows = emulation::gather_rows("load_matrices_transposed", from, i);
    const std::uint32_t g = lane_index() / 4, t = lane_index() % 4;
    for (std::uint32_t m = 0; m < 4; ++m)
        r[m] = emulation::read_element(rows.all[8 * m + 2 * t], g) |
               emulation::read_element(rows.all[8 * m + 2 * t + 1], g) << 16;
}

namespace emulation {

template <typename Sum>
struct Fragments {
    Sum* d;
    const std::uint32_t *a, *b;
};

// `width`: values in 32 bits; unpack(bits, i): value i of them.
template <typename Sum, std::uint32_t width, typename Unpack>
void multiply(void* const (&lanes)[kWarp], Unpack unpack) {
    constexpr std::uint32_t kInner = 8 * width;
    Sum a[16][kInner], b[kInner][8];
    for (std::uint32_t lane = 0; lane < kWarp; ++lane) {
        const auto& it = *static_cast<Fragments<Sum>*>(lanes[lane]);
        const std::uint32_t g = lane / 4, t = lane % 4;
        for (std::uint32_t i = 0; i < width; ++i) {
            for (std::uint32_t part = 0; part < 4; ++part)
                a[g + 8 * (part % 2)][width * t + i + 4 * width * (part / 2)] =
                    unpack(it.a[part], i);
            for (std::uint32_t part = 0; part < 2; ++part)
                b[width * t + i + 4 * width * part][g] = unpack(it.b[part], i);
        }
    }
    for (std::uint32_t lane = 0; lane < kWarp; ++lane) {
        const auto& it = *static_cast<Fragments<Sum>*>(lanes[lane]);
        for (std::uint32_t part = 0; part < 4; ++part) {
            const std::uint32_t row = lane / 4 + 8 * (part / 2), col = 2 * (lane % 4) + part % 2;
            for (std::uint32_t k = 0; k < kInner; ++k) it.d[part] += a[row][k] * b[k][col];
        }
    }
}

}  // namespace emulation

inline void mma_bf16(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
    emulation::Fragments<float> mine{d, a, b};
    emulation::warp_together("mma_bf16", &mine, [](void* const(&lanes)[kWarp]) {
        emulation::multiply<float, 2>(lanes, [](std::uint32_t bits, std::uint32_t i) {
            return to_float(BF16{static_cast<std::uint16_t>(bits >> 16 * i)});
        });
    });
}

inline void mma_f16(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
    emulation::Fragments<float> mine{d, a, b};
    emulation::warp_together("mma_f16", &mine, [](void* const(&lanes)[kWarp]) {
        emulation::multiply<float, 2>(lanes, [](std::uint32_t bits, std::uint32_t i) {
            return to_float(F16{static_cast<std::uint16_t>(bits >> 16 * i)});
        });
    });
}

namespace emulation {

struct SparseFragments {
    float* d;
    const std::uint32_t *a, *b;
    std::uint32_t places;
};

// Where the stored values of a row's columns from 16 · half on are: four bits a group of four
// columns, checked to be in order.
inline std::uint32_t places_of(void* const (&lanes)[kWarp], std::uint32_t row, std::uint32_t half) {
    const auto& it = *static_cast<SparseFragments*>(lanes[4 * (row % 8) + half]);
    const std::uint32_t places = it.places >> 16 * (row / 8) & 0xFFFFU;
    for (std::uint32_t group = 0; group < 4; ++group) {
        const std::uint32_t first = places >> 4 * group & 3U,
                            second = places >> (4 * group + 2) & 3U;
        if (first >= second)
            fail("mma_sparse_bf16: places " + std::to_string(first) + " and " +
                 std::to_string(second) + " of row " + std::to_string(row) + " are not in order");
    }
    return places;
}

inline void multiply_sparse(void* const (&lanes)[kWarp]) {
    constexpr std::uint32_t kInner = 32, kStored = 16;
    float stored[16][kStored], a[16][kInner] = {}, b[kInner][8];
    const auto value = [](std::uint32_t bits, std::uint32_t i) {
        return to_float(BF16{static_cast<std::uint16_t>(bits >> 16 * i)});
    };
    for (std::uint32_t lane = 0; lane < kWarp; ++lane) {
        const auto& it = *static_cast<SparseFragments*>(lanes[lane]);
        const std::uint32_t g = lane / 4, t = lane % 4;
        for (std::uint32_t part = 0; part < 4; ++part) {
            for (std::uint32_t i = 0; i < 2; ++i) {
                stored[g + 8 * (part % 2)][2 * t + i + 8 * (part / 2)] = value(it.a[part], i);
                b[2 * t + i + 8 * part][g] = value(it.b[part], i);
            }
        }
    }
    for (std::uint32_t row = 0; row < 16; ++row) {
        for (std::uint32_t i = 0; i < kStored; ++i) {
            const std::uint32_t place = places_of(lanes, row, i / 8) >> 2 * (i % 8) & 3U;
            a[row][4 * (i / 2) + place] = stored[row][i];
        }
    }
    for (std::uint32_t lane = 0; lane < kWarp; ++lane) {
        const auto& it = *static_cast<SparseFragments*>(lanes[lane]);
        for (std::uint32_t part = 0; part < 4; ++part) {
            const std::uint32_t row = lane / 4 + 8 * (part / 2), col = 2 * (lane % 4) + part % 2;
            for (std::uint32_t k = 0; k < kInner; ++k) it.d[part] += a[row][k] * b[k][col];
        }
    }
}

}  // namespace emulation

inline void mma_sparse_bf16(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[4],
                            std::uint32_t places) {
    emulation::SparseFragments mine{d, a, b, places};
    emulation::warp_together("mma_sparse_bf16", &mine,
                             [](void* const(&lanes)[kWarp]) { emulation::multiply_sparse(lanes); });
}

inline void mma_s8(std::int32_t (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
    emulation::Fragments<std::int32_t> mine{d, a, b};
    emulation::warp_together("mma_s8", &mine, [](void* const(&lanes)[kWarp]) {
        emulation::multiply<std::int32_t, 4>(lanes, [](std::uint32_t bits, std::uint32_t i) {
            return static_cast<std::int32_t>(static_cast<std::int8_t>(bits >> 8 * i));
        });
    });
}

inline void mma_e4m3(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
    emulation::Fragments<float> mine{d, a, b};
    emulation::warp_together("mma_e4m3", &mine, [](void* const(&lanes)[kWarp]) {
        emulation::multiply<float, 4>(lanes, [](std::uint32_t bits, std::uint32_t i) {
            return to_float(E4M3{static_cast<std::uint8_t>(bits >> 8 * i)});
        });
    });
}

}  // namespace hone::cuda
