// SPDX-License-Identifier: Apache-2.0
#include "profiler/report/comparison.h"

namespace hone::profiler {

nlohmann::json run_json(const RunRecord& run) {
    nlohmann::json metrics = nlohmann::json::object();
    for (const auto& [id, metric] : run.metrics)
        metrics[id] = {{"value", metric.value},
                       {"unit", metric.unit},
                       {"low", metric.low},
                       {"high", metric.high},
                       {"n", metric.n}};
    nlohmann::json json{{"id", run.id},
                        {"status", run.status},
                        {"reason", run.reason},
                        {"created", run.created},
                        {"duration_seconds", run.duration_seconds},
                        {"side", run.what.side},
                        {"paired_with", nullptr},
                        {"series", nullptr},
                        {"model",
                         {{"name", run.what.model_name},
                          {"source", run.what.model_source},
                          {"hash", run.what.model_hash},
                          {"details", run.what.model}}},
                        {"recipe", run.what.recipe},
                        {"label", run.what.recipe_label},
                        {"workload", run.what.workload},
                        {"target", run.what.target},
                        {"metrics", std::move(metrics)},
                        {"memory", run.memory},
                        {"predicted", run.predicted},
                        {"environment", run.what.environment},
                        {"notes", run.notes_from_run},
                        {"unstable_warmup", run.unstable_warmup},
                        {"measured_apart", run.measured_apart},
                        {"note", run.note},
                        {"tags", run.tags},
                        {"starred", run.starred},
                        {"trace", nullptr}};
    if (!run.engaged.is_null()) json["engaged"] = run.engaged;
    if (run.trace_events > 0)
        json["trace"] = {{"events", run.trace_events}, {"dropped", run.trace_dropped}};
    if (run.what.paired_with) json["paired_with"] = *run.what.paired_with;
    if (run.what.series)
        json["series"] = {{"id", run.what.series->id}, {"swept", run.what.series->swept}};
    return json;
}

void add_comparison(nlohmann::json& document, const Comparison& comparison) {
    nlohmann::json metrics = nlohmann::json::object(), refusals = nlohmann::json::object();
    for (const ComparedMetric& metric : comparison.metrics) {
        if (!metric.refusal.empty())
            refusals[metric.id] = metric.refusal;
        else
            metrics[metric.id] = {{"ratio", metric.ratio.value},    {"low", metric.ratio.low},
                                  {"high", metric.ratio.high},      {"low_99", metric.decides.low},
                                  {"high_99", metric.decides.high}, {"n", metric.ratio.n},
                                  {"verdict", metric.verdict}};
    }
    document["comparison"] = std::move(metrics);
    if (!refusals.empty()) document["refusals"] = std::move(refusals);
    const std::vector<std::string> warnings = warning_lines({&comparison, 1});
    if (!warnings.empty()) document["warnings"] = warnings;
}

}  // namespace hone::profiler
