// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <stop_token>

#include "engine/core/progress.h"
#include "engine/experiment/protocol/messages/events.h"
#include "engine/experiment/worker/target_place.h"
#include "engine/formats/written.h"

namespace hone {

class Prepared;

// What a request has of the worker that answers it, and what it leaves to those after it.
struct WorkerContext {
    WorkerContext();
    ~WorkerContext();
    WorkerContext(const WorkerContext&) = delete;
    WorkerContext& operator=(const WorkerContext&) = delete;

    // Reports a phase's progress to the client, and heeds its cancel.
    Progress progress(const char* phase) const;
    Progress quiet() const { return {{}, stop}; }
    // What is ready for steps; throws Error where nothing is.
    Prepared& ready() const;

    std::function<void(const messages::Progress& event)> say = [](const messages::Progress&) {};
    std::stop_token stop;       // of this request
    bool allow_faults = false;  // tests only
    // Where a target says that experiments run; tests have places of their own.
    std::function<std::unique_ptr<Place>(const Target& target)> place_of = target_place;
    std::unique_ptr<Prepared> prepared;
    Written held;  // an export that awaits its verification
};

}  // namespace hone
