// SPDX-License-Identifier: Apache-2.0
#pragma once

// A GPU's side of kernels/cuda/machine.h, which documents what these are: the only place where
// CUDA's own names and PTX stand.

#include <cuda_fp16.h>

#include <cmath>
#include <cstddef>

#include "kernels/cuda/numbers.h"

#define HONE_DEVICE __device__ __forceinline__
#define HONE_UNROLL _Pragma("unroll")
#define HONE_SHARED(T, name, count)                \
    __shared__ alignas(16) T name##_memory[count]; \
    const ::hone::cuda::Shared<T> name {           \
        name##_memory                              \
    }

namespace hone::cuda {

HONE_DEVICE Dim3 block_index() {
    return {blockIdx.x, blockIdx.y, blockIdx.z};
}
HONE_DEVICE Dim3 grid_size() {
    return {gridDim.x, gridDim.y, gridDim.z};
}
HONE_DEVICE std::uint32_t thread_index() {
    return threadIdx.x;
}
HONE_DEVICE std::uint32_t block_threads() {
    return blockDim.x;
}
HONE_DEVICE std::uint32_t lane_index() {
    return threadIdx.x % kWarp;
}
HONE_DEVICE std::uint32_t warp_index() {
    return threadIdx.x / kWarp;
}
HONE_DEVICE void sync_block() {
    __syncthreads();
}
HONE_DEVICE void sync_warp() {
    __syncwarp();
}

// A pointer that came from memory, rather than with the parameters, could point anywhere as far as
// the compiler knows; loads through it would be generic ones, which may not pass stores to shared
// memory.
template <typename T>
HONE_DEVICE T* in_global(T* pointer) {
    __builtin_assume(__isGlobal(pointer));
    return pointer;
}

template <typename T>
struct Global {
    T* data = nullptr;

    __device__ __forceinline__ T& operator[](std::int64_t i) const { return in_global(data)[i]; }
    __device__ __forceinline__ Global operator+(std::int64_t i) const { return {data + i}; }
};

template <typename T>
struct Shared {
    T* data;

    __device__ __forceinline__ T& operator[](std::int64_t i) const { return data[i]; }
    __device__ __forceinline__ Shared operator+(std::int64_t i) const { return {data + i}; }
};

template <typename T>
HONE_DEVICE Shared<T> dynamic_shared(std::size_t offset, std::int64_t) {
    extern __shared__ __align__(16) unsigned char hone_dynamic_shared[];
    return {reinterpret_cast<T*>(hone_dynamic_shared + offset)};
}

HONE_DEVICE float to_float_fast(F16 value) {
    return __half2float(__ushort_as_half(value.bits));
}

HONE_DEVICE F32x2 unpack_e4m3(std::uint16_t bits) {
#if __CUDA_ARCH__ >= 890
    std::uint32_t halves;
    asm("cvt.rn.f16x2.e4m3x2 %0, %1;" : "=r"(halves) : "h"(bits));
    return {to_float_fast(F16{static_cast<std::uint16_t>(halves)}),
            to_float_fast(F16{static_cast<std::uint16_t>(halves >> 16)})};
#else
    return {to_float(E4M3{static_cast<std::uint8_t>(bits)}),
            to_float(E4M3{static_cast<std::uint8_t>(bits >> 8)})};
#endif
}

HONE_DEVICE std::uint32_t pack_bf16(float low, float high) {
    std::uint32_t both;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(both) : "f"(high), "f"(low));
    return both;
}

template <typename V, typename T>
HONE_DEVICE V load(const Global<T>& from, std::int64_t i) {
    return *reinterpret_cast<const V*>(in_global(from.data) + i);
}

template <typename V, typename T>
HONE_DEVICE V load(const Shared<T>& from, std::int64_t i) {
    return *reinterpret_cast<const V*>(from.data + i);
}

// ld.global.nc with L1::no_allocate: through the read-only path, and out of L1's way.
template <typename V, typename T>
HONE_DEVICE V load_once(const Global<T>& from, std::int64_t i) {
    const void* const address = from.data + i;
    V value;
    if constexpr (sizeof(V) == 16) {
        std::uint32_t x, y, z, w;
        asm("ld.global.nc.L1::no_allocate.v4.u32 {%0, %1, %2, %3}, [%4];"
            : "=r"(x), "=r"(y), "=r"(z), "=r"(w)
            : "l"(address));
        value = bits_as<V>(U32x4{x, y, z, w});
    } else if constexpr (sizeof(V) == 8) {
        std::uint32_t x, y;
        asm("ld.global.nc.L1::no_allocate.v2.u32 {%0, %1}, [%2];"
            : "=r"(x), "=r"(y)
            : "l"(address));
        value = bits_as<V>(U32x2{x, y});
    } else {
        static_assert(sizeof(V) == 4, "4, 8 or 16 bytes");
        std::uint32_t x;
        asm("ld.global.nc.L1::no_allocate.u32 %0, [%1];" : "=r"(x) : "l"(address));
        value = bits_as<V>(x);
    }
    return value;
}

template <typename V, typename T>
HONE_DEVICE void store(const Global<T>& to, std::int64_t i, const V& value) {
    *reinterpret_cast<V*>(to.data + i) = value;
}

template <typename V, typename T>
HONE_DEVICE void store(const Shared<T>& to, std::int64_t i, const V& value) {
    *reinterpret_cast<V*>(to.data + i) = value;
}

template <typename T>
HONE_DEVICE T atomic_add(const Global<T>& to, std::int64_t i, T value) {
    return atomicAdd(to.data + i, value);
}

template <std::size_t bytes, typename T, typename U>
HONE_DEVICE void copy_async(const Shared<T>& to, std::int64_t i, const Global<U>& from,
                            std::int64_t j) {
    const auto target = static_cast<std::uint32_t>(__cvta_generic_to_shared(to.data + i));
    if constexpr (bytes == 16)
        asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(target), "l"(from.data + j)
                     : "memory");
    else
        asm volatile("cp.async.ca.shared.global [%0], [%1], %2;" ::"r"(target), "l"(from.data + j),
                     "n"(bytes)
                     : "memory");
}

HONE_DEVICE void commit_async() {
    asm volatile("cp.async.commit_group;" ::: "memory");
}

template <std::size_t groups_left>
HONE_DEVICE void wait_async() {
    asm volatile("cp.async.wait_group %0;" ::"n"(groups_left) : "memory");
}

template <typename T>
HONE_DEVICE void load_matrices(std::uint32_t (&r)[4], const Shared<T>& from, std::int64_t i) {
    const auto row = static_cast<std::uint32_t>(__cvta_generic_to_shared(from.data + i));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(row)
                 : "memory");
}

template <typename T>
HONE_DEVICE void load_matrices_transposed(std::uint32_t (&r)[4], const Shared<T>& from,
                                          std::int64_t i) {
    const auto row = static_cast<std::uint32_t>(__cvta_generic_to_shared(from.data + i));
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
                 : "r"(row)
                 : "memory");
}

inline constexpr std::uint32_t kAllLanes = 0xFFFFFFFFU;

template <typename T>
HONE_DEVICE T shuffle(T value, std::uint32_t lane) {
    return __shfl_sync(kAllLanes, value, static_cast<int>(lane));
}

template <typename T>
HONE_DEVICE T shuffle_xor(T value, std::uint32_t mask) {
    return __shfl_xor_sync(kAllLanes, value, static_cast<int>(mask));
}

HONE_DEVICE std::uint32_t ballot(bool condition) {
    return __ballot_sync(kAllLanes, condition);
}

HONE_DEVICE int bit_count(std::uint32_t bits) {
    return __popc(bits);
}

HONE_DEVICE void mma_bf16(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
        "{%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

HONE_DEVICE void mma_f16(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
    asm volatile(
        "mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
        "{%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

HONE_DEVICE void mma_sparse_bf16(float (&d)[4], const std::uint32_t (&a)[4],
                                 const std::uint32_t (&b)[4], std::uint32_t places) {
    asm volatile(
        "mma.sp::ordered_metadata.sync.aligned.m16n8k32.row.col.f32.bf16.bf16.f32 {%0, %1, %2, "
        "%3}, {%4, %5, "
        "%6, %7}, "
        "{%8, %9, %10, %11}, {%0, %1, %2, %3}, %12, 0x0;"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]), "r"(b[2]), "r"(b[3]),
          "r"(places));
}

HONE_DEVICE void mma_s8(std::int32_t (&d)[4], const std::uint32_t (&a)[4],
                        const std::uint32_t (&b)[2]) {
    asm volatile(
        "mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, "
        "%9}, {%0, "
        "%1, %2, %3};"
        : "+r"(d[0]), "+r"(d[1]), "+r"(d[2]), "+r"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

// Needs sm_89; on older devices no kernel that uses it may be launched.
HONE_DEVICE void mma_e4m3(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
#if __CUDA_ARCH__ >= 890
    asm volatile(
        "mma.sync.aligned.m16n8k32.row.col.f32.e4m3.e4m3.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
        "{%8, %9}, "
        "{%0, %1, %2, %3};"
        : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
        : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
    (void)d, (void)a, (void)b;
    __trap();
#endif
}

}  // namespace hone::cuda
