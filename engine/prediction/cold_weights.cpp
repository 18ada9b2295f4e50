// SPDX-License-Identifier: Apache-2.0
#include "engine/prediction/cold_weights.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace hone {

std::int64_t cold_bytes(std::int64_t available) {
    constexpr std::int64_t kLeast = std::int64_t{192} << 20, kMost = std::int64_t{512} << 20,
                           kCaches = 4;
    // Where memory is scarce, caches will hold some of what is read; it is a guess, but not one
    // that kills the worker.
    constexpr std::int64_t kShare = 8;
    const std::int64_t cache = std::max<std::int64_t>(0, ::sysconf(_SC_LEVEL3_CACHE_SIZE));
    const std::int64_t wanted = std::clamp(kCaches * cache, kLeast, kMost);
    return available == 0 ? wanted : std::min(wanted, available / kShare);
}

ColdWeights::ColdWeights(std::int64_t bytes)
    : bytes_(static_cast<std::size_t>(std::max<std::int64_t>(bytes, 1))) {
    void* const memory =
        ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    ::madvise(memory, bytes_, MADV_NOHUGEPAGE);
    memory_ = static_cast<std::byte*>(memory);
}

ColdWeights::~ColdWeights() {
    ::munmap(memory_, bytes_);
}

void ColdWeights::fill(const StoredTensor& matrix, const Progress& progress) {
    constexpr std::size_t kAlignment = 64;
    const std::size_t each = (matrix.data.size() + kAlignment - 1) / kAlignment * kAlignment;
    const std::size_t count = std::max<std::size_t>(2, bytes_ / each);
    copies_.assign(count, matrix);
    at_ = 0;
    for (std::size_t i = 0; i < count; ++i) {
        progress.check();
        if ((i + 1) * each <= bytes_) {
            std::memcpy(memory_ + i * each, matrix.data.data(), matrix.data.size());
            copies_[i].data = {memory_ + i * each, matrix.data.size()};
            copies_[i].owner.reset();
        }
    }
}

const StoredTensor& ColdWeights::next() {
    const StoredTensor& copy = copies_[at_];
    at_ = (at_ + 1) % copies_.size();
    return copy;
}

}  // namespace hone
