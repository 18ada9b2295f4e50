// SPDX-License-Identifier: Apache-2.0
#include "app/hone/measured_report.h"

#include <fmt/format.h>

#include "app/hone/command.h"
#include "app/hone/interrupt.h"
#include "app/hone/run_table.h"
#include "app/hone/terminal.h"

namespace hone::cli {
namespace {

// One document: {"runs": […], "comparison": {…}}, baseline first; plus "refusals", "warnings" and, where the run failed, "error".
nlohmann::json document(const profiler::Store& store, const MeasureResult& result) {
    nlohmann::json json{{"runs", nlohmann::json::array()}};
    for (const std::int64_t id : result.runs) {
        if (const auto run = store.load(id)) json["runs"].push_back(profiler::run_json(*run));
    }
    if (result.comparisons.size() == 1) profiler::add_comparison(json, result.comparisons.front());
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
        print(run_table(runs, result.comparisons.size() == 1 ? &result.comparisons.front() : nullptr));
    }
    if (result.error) tell("hone: " + result.error->message);
    if (result.status == "cancelled") return stopped_status();
    return result.status == "done" ? kDone : kFailed;
}

}  // namespace hone::cli
