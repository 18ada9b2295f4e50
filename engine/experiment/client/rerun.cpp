// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/client/client.h"

namespace hone {

MeasureRequest rerun_request(const profiler::RunRecord& run, const Registry& registry) {
    if (run.status == profiler::kUnreadable)
        throw Error(ErrorDetails{.message = {},
                                 .file = {},
                                 .field = "run",
                                 .found = run.reason,
                                 .expected = "a run that can be read",
                                 .fault = Fault::argument,
                                 .summary = "This run cannot be measured again."});
    MeasureRequest request;
    // A run also keeps what only its worker knew.
    nlohmann::json workload = run.what.workload;
    workload.erase("text_hash");
    request.accuracy_only = workload.value("accuracy_only", false);
    request.experiment = {run.what.model_source, recipe_from_json(run.what.recipe, registry),
                          workload_from_json(workload), target_from_json(run.what.target)};
    // What was interleaved with a baseline is so again; anything else was measured alone.
    request.against =
        run.what.paired_with ? MeasureRequest::Against::baseline : MeasureRequest::Against::nothing;
    request.trace = run.trace_events > 0;
    return request;
}

}  // namespace hone
