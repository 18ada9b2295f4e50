// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "engine/core/progress.h"
#include "engine/evaluation/perplexity.h"
#include "engine/experiment/protocol/experiment.h"
#include "engine/experiment/protocol/messages/plans.h"
#include "engine/experiment/protocol/messages/steps.h"
#include "engine/experiment/worker/accuracy_text.h"
#include "engine/experiment/worker/evidence.h"
#include "engine/experiment/worker/experiment_plan.h"
#include "engine/experiment/worker/injected_fault.h"
#include "engine/experiment/worker/memory_report.h"
#include "engine/model/model.h"
#include "engine/runtime/runtime.h"
#include "kernels/cpu/thread_pool.h"
#include "kernels/cuda/device.h"

namespace hone {

// A model made ready for steps: loaded, its recipe applied, prompts and accuracy text chosen.
class Prepared {
public:
    // `dtype`: what the matrices become after the recipe ("keep" for the recipe's own). `files`:
    // which files the checkpoint must still be; any where there are none.
    Prepared(const Experiment& experiment, const std::string& dtype, InjectedFault fault,
             const Progress& load, const Progress& apply, std::vector<SourceFile> files = {});

    messages::PrepareReply description() const;
    bool on_device() const { return device_ != nullptr; }
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
    void load(const std::string& dtype, const Progress& load, const Progress& apply);
    void choose_prompts();
    void choose_windows();
    void add_windows(const std::string& text);
    void note_overlap();
    std::optional<messages::ScoredTexts> scored_texts() const;
    void make_runtime(const Progress& progress);
    void require_room(const RunConfig& config, std::int64_t prompt, std::int64_t positions) const;
    MemoryReport memory() const;
    double tokenize_bytes_per_second();

    Experiment experiment_;
    std::vector<SourceFile> files_;  // as they were looked at
    InjectedFault fault_;
    kernels::ThreadPool pool_;
    RunConfig config_;
    std::unique_ptr<gpu::Device> device_;  // null on the CPU
    std::int64_t device_free_ = 0;         // bytes of it, before the model came
    std::unique_ptr<Model> model_;
    std::unique_ptr<Runtime> runtime_;
    std::vector<std::string> notes_;
    std::vector<std::vector<TokenId>> prompts_;
    std::vector<std::string> prompt_texts_;  // their bytes
    std::optional<MergeCache> merge_cache_;
    std::optional<WeightEvidence> weight_evidence_;  // where there is a recipe
    struct ScoredText {
        std::string name, hash;
        std::vector<TokenId> tokens;
    };
    std::vector<ScoredText> texts_;
    std::vector<std::pair<std::size_t, ScoredWindow>> windows_;  // of the text with that index
    double load_seconds_ = 0, apply_seconds_ = 0;
    MemoryAccount account_;
};

// Throws Error with the arithmetic where what `named` says is needed exceeds what is available.
void require_memory(const std::string& source, const MemoryByClass& named,
                    std::int64_t runtime_bytes);

}  // namespace hone
