// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace hone {

// What memory is for. `runtime` (the program, its libraries and the machine's allocator) and
// `unaccounted` (measured peak minus everything named) are derived by the worker, never registered.
enum class MemoryClass : std::uint8_t {
    weights,
    kv_cache,
    activations,
    workspace,
    runtime,
    unaccounted
};
inline constexpr std::size_t kMemoryClasses = 6;

// "weights", "kv_cache", …: keys in JSON and in the store.
std::string_view memory_class_id(MemoryClass which);

struct MemoryByClass {
    std::array<std::int64_t, kMemoryClasses> bytes{};

    std::int64_t& operator[](MemoryClass which) { return bytes[static_cast<std::size_t>(which)]; }
    std::int64_t operator[](MemoryClass which) const {
        return bytes[static_cast<std::size_t>(which)];
    }
    std::int64_t total() const {
        std::int64_t sum = 0;
        for (const std::int64_t b : bytes) sum += b;
        return sum;
    }
};

}  // namespace hone
