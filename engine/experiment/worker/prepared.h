// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/core/progress.h"
#include "engine/experiment/protocol/experiment.h"
#include "engine/experiment/protocol/messages/plans.h"
#include "engine/experiment/protocol/messages/steps.h"
#include "engine/experiment/worker/evidence.h"
#include "engine/experiment/worker/experiment_plan.h"
#include "engine/experiment/worker/injected_fault.h"
#include "engine/experiment/worker/memory_report.h"
#include "engine/experiment/worker/workload.h"
#include "engine/model/model.h"
#include "engine/runtime/place.h"
#include "engine/runtime/runtime.h"
#include "kernels/cpu/thread_pool.h"

namespace hone {

// A model made ready for steps: loaded, its recipe applied, prompts and scored windows chosen.
class Prepared {
public:
    // See load_experiment() for `dtype`, `files` and what is thrown. `place`: the target's where it
    // is null.
    Prepared(const Experiment& experiment, const std::string& dtype, InjectedFault fault,
             const Progress& load, const Progress& apply, std::vector<SourceFile> files = {},
             std::unique_ptr<Place> place = nullptr);

    messages::PrepareReply description() const;
    std::chrono::seconds patience() const { return place_->patience(); }
    messages::RepetitionReply repetition(const Progress& progress);
    // A repetition of its own, apart from the timed ones.
    messages::TraceReply trace(const messages::Trace& request, const Progress& progress);
    messages::AttentionMassReply attention_mass(const Progress& progress);
    messages::AccuracyReply accuracy(const messages::Accuracy& request, const Progress& progress);
    // `on_token` is called for each token with the text that it completed: none where a character
    // is not whole yet, or more than its own where it ends one. `id` is −1 for text that was left
    // when the last token had come. Seconds count from the start of the answer.
    struct GeneratedToken {
        TokenId id;
        std::string text;
        double seconds;
    };
    messages::GenerateReply generate(const messages::Generate& request,
                                     const std::function<void(const GeneratedToken&)>& on_token,
                                     std::stop_token stop);

private:
    void make_runtime(const Progress& progress);
    void begin_step();
    void require_room(const RunConfig& config, std::int64_t prompt, std::int64_t positions) const;
    MemoryReport memory() const;

    Experiment experiment_;
    InjectedFault fault_;
    kernels::ThreadPool pool_;
    RunConfig config_;
    Sizes sizes_{};
    std::unique_ptr<Place> place_;
    std::unique_ptr<MemoryAccount> account_;
    std::unique_ptr<Model> model_;
    std::unique_ptr<Runtime> runtime_;  // null where generate() needed its room
    std::vector<std::string> notes_;
    Prompts prompts_;
    ScoredWindows scored_;
    std::optional<MergeCache> merge_cache_;
    std::optional<WeightEvidence> weight_evidence_;  // where there is a recipe
    double load_seconds_ = 0, apply_seconds_ = 0;
};

}  // namespace hone
