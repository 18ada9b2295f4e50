// SPDX-License-Identifier: Apache-2.0
#pragma once

// The state of the block that an emulated launch runs: its threads, its shared memory, and when
// each byte of it was touched. For the sources of the emulation alone.

#include <boost/context/fiber.hpp>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <vector>

#include "kernels/cuda/emulation/emulator.h"

namespace hone::cuda::emulation {

namespace context = boost::context;

constexpr std::size_t kAlignment = 256;  // what cudaMalloc gives

// Who touched a byte of shared memory last, and when: times count barriers.
struct Shadow {
    static constexpr std::uint16_t kNobody = 0xFFFF;
    std::uint16_t writer = kNobody, reader = kNobody;
    bool written = false;        // and its data is there
    bool several_warps = false;  // have read it since
    bool several_lanes = false;  // of the reader's warp have
    std::uint32_t written_block = 0, written_warp = 0, read_block = 0, read_warp = 0;
};

struct SharedMemory {
    std::vector<std::byte> bytes;
    std::byte* begin = nullptr;  // aligned
    std::size_t size = 0;
    std::vector<Shadow> shadow;
};

struct AsyncCopy {
    void* to;
    const void* from;
    std::size_t bytes;
};

struct Thread {
    std::uint32_t index = 0;
    enum class State : std::uint8_t { ready, at_barrier, in_warp, done } state = State::ready;
    context::fiber fiber, scheduler;
    context::stack_context stack;
    const char* operation = nullptr;  // that the warp comes together for
    void* data = nullptr;
    std::vector<std::vector<AsyncCopy>> copies = {{}};  // the last group is open
};

struct Block {
    Dim3 index;
    const Launch* launch = nullptr;
    const std::function<void()>* body = nullptr;
    std::vector<Thread> threads;
    std::vector<std::uint32_t> warp_times;
    std::uint32_t time = 0;  // barriers so far
    std::map<const void*, SharedMemory> statics;
    SharedMemory dynamic;
    std::exception_ptr error;
    bool abandoned = false;
};

extern constinit thread_local Block* the_block;
extern constinit thread_local Thread* the_thread;

// Throws EmulationError where no block runs.
Block& block();

inline std::uintptr_t address_of(const void* memory) {
    return reinterpret_cast<std::uintptr_t>(memory);
}

void make_shared(SharedMemory& memory, std::size_t bytes);

}  // namespace hone::cuda::emulation
