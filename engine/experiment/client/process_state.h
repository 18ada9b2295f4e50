// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace hone {

enum class ProcessState : std::uint8_t {
    running,            // or waiting for something that is not a disk
    stopped,            // by SIGSTOP, a terminal or a debugger: no thread of it goes on
    waits_for_storage,  // a thread is in an uninterruptible wait, which a slow or broken disk
                        // causes
    gone,
};

// The state of the process's threads, as proc(5) shows them in /proc/PID/task/TID/stat.
ProcessState process_state(pid_t pid);

}  // namespace hone
