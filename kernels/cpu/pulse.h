// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace hone::kernels {

// Signs of life of this process's work. Whoever watches the process may end it where pulses()
// stands still for some seconds, so every loop that may run for longer than that pulses:
// Progress::check() does, and every chunk of a ThreadPool. A pulse costs a relaxed addition. Safe
// from any thread.
void pulse() noexcept;
std::uint64_t pulses() noexcept;

// While one lives the work may stand still for `patience` between two pulses: for a wait that
// cannot pulse, such as a disk's flush or a device. The longest of those that live counts.
class LongStep {
public:
    explicit LongStep(std::chrono::milliseconds patience) noexcept;
    ~LongStep();
    LongStep(const LongStep&) = delete;
    LongStep& operator=(const LongStep&) = delete;

private:
    std::int64_t before_;
};

// The patience of the LongStep that counts; 0 where none lives.
std::chrono::milliseconds patience() noexcept;

}  // namespace hone::kernels
