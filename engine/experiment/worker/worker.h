// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace hone {

struct WorkerOptions {
    bool allow_faults = false;  // tests only: see docs/protocol.md, `fault`
};

// Runs the protocol on the given descriptors until `finish` or end of input. Returns the process's
// exit status.
int run_worker(int input_fd, int output_fd, const WorkerOptions& options);

}  // namespace hone
