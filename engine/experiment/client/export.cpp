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
    Verification(const ExportRequest& request, const messages::ExportReply& exported,
                 const WorkerLaunch& launch, const Observer& observer, std::stop_token stop)
        : observer_(observer),
          stop_(std::move(stop)),
          memory_(launch, observer.log),
          artifact_(launch, observer.log) {
        Experiment in_memory;
        in_memory.checkpoint = request.checkpoint;
        in_memory.target = request.target;
        in_memory.workload.text = request.text;
        in_memory.workload.windows = request.windows;
        in_memory.workload.context =
            std::min(in_memory.workload.context, exported.model.context_length);
        in_memory.workload.prompt_tokens = 1;
        in_memory.workload.generated_tokens = 1;
        Experiment in_file = in_memory;
        // Beside its target, under the name that it has until it is known to be right.
        in_file.checkpoint = exported.written.value_or("");
        in_memory.recipe = parts_of(request.recipe, builtin_registry()).weights;
        // The file holds the matrices in this type, so the recipe in memory must too.
        const messages::PrepareReply prepared = memory_.ask(
            messages::Prepare{
                .experiment = in_memory, .dtype = request.dtype, .files = exported.files},
            stop_);
        windows_ = prepared.text ? prepared.text->windows : 0;
        artifact_.ask(messages::Prepare{.experiment = in_file}, stop_);
    }

    messages::ExportVerification run() {
        Totals memory, artifact;
        for (int window = 0; window < windows_; ++window) {
            if (observer_.progress)
                observer_.progress({"check", fmt::format("window {} of {}", window + 1, windows_),
                                    0.5 + 0.5 * window / windows_});
            const std::string spool = spools_.file("window.logprobs");
            add(memory, memory_.ask(messages::Accuracy{.window = window, .spool = spool}, stop_));
            add(artifact,
                artifact_.ask(messages::Accuracy{.window = window, .compare_spool = spool}, stop_));
        }
        const double kl = artifact.kl / artifact.scored;
        return {.kl_divergence = kl,
                .perplexity_in_memory = memory.perplexity(),
                .perplexity_artifact = artifact.perplexity(),
                .passed = std::abs(kl) <= kVerifyLimit,
                .limit = kVerifyLimit,
                .windows = windows_};
    }

private:
    static void add(Totals& totals, const messages::AccuracyReply& reply) {
        totals.nll += reply.sums.at("nll_sum");
        totals.scored += reply.sums.at("scored");
        totals.kl += reply.sums.at("kl_sum");
    }

    const Observer& observer_;
    std::stop_token stop_;
    ScratchFolder spools_;
    WorkerProcess memory_, artifact_;
    int windows_ = 0;
};

void require_target(const ExportRequest& request) {
    const std::string path = request.path.string();
    // Texts between processes are UTF-8: another name than the one that was meant would be written
    // to.
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

messages::ExportReply write_model(WorkerProcess& worker, const ExportRequest& request,
                                  const Observer& observer, const std::stop_token& stop) {
    const double share = request.verify ? 0.5 : 1.0;
    const messages::Export asked{.checkpoint = request.checkpoint,
                                 .recipe = request.recipe,
                                 .format = request.format,
                                 .dtype = request.dtype,
                                 .path = std::filesystem::absolute(request.path).string(),
                                 .target = request.target,
                                 .overwrite = request.overwrite,
                                 .hold = request.verify};
    return worker.ask(asked, stop, [&](const messages::Progress& event) {
        if (observer.progress)
            observer.progress({event.phase, event.detail,
                               event.fraction < 0 ? event.fraction : event.fraction * share});
    });
}

// Tells the worker that holds the written model whether it takes its place. Returns where what was
// there is kept.
std::string settle(WorkerProcess& worker, bool commit) {
    return worker.ask(messages::SettleExport{.commit = commit}, {}).kept;
}

// Whatever ends the verification, nothing is left at the target or beside it.
messages::ExportVerification verify(WorkerProcess& worker, const ExportRequest& request,
                                    const messages::ExportReply& exported,
                                    const WorkerLaunch& launch, const Observer& observer,
                                    const std::stop_token& stop) {
    try {
        return Verification(request, exported, launch, observer, stop).run();
    } catch (...) {
        try {
            settle(worker, false);
        } catch (const std::exception&) {
            // Its worker is gone as well; the next start finds what it left.
        }
        throw;
    }
}

}  // namespace

messages::ExportResult export_checkpoint(const ExportRequest& request, const WorkerLaunch& launch,
                                         const Observer& observer, std::stop_token stop) {
    require_target(request);
    const UnfinishedExport note(request.path);
    WorkerProcess worker(launch, observer.log);
    const messages::ExportReply reply = write_model(worker, request, observer, stop);
    messages::ExportResult result{.model = reply.model, .written = true};
    std::string kept = reply.kept.value_or("");
    if (request.verify) {
        result.verify = verify(worker, request, reply, launch, observer, stop);
        result.written = result.verify->passed;
        kept = settle(worker, result.written);
    }
    if (!kept.empty())
        result.model.notes.push_back(fmt::format(
            "What was at {} had changed while the model was being written: it is kept as {}.",
            request.path.string(), kept));
    return result;
}

void store_artifact(profiler::Store& store, const ExportRequest& request,
                    const messages::ExportResult& result) {
    profiler::Artifact artifact;
    artifact.checkpoint = request.checkpoint;
    artifact.recipe = to_json(request.recipe);
    artifact.path = std::filesystem::absolute(request.path).string();
    artifact.format = request.format;
    artifact.dtype = request.dtype;
    artifact.bytes = result.model.bytes;
    artifact.hash = result.model.hash;
    artifact.left_out = result.model.left_out;
    artifact.verification = result.verify ? messages::write(*result.verify) : nlohmann::json();
    store.add_artifact(artifact);
}

void record_export(const std::filesystem::path& store, const ExportRequest& request,
                   messages::ExportResult& result) {
    if (!result.written) return;
    try {
        profiler::Store opened(store);
        store_artifact(opened, request, result);
        result.recorded = true;
    } catch (const profiler::StoreError& error) {
        result.recorded = false;
        result.model.notes.push_back(
            std::string("The model was written, but the run store does not know of it. ") +
            error.what());
    }
}

}  // namespace hone
