// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

namespace hone {

// Where buffers lie that are not in this process's memory: a device's.
class MemorySpace {
public:
    virtual ~MemorySpace() = default;
    virtual void* allocate(std::int64_t bytes) = 0;  // throws where there is no room
    virtual void release(void* memory) noexcept = 0;
};

// Uninitialised, 64-byte aligned elements of a trivial type whose size in bytes is known exactly:
// what the memory figures are made of. Allocation replaces the contents.
template <typename T>
class Buffer {
public:
    explicit Buffer(MemorySpace* space = nullptr) : data_(nullptr, Free{space}) {}

    void allocate(std::int64_t count) {
        data_.reset();
        count_ = 0;
        if (count == 0) return;
        const std::int64_t bytes = count * static_cast<std::int64_t>(sizeof(T));
        MemorySpace* const space = data_.get_deleter().space;
        data_.reset(static_cast<T*>(
            space != nullptr
                ? space->allocate(bytes)
                : ::operator new (static_cast<std::size_t>(bytes), std::align_val_t{kAlignment})));
        count_ = count;
    }
    // Keeps what is there where it is large enough.
    void require(std::int64_t count) {
        if (count > count_) allocate(count);
    }
    T* data() const { return data_.get(); }
    // Where the element stands; null where nothing was allocated.
    T* at(std::int64_t index) const { return data_ == nullptr ? nullptr : data_.get() + index; }
    std::int64_t size() const { return count_; }
    std::int64_t bytes() const { return count_ * static_cast<std::int64_t>(sizeof(T)); }

private:
    static constexpr std::size_t kAlignment = 64;
    struct Free {
        MemorySpace* space;
        void operator()(T* p) const {
            if (space != nullptr)
                space->release(p);
            else
                ::operator delete (p, std::align_val_t{kAlignment});
        }
    };
    std::unique_ptr<T, Free> data_;
    std::int64_t count_ = 0;
};

}  // namespace hone
