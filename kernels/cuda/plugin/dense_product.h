// SPDX-License-Identifier: Apache-2.0
#pragma once

// A product on the vendor's library, cuBLASLt, and what that library takes: plain host code, so
// that the emulated device holds callers to it.

#include <cstdint>

#include "kernels/cuda/ops/matrix.h"

namespace hone::cuda {

// Bytes that an address is a multiple of: what the library may assume of it when it chooses an
// algorithm. Powers of two.
struct DenseAlignment {
    static constexpr std::uint32_t kMost = 256;  // what it assumes unless told: an allocation's
    std::uint32_t x = kMost, w = kMost, y = kMost;
};

// y = x · Wᵀ (+ y) of dense matrices: x [tokens, cols], w [rows, cols], y [tokens, y_stride], sums
// in fp32 (int32 for int8). `type` is that of x and w: f32, f16, bf16, i8 or e4m3; y is fp32, or
// int32 for i8.
struct DenseProduct {
    PlaneType type;
    const void *x, *w;
    void* y;
    std::int64_t tokens, rows, cols, y_stride;
    bool accumulate;
    DenseAlignment alignment =
        {};  // of x, w and y, as it is stated: Device::multiply() looks at the addresses
};

inline std::uint32_t alignment_of(const void* address) {
    const auto number = reinterpret_cast<std::uintptr_t>(address) | DenseAlignment::kMost;
    return static_cast<std::uint32_t>(number & (~number + 1));
}

inline DenseAlignment alignment_of(const DenseProduct& p) {
    return {alignment_of(p.x), alignment_of(p.w), alignment_of(p.y)};
}

// Why the library has no algorithm for a product, or null where it may have one. In int8 and FP8
// there are tensor-core algorithms alone (cuBLAS 13 documentation, "cublasLtMatmul()": int8 takes
// dimensions and leading dimensions in multiples of 4, FP8 all of 16 bytes); of int8 others found
// that 16 tokens or fewer are refused too (PyTorch's _int_mm).
inline constexpr std::int64_t kLeastTokensInInt8 = 17;

constexpr const char* dense_refusal(const DenseProduct& p) {
    const bool e4m3 = p.type == PlaneType::e4m3, i8 = p.type == PlaneType::i8;
    const std::int64_t step = e4m3 ? 16 : i8 ? 4 : 1;
    const std::uint32_t bytes = e4m3 ? 16 : i8 ? 4 : p.type == PlaneType::f32 ? 4 : 2;
    const std::uint32_t sums = e4m3 ? 16 : 4;
    if (p.type != PlaneType::f32 && p.type != PlaneType::f16 && p.type != PlaneType::bf16 &&
        !e4m3 && !i8)
        return "its weights are not dense";
    if (p.tokens < 1 || p.rows < 1 || p.cols < 1) return "it is empty";
    if (p.y_stride < p.rows) return "the leading dimension of y is less than its rows";
    if (p.rows % step != 0)
        return e4m3 ? "FP8 takes rows in multiples of 16" : "int8 takes rows in multiples of 4";
    if (p.cols % step != 0)
        return e4m3 ? "FP8 takes columns in multiples of 16"
                    : "int8 takes columns in multiples of 4";
    if (e4m3 && p.y_stride % 4 != 0)
        return "FP8 takes rows of y that begin at multiples of 16 bytes";
    if (i8 && p.tokens < kLeastTokensInInt8) return "int8 takes more than 16 tokens";
    if (p.alignment.x < bytes || p.alignment.w < bytes || p.alignment.y < sums)
        return "an address is aligned to too few bytes";
    return nullptr;
}

}  // namespace hone::cuda
