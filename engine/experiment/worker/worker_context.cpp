// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/worker_context.h"

#include "engine/core/error.h"
#include "engine/experiment/worker/prepared.h"

namespace hone {

WorkerContext::WorkerContext() = default;
WorkerContext::~WorkerContext() = default;

Progress WorkerContext::progress(const char* phase) const {
    Progress progress = quiet();
    progress.report = [this, phase](double fraction, std::string_view what) {
        say({.phase = phase, .fraction = fraction, .detail = std::string(what)});
    };
    return progress;
}

Prepared& WorkerContext::ready() const {
    if (!prepared)
        throw Error(ErrorDetails{"", "", "step", "no prepared model", "a prepare before it"});
    return *prepared;
}

}  // namespace hone
