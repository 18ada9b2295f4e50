// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/base/utf8.h"
#include "engine/experiment/client/client.h"
#include "engine/experiment/client/left_behind.h"
#include "engine/experiment/client/scratch_folder.h"
#include "engine/experiment/client/worker_process.h"

namespace hone {
namespace {

constexpr double kVerifyLimit =
    1e-6;  // nats: what two orders of summation may differ by, not what a lost bit does

struct Totals {
    double nll = 0, scored = 0, kl = 0;
    double perplexity() const { return std::exp(nll / scored); }
};

// In-memory recipe against the file just written, window by window in two fresh workers.
class Verification {
public:
    Verification(const ExportRequest& request, const nlohmann::json& exported, const WorkerLaunch& launch,
                 const Observer& observer, std::stop_token stop)
        : observer_(observer),
          stop_(std::move(stop)),
          memory_(launch, observer.log),
          artifact_(launch, observer.log) {
        Experiment in_memory;
        in_memory.checkpoint = request.checkpoint;
        in_memory.target = request.target;
        in_memory.workload.text = request.text;
        in_memory.workload.windows = request.windows;
        in_memory.workload.context = std::min(in_memory.workload.context,
                                              exported.value("context_length", in_memory.workload.context));
        in_memory.workload.prompt_tokens = 1;
        in_memory.workload.generated_tokens = 1;
        Experiment in_file = in_memory;
        // Beside its target, under the name that it has until it is known to be right.
        in_file.checkpoint = exported.at("written").get<std::string>();
        in_memory.recipe = weights_only(request.recipe, exported);
        // The file holds the matrices in this type, so the recipe in memory must too.
        nlohmann::json message{
            {"type", "prepare"}, {"experiment", to_json(in_memory)}, {"dtype", request.dtype}};
        message["files"] = exported.value("files", nlohmann::json::array());
        windows_ = memory_.request(std::move(message), stop_).at("text").at("windows").get<int>();
        artifact_.request({{"type", "prepare"}, {"experiment", to_json(in_file)}}, stop_);
    }

    nlohmann::json run() {
        Totals memory, artifact;
        for (int window = 0; window < windows_; ++window) {
            if (observer_.progress)
                observer_.progress({"check", fmt::format("window {} of {}", window + 1, windows_),
                                    0.5 + 0.5 * window / windows_});
            const std::string spool = spools_.file("window.logprobs");
            add(memory, memory_, {{"spool", spool}}, window);
            add(artifact, artifact_, {{"compare_spool", spool}}, window);
        }
        const double kl = artifact.kl / artifact.scored;
        return {{"kl_divergence", kl},
                {"perplexity_in_memory", memory.perplexity()},
                {"perplexity_artifact", artifact.perplexity()},
                {"passed", std::abs(kl) <= kVerifyLimit},
                {"limit", kVerifyLimit},
                {"windows", windows_}};
    }

private:
    static Recipe weights_only(const Recipe& recipe, const nlohmann::json& exported) {
        const auto left_out = exported.value("left_out", std::vector<std::string>{});
        Recipe result;
        for (const RecipeStep& step : recipe.steps) {
            if (std::find(left_out.begin(), left_out.end(), step.technique) == left_out.end())
                result.steps.push_back(step);
        }
        return result;
    }

    void add(Totals& totals, WorkerProcess& worker, nlohmann::json message, int window) {
        message.update({{"type", "step"}, {"kind", "accuracy"}, {"window", window}});
        const nlohmann::json reply = worker.request(std::move(message), stop_);
        totals.nll += reply.value("nll_sum", 0.0);
        totals.scored += reply.value("scored", 0.0);
        totals.kl += reply.value("kl_sum", 0.0);
    }

    const Observer& observer_;
    std::stop_token stop_;
    ScratchFolder spools_;
    WorkerProcess memory_, artifact_;
    int windows_ = 0;
};

void require_target(const ExportRequest& request) {
    const std::string path = request.path.string();
    // Texts between processes are UTF-8: another name than the one that was meant would be written to.
    if (path.empty() || valid_utf8_prefix(path) != path.size())
        throw Error(ErrorDetails{.message = {},
                                 .file = path,
                                 .field = "output path",
                                 .found = path.empty() ? "nothing" : "bytes that are no UTF-8",
                                 .expected = "a path in UTF-8",
                                 .fault = Fault::argument});
    std::error_code ignored;
    if (!request.overwrite && std::filesystem::exists(request.path, ignored))
        throw Error(ErrorDetails{.message = {},
                                 .file = path,
                                 .field = "output path",
                                 .found = "a file or folder that exists",
                                 .expected = "a new name, or the permission to overwrite it",
                                 .fault = Fault::not_written,
                                 .summary = "Something is there already."});
}

nlohmann::json write_model(WorkerProcess& worker, const ExportRequest& request, const Observer& observer,
                           const std::stop_token& stop) {
    const double share = request.verify ? 0.5 : 1.0;
    nlohmann::json result = worker.request(
        {{"type", "export"},
         {"checkpoint", request.checkpoint},
         {"recipe", to_json(request.recipe)},
         {"format", request.format},
         {"dtype", request.dtype},
         {"path", std::filesystem::absolute(request.path).string()},
         {"overwrite", request.overwrite},
         {"hold", request.verify},
         {"target", to_json(request.target)}},
        stop, [&](const messages::Progress& event) {
            if (observer.progress)
                observer.progress({event.phase, event.detail,
                                   event.fraction < 0 ? event.fraction : event.fraction * share});
        });
    result.erase("id");
    result.erase("type");
    return result;
}

// Tells the worker that holds the written model whether it takes its place.
void settle(WorkerProcess& worker, bool commit, nlohmann::json& result, const std::stop_token& stop) {
    const nlohmann::json settled = worker.request({{"type", "settle_export"}, {"commit", commit}}, stop);
    result["kept"] = settled.value("kept", "");
    result.erase("written");
}

// Whatever ends the verification, nothing is left at the target or beside it.
void verify_and_settle(WorkerProcess& worker, const ExportRequest& request, const WorkerLaunch& launch,
                       const Observer& observer, const std::stop_token& stop, nlohmann::json& result) {
    try {
        result["verify"] =
            understood([&] { return Verification(request, result, launch, observer, stop).run(); });
    } catch (...) {
        try {
            settle(worker, false, result, {});
        } catch (const std::exception&) {
            // Its worker is gone as well; the next start finds what it left.
        }
        throw;
    }
    settle(worker, result["verify"].at("passed").get<bool>(), result, {});
}

}  // namespace

nlohmann::json export_checkpoint(const ExportRequest& request, const WorkerLaunch& launch,
                                 const Observer& observer, std::stop_token stop) {
    require_target(request);
    const UnfinishedExport note(request.path);
    WorkerProcess worker(launch, observer.log);
    nlohmann::json result = write_model(worker, request, observer, stop);
    if (request.verify)
        understood([&] { verify_and_settle(worker, request, launch, observer, stop, result); });
    const bool placed = !request.verify || result["verify"].at("passed").get<bool>();
    result["written"] = placed;
    if (const std::string kept = result.value("kept", ""); !kept.empty())
        result["notes"].push_back(
            fmt::format("What was at {} had changed while the model was being written: it is kept as {}.",
                        request.path.string(), kept));
    result.erase("kept");
    result.erase("files");
    return result;
}

void store_artifact(profiler::Store& store, const ExportRequest& request, const nlohmann::json& result) {
    profiler::Artifact artifact;
    artifact.checkpoint = request.checkpoint;
    artifact.recipe = to_json(request.recipe);
    artifact.path = std::filesystem::absolute(request.path).string();
    artifact.format = request.format;
    artifact.dtype = request.dtype;
    artifact.bytes = result.value("bytes", std::int64_t{0});
    artifact.hash = result.value("hash", "");
    artifact.left_out = result.value("left_out", nlohmann::json::array());
    artifact.verification = result.value("verify", nlohmann::json());
    store.add_artifact(artifact);
}

void record_export(const std::filesystem::path& store, const ExportRequest& request, nlohmann::json& result) {
    if (!result.value("written", false)) return;
    try {
        profiler::Store opened(store);
        store_artifact(opened, request, result);
        result["recorded"] = true;
    } catch (const profiler::StoreError& error) {
        result["recorded"] = false;
        result["notes"].push_back(
            std::string("The model was written, but the run store does not know of it. ") + error.what());
    }
}

}  // namespace hone
