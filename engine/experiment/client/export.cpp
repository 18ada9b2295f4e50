// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/experiment/client/client.h"
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
        in_file.checkpoint = exported.at("path").get<std::string>();
        in_memory.recipe = weights_only(request.recipe, exported);
        // The file holds the matrices in this type, so the recipe in memory must too.
        nlohmann::json message{
            {"type", "prepare"}, {"experiment", to_json(in_memory)}, {"dtype", request.dtype}};
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

}  // namespace

nlohmann::json export_checkpoint(const ExportRequest& request, const WorkerLaunch& launch,
                                 const Observer& observer, std::stop_token stop) {
    std::error_code ignored;
    if (!request.overwrite && std::filesystem::exists(request.path, ignored))
        throw Error(ErrorDetails{"", request.path.string(), "target", "a file or folder that exists",
                                 "a new name, or the permission to overwrite it"});
    nlohmann::json result;
    {
        WorkerProcess worker(launch, observer.log);
        const double share = request.verify ? 0.5 : 1.0;
        result =
            worker.request({{"type", "export"},
                            {"checkpoint", request.checkpoint},
                            {"recipe", to_json(request.recipe)},
                            {"format", request.format},
                            {"dtype", request.dtype},
                            {"path", std::filesystem::absolute(request.path).string()},
                            {"target", to_json(request.target)}},
                           stop, [&](const nlohmann::json& event) {
                               const double fraction = event.value("fraction", -1.0);
                               if (observer.progress)
                                   observer.progress({event.value("phase", ""), event.value("detail", ""),
                                                      fraction < 0 ? fraction : fraction * share});
                           });
    }
    result.erase("id");
    result.erase("type");
    if (request.verify)
        result["verify"] =
            understood([&] { return Verification(request, result, launch, observer, stop).run(); });
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

}  // namespace hone
