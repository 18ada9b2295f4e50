// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/prepared.h"

#include <utility>

#include "engine/experiment/worker/apply_recipe.h"
#include "engine/experiment/worker/experiment_plan.h"
#include "engine/experiment/worker/load.h"
#include "engine/experiment/worker/target_place.h"

namespace hone {

Prepared::Prepared(const Experiment& experiment, const std::string& dtype, InjectedFault fault,
                   const Progress& load_progress, const Progress& apply_progress,
                   std::vector<SourceFile> files, std::unique_ptr<Place> place)
    : experiment_(experiment),
      fault_(fault),
      pool_(checked_threads(experiment.target, kMostThreads)),
      place_(place ? std::move(place) : target_place(experiment.target)),
      account_(place_->follow_memory()) {
    LoadedModel loaded =
        load_experiment(experiment_, dtype, std::move(files), {pool_, *place_, *account_},
                        load_progress, apply_progress);
    model_ = std::move(loaded.model);
    config_ = loaded.run;
    sizes_ = loaded.sizes;
    weight_evidence_ = std::move(loaded.evidence);
    notes_ = std::move(loaded.notes);
    load_seconds_ = loaded.load_seconds;
    apply_seconds_ = loaded.apply_seconds;
    scored_ = choose_windows(experiment_, model_->tokenizer);
    notes_.insert(notes_.end(), scored_.notes.begin(), scored_.notes.end());
    prompts_ = choose_prompts(experiment_.workload, model_->tokenizer);
    if (config_.merge_cache) merge_cache_.emplace();
    make_runtime(load_progress);
}

void Prepared::make_runtime(const Progress& progress) {
    runtime_ = std::make_unique<Runtime>(*model_, config_, pool_, sizes_.sequences,
                                         sizes_.context(), *place_, progress);
}

void Prepared::begin_step() {
    fault_.before_step();
    if (!runtime_) make_runtime({});
}

MemoryReport Prepared::memory() const {
    return memory_report(account_->measured(*runtime_));
}

messages::PrepareReply Prepared::description() const {
    return {.load_seconds = load_seconds_,
            .apply_seconds = apply_seconds_,
            .model_bytes = model_->checkpoint.bytes(),
            .types = bytes_by_type(model_->checkpoint),
            .memory = memory(),
            .notes = notes_,
            .text = scored_.told(),
            .synthetic = model_->checkpoint.synthetic,
            .sparse_attention = config_.attention.kind != AttentionMask::Kind::dense,
            .threads = pool_.size()};
}

}  // namespace hone
