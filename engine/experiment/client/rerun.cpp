// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/experiment/client/client.h"

namespace hone {
namespace {

[[noreturn]] void refuse(const std::string& found, const std::string& expected,
                         const std::string& summary) {
    throw Error(ErrorDetails{.message = {},
                             .file = {},
                             .field = "run",
                             .found = found,
                             .expected = expected,
                             .fault = Fault::argument,
                             .summary = summary});
}

}  // namespace

MeasureRequest rerun_request(const profiler::RunRecord& run, const Registry& registry) {
    if (run.status == profiler::kUnreadable)
        refuse(run.reason, "a run that can be read", "This run cannot be measured again.");
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

MeasureRequest rerun_series_request(const profiler::Store& store, std::int64_t series,
                                    const Registry& registry) {
    std::vector<profiler::RunRecord> candidates = store.list();
    std::erase_if(candidates, [series](const profiler::RunRecord& run) {
        return !run.what.series || run.what.series->id != series || run.what.side == "baseline";
    });
    if (candidates.empty())
        refuse("no candidate of series " + std::to_string(series), "a stored series",
               "No candidate of this series is stored any more.");
    std::sort(candidates.begin(), candidates.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    MeasureRequest request = rerun_request(candidates.front(), registry);
    request.swept = candidates.front().what.series->swept;
    for (const profiler::RunRecord& run : candidates) {
        const MeasureRequest alone = rerun_request(run, registry);
        request.candidates.push_back(alone.experiment.recipe);
        request.trace = request.trace || alone.trace;
    }
    return request;
}

}  // namespace hone
