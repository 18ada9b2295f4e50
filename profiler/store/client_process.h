// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace hone::profiler {

// A process, so that it is recognised after its number was given to another and after its machine
// was renamed or started anew. `started`: "BOOT:TICKS:NAMESPACE", the boot's id, the start time in
// clock ticks since then, and which process numbers these are (those of a container are its own).
// `host`: "NAME MACHINE", the name and a hash of the machine's id; earlier versions wrote the name
// alone, and no NAMESPACE.
struct ClientProcess {
    std::int64_t pid = 0;
    std::string started, host;
};

ClientProcess this_process();

// Whether it still runs. One of another machine, or of a container that cannot be looked into, is
// taken to run: nothing can be known of it from here.
bool is_running(const ClientProcess& process);

}  // namespace hone::profiler
