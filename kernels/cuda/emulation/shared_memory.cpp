// SPDX-License-Identifier: Apache-2.0
// Shared memory: who wrote and read each byte, so that sharing without a barrier shows.
#include <cstring>
#include <span>
#include <string>

#include "kernels/cuda/emulation/block_state.h"

namespace hone::cuda::emulation {
namespace {

std::span<Shadow> shadow_of(const void* address, std::size_t bytes) {
    const auto within = [&](SharedMemory& memory) {
        const std::uintptr_t begin = address_of(memory.begin), at = address_of(address);
        return memory.size != 0 && at >= begin && at + bytes <= begin + memory.size;
    };
    const auto found = [&](SharedMemory& memory) {
        return std::span(memory.shadow)
            .subspan(address_of(address) - address_of(memory.begin), bytes);
    };
    if (within(block().dynamic)) return found(block().dynamic);
    for (auto& [key, memory] : block().statics) {
        if (within(memory)) return found(memory);
    }
    fail("shared memory: outside of it");
}

bool same_warp(std::uint32_t a, std::uint32_t b) {
    return a / kWarp == b / kWarp;
}

// Whether what `other` did at the time (block, warp) comes before what the running thread does now.
bool before_now(std::uint16_t other, std::uint32_t block_time, std::uint32_t warp_time) {
    const std::uint32_t me = the_thread->index;
    if (other == me || block_time < block().time) return true;
    return same_warp(other, me) && warp_time < block().warp_times[me / kWarp];
}

void check_write(const Shadow& byte) {
    if (byte.writer != Shadow::kNobody &&
        !before_now(byte.writer, byte.written_block, byte.written_warp))
        fail("writes shared memory that thread " + std::to_string(byte.writer) +
             " wrote, without a barrier between");
    if (byte.reader == Shadow::kNobody || byte.read_block < block().time) return;
    const bool ordered =
        !byte.several_warps && before_now(byte.reader, byte.read_block, byte.read_warp) &&
        (!byte.several_lanes || byte.read_warp < block().warp_times[the_thread->index / kWarp]);
    if (!ordered)
        fail("writes shared memory that thread " + std::to_string(byte.reader) +
             " reads, without a barrier between");
}

void mark_write(Shadow& byte, bool there) {
    byte = {};
    byte.writer = static_cast<std::uint16_t>(the_thread->index);
    byte.written = there;
    byte.written_block = block().time;
    byte.written_warp = block().warp_times[the_thread->index / kWarp];
}

void mark_read(Shadow& byte) {
    const auto me = static_cast<std::uint16_t>(the_thread->index);
    const std::uint32_t warp_time = block().warp_times[me / kWarp];
    const bool fresh = byte.reader == Shadow::kNobody || byte.read_block < block().time;
    if (fresh) {
        byte.several_lanes = byte.several_warps = false;
    } else {
        byte.several_warps = byte.several_warps || !same_warp(byte.reader, me);
        byte.several_lanes = byte.several_lanes || byte.reader != me;
    }
    byte.reader = me;
    byte.read_block = block().time;
    byte.read_warp = warp_time;
}

}  // namespace

void make_shared(SharedMemory& memory, std::size_t bytes) {
    memory.bytes.resize(bytes + kAlignment);
    memory.size = bytes;
    memory.begin = memory.bytes.data() +
                   (kAlignment - address_of(memory.bytes.data()) % kAlignment) % kAlignment;
    memory.shadow.assign(bytes, {});
}

std::byte* static_shared(const void* key, std::size_t bytes) {
    const auto [it, made] = block().statics.try_emplace(key);
    if (made) make_shared(it->second, bytes);
    return it->second.begin;
}

std::byte* dynamic_shared(std::size_t offset, std::size_t bytes) {
    if (offset + bytes > block().dynamic.size)
        fail("dynamic shared memory: bytes " + std::to_string(offset) + " to " +
             std::to_string(offset + bytes) + " of " + std::to_string(block().dynamic.size));
    return block().dynamic.begin + offset;
}

void read_shared(const void* address, std::size_t bytes) {
    for (Shadow& byte : shadow_of(address, bytes)) {
        if (!byte.written)
            fail(byte.writer == Shadow::kNobody
                     ? "reads shared memory that nobody wrote"
                     : "reads shared memory that an asynchronous copy is still writing");
        if (!before_now(byte.writer, byte.written_block, byte.written_warp))
            fail("reads shared memory that thread " + std::to_string(byte.writer) +
                 " wrote, without a barrier between");
        mark_read(byte);
    }
}

void wrote_shared(const void* address, std::size_t bytes) {
    for (Shadow& byte : shadow_of(address, bytes)) {
        check_write(byte);
        mark_write(byte, true);
    }
}

void copy_async(void* to, const void* from, std::size_t bytes) {
    for (Shadow& byte : shadow_of(to, bytes)) {
        check_write(byte);
        mark_write(byte, false);
    }
    the_thread->copies.back().push_back({to, from, bytes});
}

void commit_async() {
    the_thread->copies.emplace_back();
}

void wait_async(std::size_t groups_left) {
    auto& groups = the_thread->copies;  // the open one is not waited for
    while (groups.size() - 1 > groups_left) {
        for (const AsyncCopy& copy : groups.front()) {
            std::memcpy(copy.to, copy.from, copy.bytes);
            for (Shadow& byte : shadow_of(copy.to, copy.bytes)) mark_write(byte, true);
        }
        groups.erase(groups.begin());
    }
}

}  // namespace hone::cuda::emulation
