// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace hone::profiler {

// A process, so that it is recognised after its number was given to another: `started` is the boot's id and the process's start
// time in clock ticks since then.
struct ClientProcess {
    std::int64_t pid = 0;
    std::string started, host;
};

ClientProcess this_process();

// Whether it still runs. A process of another host is taken to run: nothing can be known of it from here.
bool is_running(const ClientProcess& process);

}  // namespace hone::profiler
