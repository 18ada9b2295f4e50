// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hone {

// The processors that this process may run on, by number; at least one.
std::vector<int> allowed_processors();

// Ticks since the system started, summed over some processors. `busy` has neither idle time nor
// what the hypervisor took.
struct ProcessorTicks {
    std::int64_t busy = 0, stolen = 0, all = 0;
};
// From the text of /proc/stat; nothing where it has none of `processors`.
std::optional<ProcessorTicks> processor_ticks(std::string_view stat,
                                              std::span<const int> processors);

// How much of the processors others had meanwhile: other processes, and the hypervisor's other
// guests.
struct MachineLoad {
    double others = 0, stolen = 0;  // shares of all that the processors could do, 0 to 1
    bool busy() const { return others > kMost || stolen > kMost; }
    // Below, medians of several measurements are not moved by what others do in between.
    static constexpr double kMost = 0.1;
    std::string text() const;  // "other programs take 45 % of 2 processors"
    int processors = 1;
};

// Watches from its construction on.
class LoadWatch {
public:
    LoadWatch();
    MachineLoad load() const;  // all zero where the system tells nothing

private:
    std::vector<int> processors_;
    std::optional<ProcessorTicks> start_;
    double own_start_ = 0;  // seconds of processor time of this process
};

}  // namespace hone
