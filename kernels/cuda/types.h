// SPDX-License-Identifier: Apache-2.0
#pragma once

// Values, vectors and shapes that device kernels and host code share. Plain data: no CUDA headers,
// and nothing that runs on a device only.

#include <cstdint>
#include <cstring>

#if defined(__CUDACC__)
#define HONE_BOTH __host__ __device__ __forceinline__
#else
#define HONE_BOTH inline
#endif

namespace hone::cuda {

struct Dim3 {
    std::uint32_t x = 1, y = 1, z = 1;
    HONE_BOTH std::uint64_t volume() const { return static_cast<std::uint64_t>(x) * y * z; }
};

// How a kernel is started: made by plain host functions, one beside each kernel. Blocks have one
// dimension and whole warps.
struct Launch {
    Dim3 grid;
    std::uint32_t threads = 32;      // a block
    std::uint32_t shared_bytes = 0;  // of dynamic shared memory a block
};

inline constexpr std::uint32_t kWarp = 32;

// Storage types: bits only, so that a kernel says where it converts.
struct F16 {
    std::uint16_t bits;
};
struct BF16 {
    std::uint16_t bits;
};
struct E4M3 {  // OCP FP8 (OFP8 1.0): 4 exponent bits, 3 mantissa bits, no infinities, largest 448
    std::uint8_t bits;
};

// What one load instruction moves: 4, 8 or 16 bytes, aligned to their size.
struct alignas(8) U32x2 {
    std::uint32_t x, y;
};
struct alignas(16) U32x4 {
    std::uint32_t x, y, z, w;
};
struct alignas(8) F32x2 {
    float x, y;
};
struct alignas(16) F32x4 {
    float x, y, z, w;
};

template <typename To, typename From>
HONE_BOTH To bits_as(const From& from) {
    static_assert(sizeof(To) == sizeof(From), "the same number of bits");
    To to;
    memcpy(&to, &from, sizeof to);
    return to;
}

template <typename T>
HONE_BOTH constexpr T ceil_div(T a, T b) {
    return (a + b - 1) / b;
}

// A thread an element.
inline Launch flat_launch(std::int64_t count) {
    constexpr std::uint32_t kThreads = 256;
    return {{static_cast<std::uint32_t>(ceil_div<std::int64_t>(count, kThreads))}, kThreads};
}

}  // namespace hone::cuda
