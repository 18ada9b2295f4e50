// SPDX-License-Identifier: Apache-2.0
// Global memory: what kernels may touch.
#include <algorithm>
#include <cstring>
#include <new>
#include <string>

#include "kernels/cuda/emulation/block_state.h"

namespace hone::cuda::emulation {
namespace {

// Where each allocation begins → its end.
std::map<std::uintptr_t, std::uintptr_t>& allocations() {
    static std::map<std::uintptr_t, std::uintptr_t> all;
    return all;
}

}  // namespace

void* allocate(std::size_t bytes) {
    auto* const memory = static_cast<std::byte*>(
        ::operator new (std::max<std::size_t>(bytes, 1), std::align_val_t{kAlignment}));
    std::memset(memory, 0xFF, bytes);
    allocations()[address_of(memory)] = address_of(memory) + bytes;
    return memory;
}

void release(void* memory) {
    if (memory == nullptr) return;
    if (allocations().erase(address_of(memory)) == 0)
        throw EmulationError("release() of what allocate() did not give");
    ::operator delete (memory, std::align_val_t{kAlignment});
}

Mapping::Mapping(const void* memory, std::size_t bytes) : memory_(memory) {
    allocations()[address_of(memory)] = address_of(memory) + bytes;
}

Mapping::~Mapping() {
    allocations().erase(address_of(memory_));
}

void check_global(const void* address, std::size_t bytes) {
    static thread_local std::uintptr_t last_begin = 0, last_end = 0;
    const std::uintptr_t at = address_of(address);
    const auto& all = allocations();
    // The last allocation again, mostly; it may have gone since.
    if (at >= last_begin && at + bytes <= last_end) {
        const auto still = all.find(last_begin);
        if (still != all.end() && still->second == last_end) return;
    }
    auto found = all.upper_bound(at);
    if (found == all.begin()) fail("global memory: outside of every allocation");
    --found;
    if (at + bytes > found->second)
        fail("global memory: byte " + std::to_string(at - found->first) + " and " +
             std::to_string(bytes - 1) + " more, of an allocation of " +
             std::to_string(found->second - found->first));
    last_begin = found->first;
    last_end = found->second;
}

}  // namespace hone::cuda::emulation
