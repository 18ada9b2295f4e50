// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "engine/experiment/worker/worker_context.h"

namespace hone {

// Answers a request, or throws. Each request of messages::AnsweredRequests has a specialisation in
// a file of its own, which is all that it takes: the worker finds it by the request's type.
template <class Request>
typename Request::Reply answer(const Request& request, WorkerContext& context);

// What a calibration holds for: this processor and this build.
std::string calibrated_machine();

}  // namespace hone
