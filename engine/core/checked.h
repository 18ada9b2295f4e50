// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <optional>

namespace hone {

// Arithmetic on numbers that came from a file: empty where the exact result does not fit the type.
template <std::integral T>
std::optional<T> checked_add(T a, T b) {
    T result{};
    if (__builtin_add_overflow(a, b, &result)) return std::nullopt;
    return result;
}

template <std::integral T>
std::optional<T> checked_mul(T a, T b) {
    T result{};
    if (__builtin_mul_overflow(a, b, &result)) return std::nullopt;
    return result;
}

// The next multiple of `alignment` (a power of two) at or above `value`.
template <std::unsigned_integral T>
std::optional<T> checked_align(T value, T alignment) {
    const auto sum = checked_add<T>(value, alignment - 1);
    if (!sum) return std::nullopt;
    return *sum & ~(alignment - 1);
}

}  // namespace hone
