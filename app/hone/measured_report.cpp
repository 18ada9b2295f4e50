// SPDX-License-Identifier: Apache-2.0
#include "app/hone/measured_report.h"

#include <fmt/format.h>

#include "app/hone/command.h"
#include "app/hone/interrupt.h"
#include "app/hone/run_table.h"
#include "app/hone/series_table.h"
#include "app/hone/terminal.h"
#include "engine/experiment/protocol/sweep.h"

namespace hone::cli {
namespace {

// What distinguishes each candidate of a series, and how it compares.
nlohmann::json candidates_json(const nlohmann::json& runs,
                               const std::vector<profiler::Comparison>& comparisons) {
    nlohmann::json list = nlohmann::json::array();
    for (const nlohmann::json& run : runs) {
        if (run["side"] != "candidate") continue;
        nlohmann::json values = nlohmann::json::object();
        for (const SweptOption& option : swept_from_json(run["series"]["swept"]))
            for (const nlohmann::json& step : run["recipe"])
                if (step["technique"] == option.technique)
                    values[option.technique + "." + option.option] = step["options"][option.option];
        nlohmann::json candidate{{"run", run["id"]}, {"status", run["status"]}, {"values", values}};
        for (const profiler::Comparison& comparison : comparisons)
            if (comparison.candidate == run["id"]) profiler::add_comparison(candidate, comparison);
        list.push_back(std::move(candidate));
    }
    return list;
}

// One document: {"runs": […], "comparison": {…}}, baseline first; plus "refusals", "warnings" and,
// where the run failed, "error". A series has instead of one comparison "series": {"id", "swept"}
// and "candidates": [{"run", "status", "values", "comparison", …}].
nlohmann::json document(const profiler::Store& store, const MeasureResult& result) {
    nlohmann::json json{{"runs", nlohmann::json::array()}};
    for (const std::int64_t id : result.runs) {
        if (const auto run = store.load(id)) json["runs"].push_back(profiler::run_json(*run));
    }
    if (json["runs"].empty() || json["runs"][0]["series"].is_null()) {
        if (!result.comparisons.empty()) profiler::add_comparison(json, result.comparisons.front());
    } else {
        json["series"] = json["runs"][0]["series"];
        json["candidates"] = candidates_json(json["runs"], result.comparisons);
    }
    if (result.error) json["error"] = to_json(*result.error);
    return json;
}

}  // namespace

Observer observer_of_run() {
    Observer observer = progress_observer(false);
    observer.stop_reason = stopped_reason;
    return observer;
}

int report_measured(const profiler::Store& store, const MeasureResult& result, bool json) {
    clear_progress();
    if (json) {
        print_json(document(store, result));
    } else {
        std::vector<profiler::RunRecord> runs;
        for (const std::int64_t id : result.runs) {
            if (auto run = store.load(id)) runs.push_back(std::move(*run));
        }
        if (!runs.empty() && runs.front().what.series)
            print(series_table(runs, result.comparisons, output_columns()));
        else
            print(run_table(runs,
                            result.comparisons.empty() ? nullptr : &result.comparisons.front()));
    }
    if (result.error) tell("hone: " + result.error->message);
    if (result.status == "cancelled") return stopped_status();
    return result.status == "done" ? kDone : kFailed;
}

}  // namespace hone::cli
