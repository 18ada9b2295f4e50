// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "profiler/cupti/library.h"
#include "profiler/trace/counters.h"

struct CUpti_Profiler_Host_Object;

namespace hone::profiler {

// What is asked of a chip's counters, and what they read as: the half of CUPTI's profiling that
// needs no device.
class CounterMetrics {
public:
    static constexpr std::size_t kCount = 5;
    using Names = std::array<const char*, kCount>;

    CounterMetrics() = default;
    ~CounterMetrics() { release(); }
    CounterMetrics(const CounterMetrics&) = delete;
    CounterMetrics& operator=(const CounterMetrics&) = delete;

    // Finds the names that `chip` ("GH100") has and that its counters hold all at once: a second
    // pass would have to run every operation again. `availability` is CUPTI's image of the counters
    // that nobody else holds; it may be empty. False where there are none: problem() says why.
    bool choose(const CuptiLibrary& library, const std::string& chip,
                std::vector<std::uint8_t> availability = {});

    const Names& names() const { return *names_; }
    std::span<const std::uint8_t> config() const { return config_; }
    // Evaluates one range of a counter data image; false where it cannot be evaluated.
    bool evaluate(std::span<const std::uint8_t> image, std::size_t range,
                  HardwareCounters& counters) const;

    const std::string& problem() const { return problem_; }

private:
    struct Functions;
    bool try_names(const CuptiLibrary& library, const std::string& chip, const Names& names);
    bool fail(const CuptiLibrary& library, const char* what, int status);
    void release();

    const Functions* cupti_ = nullptr;
    CUpti_Profiler_Host_Object* host_ = nullptr;
    const Names* names_ = nullptr;
    std::vector<std::uint8_t> availability_, config_;
    std::string problem_;
};

}  // namespace hone::profiler
