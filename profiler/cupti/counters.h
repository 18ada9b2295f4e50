// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "profiler/cupti/counter_metrics.h"
#include "profiler/cupti/library.h"
#include "profiler/trace/counters.h"

struct CUpti_RangeProfiler_Object;

namespace hone::profiler {

// Reads a device's counters operation by operation, with CUPTI's range profiler. What runs
// meanwhile is slower by far: never a time to report.
//
// A range is what is queued under one mark, not one kernel (CUPTI's automatic ranges): how many
// kernels cuBLASLt launches for a product, and whether the driver fills memory by a kernel of its
// own, nobody says, so that counted kernels could only be guessed to belong to operations. A range
// of a mark is its operation's whatever ran in it.
class CuptiCounters {
public:
    CuptiCounters() = default;
    ~CuptiCounters() { disable(); }
    CuptiCounters(const CuptiCounters&) = delete;
    CuptiCounters& operator=(const CuptiCounters&) = delete;

    // `device` as CUDA numbers it, `context` its CUcontext. False where nothing can be counted:
    // while a trace is recorded, without the library or the right to it. problem() says why.
    bool begin(const std::string& beside, std::size_t device, void* context);
    // What is queued from now on is counted under `id`; 0: not at all. The device must be idle.
    void mark(std::uint64_t id);
    // Ends it; the device must be idle. Gives what was counted to `sink`.
    void end(const CounterSink& sink);

    const std::string& version() const { return library_.version(); }
    const std::string& problem() const { return problem_; }
    std::int64_t lost() const { return lost_; }  // ranges that could not be read

private:
    struct Functions;
    bool load(const std::string& beside);
    bool enable(std::size_t device, void* context);
    bool start();
    bool stop();
    void read_ranges();
    void disable();
    bool fail(const char* what, int status);

    const Functions* cupti_ = nullptr;
    CuptiLibrary library_;
    CounterMetrics metrics_;
    CUpti_RangeProfiler_Object* profiler_ = nullptr;
    std::vector<std::uint8_t> image_;
    std::vector<std::pair<std::uint64_t, HardwareCounters>> counted_;
    std::string problem_;
    std::size_t ranges_ = 0;  // of the image that were used
    std::int64_t lost_ = 0;
    bool on_ = false, open_ = false;
};

}  // namespace hone::profiler
