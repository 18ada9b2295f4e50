// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/cuda/cuda_memory.h"

#include <fmt/format.h>

#include <chrono>

#include "engine/core/error.h"

namespace hone {
namespace {

const char* remedy(MemoryClass which) {
    switch (which) {
        case MemoryClass::weights:
            return "quantise the weights, prune layers, or choose a smaller model";
        case MemoryClass::kv_cache:
            return "shorten the context, run fewer sequences together, or store keys and values as "
                   "int8";
        default:
            return "run fewer sequences together, or shorten the prompt";
    }
}

}  // namespace

CudaMemory::CudaMemory(cuda::Device& device) : device_(device) {
    for (std::size_t i = 0; i < kMemoryClasses; ++i) {
        spaces_[i].memory = tabled_[i].memory = this;
        spaces_[i].which = tabled_[i].which = static_cast<MemoryClass>(i);
        tabled_[i].tabled = true;
    }
}

void* CudaMemory::allocate(MemoryClass which, std::int64_t bytes) {
    void* memory = nullptr;
    try {
        memory = device_.allocate(bytes);
    } catch (const cuda::DeviceOutOfMemory& error) {
        throw OutOfMemory(ErrorDetails{
            fmt::format("cuda:{}: {:.1f} MB more for {} do not fit: {:.1f} MB of the device's "
                        "memory are free, and {:.1f} MB are in use by this run; {}",
                        device_.index(), static_cast<double>(bytes) / 1e6, memory_class_id(which),
                        static_cast<double>(error.free) / 1e6,
                        static_cast<double>(held_.total()) / 1e6, remedy(which)),
            "", "device memory", fmt::format("{} B for {}", bytes, memory_class_id(which)),
            fmt::format("at most {} B", error.free)});
    }
    allocations_[memory] = {which, bytes};
    held_[which] += bytes;
    note_change(which, bytes, memory);
    if (held_.total() > peak_.total()) peak_ = held_;
    return memory;
}

void CudaMemory::release(void* memory) noexcept {
    if (memory == nullptr) return;
    const auto at = allocations_.find(memory);
    held_[at->second.which] -= at->second.bytes;
    note_change(at->second.which, -at->second.bytes, memory);
    allocations_.erase(at);
    device_.release(memory);
}

void CudaMemory::note_change(MemoryClass which, std::int64_t bytes, const void* memory) {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    changes_.push_back({std::chrono::duration_cast<std::chrono::nanoseconds>(now).count(), bytes,
                        static_cast<std::uint16_t>(which),
                        reinterpret_cast<std::uintptr_t>(memory)});
}

}  // namespace hone
