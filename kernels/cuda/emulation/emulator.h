// SPDX-License-Identifier: Apache-2.0
#pragma once

// Runs kernel bodies on the host, to test their logic where there is no GPU: one fiber a thread,
// blocks one after the other. It ends with an EmulationError, which names block and thread, where a
// kernel reads or writes outside an allocation, reads shared memory that nobody wrote, shares it
// without a barrier between, or does not bring all threads to a barrier or a warp operation. It
// shows neither speed nor what depends on real asynchrony between blocks.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "kernels/cuda/types.h"

namespace hone::cuda::emulation {

class EmulationError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Calls `body` once for each thread of the launch. Not reentrant; one caller at a time in a
// process's thread. `order`: blocks come one after the other, and the threads of a block take their
// turns, from the first to the last with 0, else in one of many other orders, the same each time.
void run(const Launch& launch, const std::function<void()>& body, std::uint32_t order = 0);

// Memory that kernels may touch through Global: freed by release(). Filled with 0xFF bytes (NaN in
// every float type), so that reading what nobody wrote shows.
void* allocate(std::size_t bytes);
void release(void* memory);

// Lets kernels touch host memory while it lives.
class Mapping {
public:
    Mapping(const void* memory, std::size_t bytes);
    ~Mapping();
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;

private:
    const void* memory_;
};

// What a kernel body reaches through kernels/cuda/machine.h.
Dim3 block_index();
Dim3 grid_size();
std::uint32_t thread_index();
std::uint32_t block_threads();
void sync_block();

// Every lane of the warp brings its `data`; when all are there `combine` is called once with the 32
// of them, and the lanes go on. `name` says in errors what did not come together: lanes that wait
// in different operations are one.
using Combine = void (*)(void* const (&lanes)[kWarp]);
void warp_together(const char* name, void* data, Combine combine);

// Bytes of shared memory of this block: of the declaration that `key` stands for, or of the
// launch's dynamic memory.
std::byte* static_shared(const void* key, std::size_t bytes);
std::byte* dynamic_shared(std::size_t offset, std::size_t bytes);
void read_shared(const void* address, std::size_t bytes);
void wrote_shared(const void* address, std::size_t bytes);
void check_global(const void* address, std::size_t bytes);
[[noreturn]] void fail(const std::string& what);

// Copies that are under way: done when they are waited for, so that using them earlier shows.
void copy_async(void* to, const void* from, std::size_t bytes);
void commit_async();
void wait_async(std::size_t groups_left);

}  // namespace hone::cuda::emulation
