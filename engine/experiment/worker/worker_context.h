// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>

#include "engine/core/progress.h"

namespace hone {

// What a request has of the worker that answers it.
struct WorkerContext {
    // Reports a phase's progress to the client, and heeds its cancel.
    std::function<Progress(const char* phase)> progress;
    std::stop_token stop;  // of this request
};

}  // namespace hone
