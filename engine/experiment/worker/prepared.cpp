// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/prepared.h"

#include <fmt/format.h>
#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>

#include "engine/core/error.h"
#include "engine/core/system_memory.h"
#include "engine/evaluation/bundled_text.h"
#include "engine/experiment/worker/apply_recipe.h"
#include "engine/experiment/worker/device_target.h"
#include "engine/experiment/worker/requests.h"
#include "engine/runtime/generation.h"
#include "engine/techniques/apply/technique.h"
#include "engine/weights/finite.h"
#include "profiler/environment/environment.h"

namespace hone {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double mean(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Definitions: docs/metrics.md.
std::map<std::string, double> metrics_of(const GenerationTimings& timings) {
    std::vector<double> first, per_token;
    std::int64_t generated = 0;
    for (const std::vector<double>& times : timings.token_times) {
        first.push_back(times.front());
        if (times.size() > 1)
            per_token.push_back((times.back() - times.front()) /
                                static_cast<double>(times.size() - 1));
        generated += static_cast<std::int64_t>(times.size());
    }
    std::map<std::string, double> metrics{
        {"prefill_tokens_per_second",
         static_cast<double>(timings.prompt_tokens) / timings.prefill_seconds},
        {"time_to_first_token", mean(first)},
        {"total_seconds", timings.total_seconds},
        {"total_tokens_per_second", static_cast<double>(generated) / timings.total_seconds}};
    if (timings.decoded_tokens > 0) {
        metrics["decode_tokens_per_second"] =
            static_cast<double>(timings.decoded_tokens) / timings.decode_seconds;
        metrics["time_per_output_token"] = mean(per_token);
    }
    if (timings.largest_batch > 1)
        metrics["padding_share"] = static_cast<double>(timings.padding_positions) /
                                   static_cast<double>(timings.batch_positions);
    return metrics;
}

void append(std::vector<std::string>& notes, const std::vector<std::string>& more) {
    notes.insert(notes.end(), more.begin(), more.end());
}

}  // namespace

Prepared::Prepared(const Experiment& experiment, const std::string& dtype, InjectedFault fault,
                   const Progress& load_progress, const Progress& apply_progress,
                   std::vector<SourceFile> files)
    : experiment_(experiment),
      files_(std::move(files)),
      fault_(fault),
      pool_(checked_threads(experiment.target, kMostThreads)) {
    device_ = open_device(experiment.target);
    if (device_) device_free_ = device_->free_bytes();
    load(dtype, load_progress, apply_progress);
    choose_windows();
    choose_prompts();
    make_runtime(load_progress);
}

void Prepared::load(const std::string& dtype, const Progress& load_progress,
                    const Progress& apply_progress) {
    const Clock::time_point start = Clock::now();
    load_progress.update(0, experiment_.checkpoint);
    {
        // From the headers alone, so that a model that does not fit is refused before anything is
        // read.
        const ExperimentPlan plan =
            plan_experiment(experiment_, dtype, queried_device(experiment_.target));
        if (!files_.empty()) require_same_files(files_, plan.checkpoint.files);
        files_ = plan.checkpoint.files;
        if (const auto refusal = context_refusal(experiment_.checkpoint, plan.config.context_length,
                                                 experiment_.workload, plan.sizes))
            throw Error(*refusal);
        if (device_)
            require_memory(plan, 0, device_free_, experiment_.target.device);
        else
            require_memory(plan, account_.runtime_bytes(), available_memory_bytes());
    }
    // Of a model without files a device makes the weights itself, as the recipe would store them:
    // host memory would hold none of the large ones.
    Checkpoint checkpoint = open_checkpoint(
        experiment_.checkpoint, !device_ || !experiment_.checkpoint.starts_with("synthetic:"));
    require_same_files(files_, checkpoint.files);
    const bool has_weights = !checkpoint.synthetic || !device_;
    notes_ = checkpoint.notes;
    if (!checkpoint.synthetic)
        append(notes_, notes_of_not_finite(checkpoint, pool_, load_progress));
    load_seconds_ = seconds_since(start);
    if (!experiment_.recipe.steps.empty()) weight_evidence_.emplace(checkpoint);
    const Clock::time_point apply_start = Clock::now();
    {
        kernels::Workspace workspace(pool_.size());
        const kernels::Context context{kernels::best_isa(), pool_, workspace};
        const QueriedDevice device = queried_device(experiment_.target);
        AppliedRecipe applied = has_weights ? apply_recipe(checkpoint, experiment_.recipe,
                                                           experiment_.workload.concurrency,
                                                           context, apply_progress, device)
                                            : plan_recipe(checkpoint, experiment_.recipe,
                                                          experiment_.workload.concurrency, device);
        config_ = applied.run;
        append(notes_, applied.notes);
        if (has_weights) {
            append(notes_, convert_matrices(checkpoint, dtype, context, apply_progress));
        } else {
            plan_matrices(checkpoint, dtype);
        }
        if (device_ && device_->facts().mig)
            notes_.push_back(divided_device_note(experiment_.target));
        if (weight_evidence_) weight_evidence_->applied(checkpoint, experiment_.recipe);
        const bool without_zeros = leaves_zeros_out(experiment_.recipe, config_);
        if (without_zeros && !has_weights) {
            plan_without_zeros(checkpoint, config_.device);
            weight_evidence_->left_out(checkpoint, true);
        }
        if (without_zeros && has_weights) {
            const auto notes = leave_zeros_out(checkpoint, config_.device, context, apply_progress);
            append(notes_, notes);
            weight_evidence_->left_out(checkpoint, false);
        }
    }
    malloc_trim(0);  // what the transforms used is not the model's
    apply_seconds_ = seconds_since(apply_start);
    const Clock::time_point model_start = Clock::now();
    account_.making_tokenizer();
    model_ = load_model(std::move(checkpoint));
    append(notes_, model_->config.notes);
    account_.tokenizer_made();
    load_seconds_ += seconds_since(model_start);
}

void Prepared::choose_windows() {
    const Workload& workload = experiment_.workload;
    if (workload.text == "none") return;
    add_windows(workload.text);
    for (const std::string& text : workload.more_texts) add_windows(text);
}

void Prepared::add_windows(const std::string& text) {
    const AccuracyText loaded = load_accuracy_text(text);
    ScoredText scored{loaded.name, loaded.hash, model_->tokenizer.encode(loaded.text)};
    if (model_->tokenizer.adds_bos() && model_->tokenizer.bos())
        scored.tokens.insert(scored.tokens.begin(), *model_->tokenizer.bos());
    const PerplexityPlan plan = perplexity_plan(experiment_.workload);
    std::int64_t length = std::ssize(scored.tokens), calibration = length;
    if (text == "bundled") {
        calibration =
            std::ssize(model_->tokenizer.encode(bundled_text().substr(0, calibration_begin())));
        // With and without a technique that calibrates: runs are compared window by window.
        if (plan.max_windows > 0 && calibration >= plan.context) length = calibration;
    }
    bool overlaps = false;
    const std::vector<ScoredWindow> planned = plan_windows(plan, length, text);
    if (plan.max_windows > 0 && std::ssize(planned) < plan.max_windows)
        notes_.push_back(
            fmt::format("{} gives {} windows of {} tokens, fewer than the {} that were asked for",
                        loaded.name, planned.size(), plan.context, plan.max_windows));
    for (const ScoredWindow& window : planned) {
        windows_.emplace_back(texts_.size(), window);
        overlaps = overlaps || window.end > calibration;
    }
    if (overlaps) note_overlap();
    texts_.push_back(std::move(scored));
}

void Prepared::note_overlap() {
    for (const RecipeStep& step : experiment_.recipe.steps) {
        if (technique_of(step)->calibration_tokens() > 0)
            notes_.push_back("the scored text overlaps the calibration of " + step.technique +
                             ", the last third of the bundled text: its perplexity flatters");
    }
}

std::optional<messages::ScoredTexts> Prepared::scored_texts() const {
    if (windows_.empty()) return std::nullopt;
    messages::ScoredTexts scored{.windows = static_cast<int>(windows_.size())};
    for (const ScoredText& text : texts_) {
        scored.name += (scored.name.empty() ? "" : ", ") + text.name;
        scored.hash += (scored.hash.empty() ? "" : "+") + text.hash;
        scored.tokens += std::ssize(text.tokens);
    }
    return scored;
}

// Real text, a different part for each sequence: what a cache or a sparse pattern does depends on
// what it is fed.
void Prepared::choose_prompts() {
    const Workload& workload = experiment_.workload;
    const std::vector<TokenId> text = model_->tokenizer.encode(bundled_text());
    const std::size_t length = text.size();
    const std::vector<std::int64_t> lengths = prompt_lengths(workload);
    for (int sequence = 0; sequence < workload.concurrency; ++sequence) {
        const auto tokens = static_cast<std::size_t>(lengths[static_cast<std::size_t>(sequence)]);
        std::vector<TokenId> prompt;
        prompt.reserve(tokens);
        const std::size_t begin =
            (workload.seed * 7919 + static_cast<std::size_t>(sequence) * 4099) % length;
        for (std::size_t i = 0; i < tokens; ++i) prompt.push_back(text[(begin + i) % length]);
        std::string& bytes = prompt_texts_.emplace_back();
        for (const TokenId token : prompt) bytes += model_->tokenizer.token_bytes(token);
        prompts_.push_back(std::move(prompt));
    }
}

void Prepared::make_runtime(const Progress& progress) {
    const Sizes sizes = sizes_of(experiment_.workload, config_);
    config_.batch_size = sizes.sequences;
    if (config_.merge_cache) merge_cache_.emplace();
    if (device_)
        runtime_ = std::make_unique<Runtime>(*model_, config_, pool_, sizes.sequences,
                                             sizes.context(), *device_, progress);
    else
        runtime_ =
            std::make_unique<Runtime>(*model_, config_, pool_, sizes.sequences, sizes.context());
}

MemoryReport Prepared::memory() const {
    if (!device_) return account_.measured(runtime_->memory(), model_->checkpoint);
    return device_memory_report(runtime_->peak_memory(), runtime_->memory().total(),
                                device_free_ - device_->free_bytes());
}

messages::PrepareReply Prepared::description() const {
    return {.load_seconds = load_seconds_,
            .apply_seconds = apply_seconds_,
            .model_bytes = model_->checkpoint.bytes(),
            .types = bytes_by_type(model_->checkpoint),
            .memory = memory(),
            .notes = notes_,
            .text = scored_texts(),
            .synthetic = model_->checkpoint.synthetic,
            .sparse_attention = config_.attention.kind != AttentionMask::Kind::dense,
            .threads = pool_.size()};
}

// Of the prompts, before the sequences start, so that their times stay their own. A cache begins
// each round empty: what it finds is what comes again within these prompts. Few bytes are encoded
// in several rounds, since one would be too short to time.
double Prepared::tokenize_bytes_per_second() {
    constexpr std::size_t kTimed = 1 << 16;
    std::size_t bytes = 0;
    double seconds = 0;
    do {
        if (merge_cache_) merge_cache_->clear();
        const Clock::time_point start = Clock::now();
        for (const std::string& text : prompt_texts_) {
            model_->tokenizer.encode(text, SpecialTokens::as_text,
                                     merge_cache_ ? &*merge_cache_ : nullptr);
            bytes += text.size();
        }
        seconds += seconds_since(start);
    } while (bytes > 0 && bytes < kTimed);
    return static_cast<double>(bytes) / seconds;
}

messages::RepetitionReply Prepared::repetition(const Progress& progress) {
    fault_.before_step();
    Sampler sampler(0, experiment_.workload.seed);
    const Runtime::Counters before = runtime_->counters();
    const std::int64_t hits_before = merge_cache_ ? merge_cache_->hits() : 0;
    account_.begin_peak();
    runtime_->begin_peak();
    const double tokenize_rate = tokenize_bytes_per_second();
    const GenerationTimings timings = run_generation(
        *runtime_, prompts_, experiment_.workload.generated_tokens, sampler, progress,
        device_ ? MemoryRoom([this] { return device_->free_bytes(); })
                : MemoryRoom(available_memory_bytes),
        fault_.slows_down() ? [this](double seconds) { fault_.after_pass(seconds); } : AfterPass());
    MemoryReport memory_now = memory();
    const CounterValues counters =
        counter_values(before, runtime_->counters(), config_, timings,
                       weight_evidence_ ? &*weight_evidence_ : nullptr,
                       merge_cache_ ? merge_cache_->hits() - hits_before : 0);
    messages::RepetitionReply reply{.metrics = metrics_of(timings),
                                    .token_times = timings.token_times,
                                    .memory = std::move(memory_now),
                                    .counters = {counters.begin(), counters.end()},
                                    .engaged = engagement(experiment_.recipe, counters)};
    reply.metrics["tokenize_bytes_per_second"] = tokenize_rate;
    return reply;
}

// Of the last tokens of the first prompt: those have the most to leave out.
messages::AttentionMassReply Prepared::attention_mass(const Progress& progress) {
    constexpr std::size_t kQueries = 64;
    fault_.before_step();
    const std::span<const TokenId> prompt = prompts_.front();
    const std::size_t measured = std::min(kQueries, prompt.size()),
                      before = prompt.size() - measured;
    const Runtime::Counters start = runtime_->counters();
    runtime_->clear(0);
    const auto pass = [&](std::span<const TokenId> tokens) {
        const SequenceInput input{0, tokens};
        if (!tokens.empty()) runtime_->forward({&input, 1}, progress);
    };
    pass(prompt.first(before));
    runtime_->measure_attention_mass(true);
    pass(prompt.last(measured));
    runtime_->measure_attention_mass(false);
    const Runtime::Counters& end = runtime_->counters();
    const std::int64_t rows = end.attention_mass_rows - start.attention_mass_rows;
    messages::AttentionMassReply reply{.rows = rows};
    if (rows > 0)
        reply.figures["attention_mass"] =
            (end.attention_mass - start.attention_mass) / static_cast<double>(rows);
    return reply;
}

messages::AccuracyReply Prepared::accuracy(const messages::Accuracy& request,
                                           const Progress& progress) {
    fault_.before_step();
    const std::int64_t window = request.window;
    if (window < 0 || window >= std::ssize(windows_))
        throw Error(ErrorDetails{"", "", "window", std::to_string(window),
                                 fmt::format("0 or more and less than {}", windows_.size())});
    std::optional<LogProbSpool> write, compare;
    if (request.spool) write = LogProbSpool::create(*request.spool, model_->config.n_vocab);
    if (request.compare_spool) compare = LogProbSpool::open(*request.compare_spool);
    const auto& [index, scored] = windows_[static_cast<std::size_t>(window)];
    const ScoredText& text = texts_[index];
    // A divergence from other positions than the baseline's would be a figure all the same.
    if (compare && compare->records() != scored.end - scored.score_begin)
        throw Error(ErrorDetails{
            "", *request.compare_spool, "baseline's log-probabilities",
            fmt::format("{} positions", compare->records()),
            fmt::format("the {} of window {}", scored.end - scored.score_begin, window)});
    const WindowScore score =
        score_window(*runtime_, text.tokens, scored, write ? &*write : nullptr,
                     compare ? &*compare : nullptr, 0, progress);
    std::size_t scored_bytes = 0;
    for (std::int64_t i = scored.score_begin; i < scored.end; ++i)
        scored_bytes +=
            model_->tokenizer.token_bytes(text.tokens[static_cast<std::size_t>(i)]).size();
    return {.text = text.name,
            .compared = score.compared,
            .sums = {{"nll_sum", score.nll_sum},
                     {"scored", static_cast<double>(score.scored)},
                     {"scored_bytes", static_cast<double>(scored_bytes)},
                     {"kl_sum", score.kl_sum},
                     {"top1_agreeing", static_cast<double>(score.top1_agreeing)}}};
}

template <>
messages::RepetitionReply answer(const messages::Repetition&, WorkerContext& context) {
    return context.ready().repetition(context.quiet());
}

template <>
messages::AttentionMassReply answer(const messages::AttentionMass&, WorkerContext& context) {
    return context.ready().attention_mass(context.quiet());
}

template <>
messages::AccuracyReply answer(const messages::Accuracy& request, WorkerContext& context) {
    return context.ready().accuracy(request, context.quiet());
}

}  // namespace hone
