// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu/pulse.h"

#include <algorithm>
#include <atomic>

namespace hone::kernels {
namespace {

alignas(64) std::atomic<std::uint64_t> the_pulses = 0;
alignas(64) std::atomic<std::int64_t> the_patience = 0;  // milliseconds

}  // namespace

void pulse() noexcept {
    the_pulses.fetch_add(1, std::memory_order_relaxed);
}

std::uint64_t pulses() noexcept {
    return the_pulses.load(std::memory_order_relaxed);
}

LongStep::LongStep(std::chrono::milliseconds patience) noexcept : before_(the_patience.load()) {
    the_patience = std::max<std::int64_t>(before_, patience.count());
}

LongStep::~LongStep() {
    pulse();
    the_patience = before_;
}

std::chrono::milliseconds patience() noexcept {
    return std::chrono::milliseconds(the_patience.load());
}

}  // namespace hone::kernels
