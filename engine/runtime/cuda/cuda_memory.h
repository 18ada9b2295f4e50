// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "engine/core/memory.h"
#include "engine/runtime/buffer.h"
#include "kernels/cuda/device.h"
#include "profiler/trace/cuda_trace.h"

namespace hone {

// All of a runtime's allocations on a device, by what they are for. Throws OutOfMemory where there
// is no room: which allocation, of which class, how much was free, and what to change.
class CudaMemory {
public:
    explicit CudaMemory(cuda::Device& device);

    void* allocate(MemoryClass which, std::int64_t bytes);
    void release(void* memory) noexcept;
    const MemoryByClass& held() const { return held_; }
    void begin_peak() { peak_ = held_; }
    const MemoryByClass& peak() const { return peak_; }
    // For buffers of a class.
    MemorySpace* space(MemoryClass which) { return &spaces_[static_cast<std::size_t>(which)]; }
    // For memory that no kernel is told of but through a table on the device.
    MemorySpace* tabled_space(MemoryClass which) {
        return &tabled_[static_cast<std::size_t>(which)];
    }
    // Changes whenever what kernels were told may lie elsewhere: a captured graph then is of no use
    // any more.
    std::int64_t generation() const { return generation_; }
    // Every allocation and release so far; `kind` is the MemoryClass.
    const std::vector<profiler::MemoryChange>& changes() const { return changes_; }
    cuda::Device& device() const { return device_; }

private:
    class Space final : public MemorySpace {
    public:
        void* allocate(std::int64_t bytes) override {
            memory->generation_ += tabled ? 0 : 1;
            return memory->allocate(which, bytes);
        }
        void release(void* given) noexcept override { memory->release(given); }
        bool tabled = false;
        CudaMemory* memory = nullptr;
        MemoryClass which{};
    };

    struct Allocation {
        MemoryClass which;
        std::int64_t bytes;
    };
    cuda::Device& device_;
    std::unordered_map<void*, Allocation> allocations_;
    void note_change(MemoryClass which, std::int64_t bytes, const void* memory);

    MemoryByClass held_, peak_;
    std::vector<profiler::MemoryChange> changes_;
    std::array<Space, kMemoryClasses> spaces_, tabled_;
    std::int64_t generation_ = 0;
};

}  // namespace hone
