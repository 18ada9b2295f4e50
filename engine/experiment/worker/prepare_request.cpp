// SPDX-License-Identifier: Apache-2.0
#include "engine/core/error.h"
#include "engine/experiment/worker/prepared.h"
#include "engine/experiment/worker/requests.h"
#include "engine/experiment/worker/told_files.h"

namespace hone {

template <>
messages::PrepareReply answer(const messages::Prepare& request, WorkerContext& context) {
    context.prepared.reset();
    InjectedFault fault;
    if (const nlohmann::json& asked = request.fault.get(); !asked.is_null()) {
        if (!context.allow_faults)
            throw Error(
                ErrorDetails{"", "", "fault", asked.dump(), "nothing: faults are for tests"});
        fault = InjectedFault(asked);
    }
    context.prepared = std::make_unique<Prepared>(
        request.experiment, request.dtype, fault, context.progress("load"),
        context.progress("apply"), files_told(request.files),
        context.place_of(request.experiment.target));
    return context.prepared->description();
}

}  // namespace hone
