// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <string>
#include <thread>

namespace hone::cli {

// While one lives, Ctrl+C, SIGTERM and SIGHUP request a stop instead of ending the program, so that
// the run is kept as cancelled; a second one ends it at once. At most one may live.
class Interrupt {
public:
    Interrupt();
    ~Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;

    std::stop_token token() const { return source_.get_token(); }

private:
    std::stop_source source_;
    std::jthread watcher_;
};

// What stopped the work, for people and the run ("cancelled by the user", "stopped by SIGTERM"),
// and the exit status it deserves: 128 and the signal's number, 130 for Ctrl+C.
std::string stopped_reason();
int stopped_status();

}  // namespace hone::cli
