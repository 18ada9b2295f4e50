// SPDX-License-Identifier: Apache-2.0
#pragma once

// The emulation's side of kernels/cuda/machine.h, which documents what these are.

#include <cmath>
#include <cstddef>
#include <type_traits>

#include "kernels/cuda/emulation/emulator.h"
#include "kernels/cuda/numbers.h"

#define HONE_DEVICE inline
#define HONE_UNROLL
// The address of `name_key` tells one declaration from another; a template's instances have one
// each.
#define HONE_SHARED(T, name, count)     \
    static const char name##_key = 0;   \
    const ::hone::cuda::Shared<T> name( \
        ::hone::cuda::emulation::static_shared(&name##_key, sizeof(T) * (count)), count)

namespace hone::cuda {

inline Dim3 block_index() {
    return emulation::block_index();
}
inline Dim3 grid_size() {
    return emulation::grid_size();
}
inline std::uint32_t thread_index() {
    return emulation::thread_index();
}
inline std::uint32_t block_threads() {
    return emulation::block_threads();
}
inline std::uint32_t lane_index() {
    return thread_index() % kWarp;
}
inline std::uint32_t warp_index() {
    return thread_index() / kWarp;
}
inline void sync_block() {
    emulation::sync_block();
}
inline void sync_warp() {
    emulation::warp_together("sync_warp", nullptr, nullptr);
}

template <typename T>
struct Global {
    T* data = nullptr;

    T& operator[](std::int64_t i) const {
        emulation::check_global(data + i, sizeof(T));
        return data[i];
    }
    Global operator+(std::int64_t i) const { return {data + i}; }
};

// An element of shared memory: reading and writing it is seen.
template <typename T>
class SharedElement {
public:
    explicit SharedElement(T* element) : element_(element) {}
    operator T() const {
        emulation::read_shared(element_, sizeof(T));
        return *element_;
    }
    const SharedElement& operator=(const T& value) const {
        emulation::wrote_shared(element_, sizeof(T));
        *element_ = value;
        return *this;
    }
    // Values are assigned, not references: an element may get its own.
    // NOLINTNEXTLINE(bugprone-unhandled-self-assignment)
    const SharedElement& operator=(const SharedElement& other) const {
        return *this = static_cast<T>(other);
    }
    const SharedElement& operator+=(const T& value) const {
        return *this = static_cast<T>(*this) + value;
    }
    SharedElement(const SharedElement&) = default;

private:
    T* element_;
};

template <typename T>
class Shared {
public:
    Shared(std::byte* memory, std::int64_t count)
        : data_(reinterpret_cast<T*>(memory)), count_(count) {}

    SharedElement<T> operator[](std::int64_t i) const { return SharedElement<T>(at(i, sizeof(T))); }
    Shared operator+(std::int64_t i) const {
        Shared rest = *this;
        rest.data_ += i;
        rest.count_ -= i;
        return rest;
    }
    // `bytes` from element i on, which must lie within.
    T* at(std::int64_t i, std::size_t bytes) const {
        if (i < 0 || i * static_cast<std::int64_t>(sizeof(T)) + static_cast<std::int64_t>(bytes) >
                         count_ * static_cast<std::int64_t>(sizeof(T)))
            emulation::fail("shared memory: element " + std::to_string(i) + " of " +
                            std::to_string(count_));
        return data_ + i;
    }

private:
    T* data_;
    std::int64_t count_;
};

template <typename T>
Shared<T> dynamic_shared(std::size_t offset, std::int64_t count) {
    return Shared<T>(emulation::dynamic_shared(offset, sizeof(T) * static_cast<std::size_t>(count)),
                     count);
}

inline float to_float_fast(F16 value) {
    return to_float(value);
}

inline F32x2 unpack_e4m3(std::uint16_t bits) {
    return {to_float(E4M3{static_cast<std::uint8_t>(bits)}),
            to_float(E4M3{static_cast<std::uint8_t>(bits >> 8)})};
}

inline std::uint32_t pack_bf16(float low, float high) {
    return to_bf16(low).bits | static_cast<std::uint32_t>(to_bf16(high).bits) << 16;
}

namespace emulation {

template <typename V>
void check_aligned(const void* address) {
    if (reinterpret_cast<std::uintptr_t>(address) % sizeof(V) != 0)
        fail("an access of " + std::to_string(sizeof(V)) + " bytes is not aligned to them");
}

}  // namespace emulation

template <typename V, typename T>
V load(const Global<T>& from, std::int64_t i) {
    const T* const address = from.data + i;
    emulation::check_aligned<V>(address);
    emulation::check_global(address, sizeof(V));
    V value;
    std::memcpy(&value, address, sizeof value);
    return value;
}

template <typename V, typename T>
V load_once(const Global<T>& from, std::int64_t i) {
    return load<V>(from, i);
}

template <typename V, typename T>
void store(const Global<T>& to, std::int64_t i, const V& value) {
    T* const address = to.data + i;
    emulation::check_aligned<V>(address);
    emulation::check_global(address, sizeof(V));
    std::memcpy(static_cast<void*>(address), &value, sizeof value);
}

template <typename V, typename T>
V load(const Shared<T>& from, std::int64_t i) {
    const T* const address = from.at(i, sizeof(V));
    emulation::check_aligned<V>(address);
    emulation::read_shared(address, sizeof(V));
    V value;
    std::memcpy(&value, address, sizeof value);
    return value;
}

template <typename V, typename T>
void store(const Shared<T>& to, std::int64_t i, const V& value) {
    T* const address = to.at(i, sizeof(V));
    emulation::check_aligned<V>(address);
    emulation::wrote_shared(address, sizeof(V));
    std::memcpy(static_cast<void*>(address), &value, sizeof value);
}

template <typename T>
T atomic_add(const Global<T>& to, std::int64_t i, T value) {
    T& element = to[i];
    const T was = element;
    element = was + value;
    return was;
}

template <std::size_t bytes, typename T, typename U>
void copy_async(const Shared<T>& to, std::int64_t i, const Global<U>& from, std::int64_t j) {
    static_assert(bytes == 4 || bytes == 8 || bytes == 16, "what cp.async moves");
    T* const target = to.at(i, bytes);
    const U* const source = from.data + j;
    if (reinterpret_cast<std::uintptr_t>(target) % bytes != 0 ||
        reinterpret_cast<std::uintptr_t>(source) % bytes != 0)
        emulation::fail("copy_async of " + std::to_string(bytes) + " bytes is not aligned to them");
    emulation::check_global(source, bytes);
    emulation::copy_async(target, source, bytes);
}

inline void commit_async() {
    emulation::commit_async();
}

template <std::size_t groups_left>
void wait_async() {
    emulation::wait_async(groups_left);
}

namespace emulation {

template <typename T>
struct Shuffled {
    T in, out;
    std::uint32_t from;
};

template <typename T>
T shuffle(T value, std::uint32_t from) {
    Shuffled<T> mine{value, value, from % kWarp};
    warp_together("shuffle", &mine, [](void* const(&lanes)[kWarp]) {
        for (void* lane : lanes) {
            auto& it = *static_cast<Shuffled<T>*>(lane);
            it.out = static_cast<Shuffled<T>*>(lanes[it.from])->in;
        }
    });
    return mine.out;
}

}  // namespace emulation

template <typename T>
T shuffle(T value, std::uint32_t lane) {
    return emulation::shuffle(value, lane);
}

template <typename T>
T shuffle_xor(T value, std::uint32_t mask) {
    return emulation::shuffle(value, lane_index() ^ mask);
}

inline int bit_count(std::uint32_t bits) {
    return __builtin_popcount(bits);
}

inline std::uint32_t ballot(bool condition) {
    std::uint32_t votes = condition ? 1U : 0U;
    emulation::warp_together("ballot", &votes, [](void* const(&lanes)[kWarp]) {
        std::uint32_t all = 0;
        for (std::uint32_t i = 0; i < kWarp; ++i)
            all |= *static_cast<std::uint32_t*>(lanes[i]) << i;
        for (void* lane : lanes) *static_cast<std::uint32_t*>(lane) = all;
    });
    return votes;
}

}  // namespace hone::cuda
