// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/context.h"

#include <cstdlib>
#include <new>

namespace hone::kernels {
namespace {

constexpr std::size_t kAlignment = 64;

}  // namespace

void Workspace::Free::operator()(std::byte* p) const {
    std::free(p);
}

Workspace::Workspace(int threads) : buffers_(static_cast<std::size_t>(threads)) {}

std::byte* Workspace::get(int thread, std::size_t bytes) {
    Buffer& buffer = buffers_[static_cast<std::size_t>(thread)];
    if (buffer.size < bytes) {
        const std::size_t size = (bytes + kAlignment - 1) / kAlignment * kAlignment;
        buffer.data.reset();
        buffer.size = 0;
        auto* data = static_cast<std::byte*>(std::aligned_alloc(kAlignment, size));
        if (data == nullptr) throw std::bad_alloc();
        buffer.data.reset(data);
        buffer.size = size;
    }
    return buffer.data.get();
}

std::int64_t Workspace::bytes() const {
    std::int64_t sum = 0;
    for (const Buffer& buffer : buffers_) sum += static_cast<std::int64_t>(buffer.size);
    return sum;
}

}  // namespace hone::kernels
