// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <utility>

#include "engine/experiment/client/client.h"
#include "engine/experiment/client/worker_process.h"

namespace hone {

// One request of the protocol in a fresh worker. Throws Error (the worker's own, its crash with its
// signal, or what its reply lacks by name) or Cancelled.
template <class Request>
typename Request::Reply ask(const Request& request, const WorkerLaunch& launch,
                            std::stop_token stop = {}, const Observer& observer = {}) {
    WorkerProcess worker(launch, observer.log);
    return worker.ask(request, std::move(stop), [&observer](const messages::Progress& event) {
        if (observer.progress) observer.progress({event.phase, event.detail, event.fraction});
    });
}

}  // namespace hone
