// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "profiler/cupti/library.h"
#include "profiler/trace/activity.h"

namespace hone::profiler {

// CUPTI's activity records of this process: one session at a time, as CUPTI has one subscriber a
// process. The library is loaded at the first begin(); without it, without the right to it, or
// where another tool has it, begin() says so and nothing else happens.
class CuptiSession {
public:
    static CuptiSession& instance();

    // False where nothing can be recorded: problem() says why. `beside`: a folder to look for the
    // library in, after the loader's own.
    bool begin(const std::string& beside);
    // What the calling thread queues from now on carries `id`; 0: nothing. Also what it captures
    // into graphs.
    void mark(std::uint64_t id);
    // Ends the session; the device must be idle. Gives every record to `sink`; of memory those of
    // `device`, as CUDA numbers it. problem() says what could not be read.
    void end(int device, const ActivitySink& sink);
    bool on() const { return on_; }

    const std::string& version() const { return library_.version(); }
    const std::string& problem() const { return problem_; }
    const std::vector<ClockPair>& clock() const { return clock_; }  // of the last session
    // Records of it that CUPTI dropped, and one for each buffer that could not be read to its end.
    std::int64_t lost() const { return lost_; }

private:
    CuptiSession() = default;
    bool load(const std::string& beside);
    bool fail(const char* what, int status);
    bool enable();
    void disable();
    void read_clock();

    struct Functions;
    const Functions* cupti_ = nullptr;
    CuptiLibrary library_;
    std::string problem_;
    std::vector<ClockPair> clock_;
    std::int64_t lost_ = 0, damaged_ = 0;
    bool on_ = false, pushed_ = false;
    std::uint64_t marks_ = 0;
};

}  // namespace hone::profiler
