// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/generation.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <new>
#include <numeric>
#include <optional>
#include <utility>

#include "engine/core/error.h"
#include "engine/runtime/memory_plan.h"

namespace hone {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

TokenId sample(const Runtime& runtime, Sampler& sampler, std::span<const float> logits) {
    profiler::TraceRecorder* const tracer = runtime.tracer();
    if (tracer == nullptr) return sampler.sample(logits);
    const std::int64_t start = tracer->now();
    const TokenId token = sampler.sample(logits);
    tracer->add({.start = start,
                 .duration = tracer->now() - start,
                 .bytes = static_cast<std::int64_t>(logits.size_bytes()),
                 .operation = profiler::Operation::sample,
                 .phase = runtime.last_phase()},
                "sample");
    return token;
}

std::span<const float> forward(Runtime& runtime, std::span<const SequenceInput> batch,
                               const Progress& progress, const AfterPass& after_pass) {
    const Clock::time_point start = Clock::now();
    const std::span<const float> logits = runtime.forward(batch, progress);
    if (after_pass) after_pass(seconds_since(start));
    return logits;
}

// Some of the prompts, computed together in slots 0, 1, …
class Group {
public:
    Group(Runtime& runtime, Sampler& sampler, GenerationTimings& timings,
          std::span<const std::size_t> members, const AfterPass& after_pass)
        : runtime_(runtime),
          sampler_(sampler),
          timings_(timings),
          members_(members),
          after_pass_(after_pass) {
        batch_.reserve(members.size());
        timings.largest_batch = std::max(timings.largest_batch, std::ssize(members));
    }

    void prefill(std::span<const std::vector<TokenId>> prompts, Clock::time_point start,
                 const Progress& progress) {
        const double begin = seconds_since(start);
        std::int64_t longest = 0, positions = 0;
        for (std::size_t i = 0; i < members_.size(); ++i) {
            const std::vector<TokenId>& prompt = prompts[members_[i]];
            runtime_.clear(static_cast<int>(i));
            batch_.push_back({static_cast<int>(i), prompt});
            longest = std::max(longest, std::ssize(prompt));
            positions += std::ssize(prompt);
        }
        timings_.prompt_tokens += positions;
        timings_.batch_positions += longest * std::ssize(members_);
        timings_.padding_positions += longest * std::ssize(members_) - positions;
        extend(start, progress);
        timings_.prefill_seconds += seconds_since(start) - begin;
    }

    void decode(std::int64_t steps, Clock::time_point start, const Progress& progress) {
        const double begin = seconds_since(start);
        for (std::int64_t step = 0; step < steps; ++step) {
            for (std::size_t i = 0; i < batch_.size(); ++i)
                batch_[i].tokens = std::span(timings_.tokens[members_[i]]).last(1);
            extend(start, progress);
        }
        timings_.decode_seconds += seconds_since(start) - begin;
        timings_.decoded_tokens += steps * static_cast<std::int64_t>(batch_.size());
    }

private:
    // One forward pass over the batch and a token for each of its sequences.
    void extend(Clock::time_point start, const Progress& progress) {
        const std::span<const float> logits = forward(runtime_, batch_, progress, after_pass_);
        const std::size_t n_vocab = logits.size() / batch_.size();
        for (std::size_t i = 0; i < batch_.size(); ++i) {
            timings_.tokens[members_[i]].push_back(
                sample(runtime_, sampler_, logits.subspan(i * n_vocab, n_vocab)));
            timings_.token_times[members_[i]].push_back(seconds_since(start));
        }
    }

    Runtime& runtime_;
    Sampler& sampler_;
    GenerationTimings& timings_;
    std::span<const std::size_t> members_;
    const AfterPass& after_pass_;
    std::vector<SequenceInput> batch_;
};

// Sequences that come and go one by one.
class AdaptiveBatch {
public:
    AdaptiveBatch(Runtime& runtime, Sampler& sampler, GenerationTimings& timings,
                  std::span<const std::vector<TokenId>> prompts, std::span<const std::size_t> order,
                  std::int64_t generate, const MemoryRoom& room, const Progress& progress,
                  const AfterPass& after_pass)
        : runtime_(runtime),
          sampler_(sampler),
          timings_(timings),
          prompts_(prompts),
          waiting_(order.begin(), order.end()),
          generate_(static_cast<std::size_t>(generate)),
          room_(room),
          progress_(progress),
          after_pass_(after_pass) {
        for (const std::vector<TokenId>& prompt : prompts)
            longest_ = std::max(longest_, std::ssize(prompt));
        longest_ +=
            generate;  // a sequence that had to wait is computed anew with what it has generated
        need_ = runtime.sequence_bytes(longest_);
        pass_bytes_.emplace(runtime.place(), runtime.model(), runtime.config(),
                            runtime.pool().size(), longest_);
        for (int slot = static_cast<int>(runtime.config().batch_size) - 1; slot >= 0; --slot)
            free_.push_back(slot);
        used_.resize(free_.size());
    }

    void run(Clock::time_point start) {
        start_ = start;
        while (!waiting_.empty() || !active_.empty()) {
            admit();
            if (any_fresh())  // also those that stayed where another had to make way
                prefill();
            else
                decode();
            retire();
        }
    }

private:
    struct Active {
        std::size_t prompt;
        int slot;
        std::vector<TokenId> input;  // of the next pass
        bool fresh = true;           // its prompt was not computed yet
    };

    // Whether all that run, and one more, will fit to their end: their caches, and the largest pass
    // over them. Beyond a control group's limit nothing throws, the process is killed.
    bool has_room() {
        constexpr std::int64_t kSpare = std::int64_t{32} << 20;
        const bool reuses = used_[static_cast<std::size_t>(free_.back())];
        const auto started = std::count(used_.begin(), used_.end(), true);
        const MemoryByClass held = runtime_.memory();
        const std::int64_t passes = pass_bytes_->of(std::ssize(active_) + 1);
        // What earlier sequences and passes left behind serves the next ones.
        const std::int64_t caches = (started + (reuses ? 0 : 1)) * need_;
        const std::int64_t to_come =
            std::max<std::int64_t>(0, caches - held[MemoryClass::kv_cache]) +
            std::max<std::int64_t>(
                0, passes - held[MemoryClass::activations] - held[MemoryClass::workspace]);
        return to_come + kSpare <= room_();
    }

    // Lets sequences in, up to the size that is being tried. The first never waits.
    void admit() {
        while (!waiting_.empty() && !free_.empty() && std::ssize(active_) < target_ &&
               (active_.empty() || !room_ || has_room())) {
            Active next{waiting_.front(), free_.back(), {}};
            waiting_.pop_front();
            free_.pop_back();
            used_[static_cast<std::size_t>(next.slot)] = true;
            runtime_.clear(next.slot);
            const std::vector<TokenId>& done = timings_.tokens[next.prompt];
            next.input = prompts_[next.prompt];
            next.input.insert(next.input.end(), done.begin(), done.end());
            active_.push_back(std::move(next));
        }
    }

    bool any_fresh() const {
        return std::any_of(active_.begin(), active_.end(),
                           [](const Active& sequence) { return sequence.fresh; });
    }

    void prefill() {
        std::vector<Active*> fresh;
        for (Active& sequence : active_) {
            if (sequence.fresh) fresh.push_back(&sequence);
        }
        const double begin = seconds_since(start_);
        std::int64_t longest = 0, positions = 0;
        for (const Active* sequence : fresh) {
            longest = std::max(longest, std::ssize(sequence->input));
            positions += std::ssize(sequence->input);
        }
        if (!extend(fresh)) return;
        timings_.prompt_tokens += positions;
        timings_.batch_positions += longest * std::ssize(fresh);
        timings_.padding_positions += longest * std::ssize(fresh) - positions;
        timings_.prefill_seconds += seconds_since(start_) - begin;
    }

    void decode() {
        std::vector<Active*> all;
        for (Active& sequence : active_) all.push_back(&sequence);
        const double begin = seconds_since(start_);
        if (!extend(all)) return;
        const double seconds = seconds_since(start_) - begin;
        timings_.decode_seconds += seconds;
        timings_.decoded_tokens += std::ssize(all);
        learn(std::ssize(all), seconds);
    }

    // One pass over `batch` and a token for each. False where memory ran out: then the latest
    // sequence waits again.
    bool extend(const std::vector<Active*>& batch) {
        std::vector<SequenceInput> inputs;
        for (const Active* sequence : batch) inputs.push_back({sequence->slot, sequence->input});
        const std::optional<std::span<const float>> done = forward_or_nothing(inputs);
        if (!done) return false;
        const std::span<const float> logits = *done;
        timings_.largest_batch = std::max(timings_.largest_batch, std::ssize(batch));
        const std::size_t n_vocab = logits.size() / batch.size();
        for (std::size_t i = 0; i < batch.size(); ++i) {
            const TokenId token = sample(runtime_, sampler_, logits.subspan(i * n_vocab, n_vocab));
            timings_.tokens[batch[i]->prompt].push_back(token);
            timings_.token_times[batch[i]->prompt].push_back(seconds_since(start_));
            batch[i]->input = {token};
            batch[i]->fresh = false;
        }
        return true;
    }

    std::optional<std::span<const float>> forward_or_nothing(
        std::span<const SequenceInput> inputs) {
        try {
            const std::span<const float> logits = forward(runtime_, inputs, progress_, after_pass_);
            shrunk_ = false;
            return logits;
        } catch (const std::bad_alloc&) {
            if (!make_room()) throw;
        } catch (const OutOfMemory&) {
            if (!make_room()) throw;
        }
        return std::nullopt;
    }

    // False where all that can make way has made way.
    bool make_room() {
        if (active_.size() > 1)
            back_off();
        else if (shrunk_)
            return false;
        // What a larger batch left behind may be what the ones that stay lack.
        runtime_.shrink();
        shrunk_ = true;
        std::fill(used_.begin(), used_.end(), false);
        for (const Active& sequence : active_)
            used_[static_cast<std::size_t>(sequence.slot)] = true;
        return true;
    }

    void back_off() {
        release(active_.back());
        waiting_.push_front(active_.back().prompt);
        active_.pop_back();
        target_ = std::ssize(active_);
        settled_ = true;
        ++timings_.backed_off;
    }

    void release(const Active& sequence) {
        runtime_.clear(sequence.slot);
        free_.push_back(sequence.slot);
    }

    void retire() {
        std::erase_if(active_, [this](const Active& sequence) {
            if (timings_.tokens[sequence.prompt].size() < generate_) return false;
            release(sequence);
            return true;
        });
    }

    // Doubles the size while that pays.
    void learn(std::int64_t size, double seconds) {
        constexpr int kSteps = 3;
        constexpr double kGain = 1.05;
        if (settled_ || size != target_ || waiting_.empty()) return;
        tried_tokens_ += size;
        tried_seconds_ += seconds;
        if (++tried_steps_ < kSteps) return;
        const double rate = static_cast<double>(tried_tokens_) / tried_seconds_;
        if (rate > best_rate_ * kGain) {
            best_rate_ = rate;
            best_ = size;
            target_ = std::min(2 * size, runtime_.config().batch_size);
            settled_ = target_ == size;
        } else {
            target_ = best_;
            settled_ = true;
        }
        tried_tokens_ = tried_steps_ = 0;
        tried_seconds_ = 0;
    }

    Runtime& runtime_;
    Sampler& sampler_;
    GenerationTimings& timings_;
    std::span<const std::vector<TokenId>> prompts_;
    std::deque<std::size_t> waiting_;
    std::size_t generate_;
    const MemoryRoom& room_;
    const Progress& progress_;
    const AfterPass& after_pass_;
    Clock::time_point start_;
    std::int64_t longest_ = 0;  // tokens of a sequence, to its end
    std::int64_t need_ = 0;     // bytes of its keys and values
    std::optional<PassBytes> pass_bytes_;
    bool shrunk_ = false;  // since the last pass that fitted
    std::vector<Active> active_;
    std::vector<int> free_;
    std::vector<bool> used_;  // slots that hold memory already
    std::int64_t target_ = 1, best_ = 1, tried_tokens_ = 0;
    int tried_steps_ = 0;
    double tried_seconds_ = 0, best_rate_ = 0;
    bool settled_ = false;
};

// The order in which prompts are taken: as they come, or the long ones first, which have most to
// share.
std::vector<std::size_t> order_of(std::span<const std::vector<TokenId>> prompts, bool by_length) {
    std::vector<std::size_t> order(prompts.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (by_length)
        std::stable_sort(order.begin(), order.end(), [prompts](std::size_t a, std::size_t b) {
            return prompts[a].size() > prompts[b].size();
        });
    return order;
}

}  // namespace

GenerationTimings run_generation(Runtime& runtime, std::span<const std::vector<TokenId>> prompts,
                                 std::int64_t generate, Sampler& sampler, const Progress& progress,
                                 const MemoryRoom& room, const AfterPass& after_pass) {
    if (generate < 1)
        throw Error({.message = {},
                     .file = {},
                     .field = "tokens to generate",
                     .found = std::to_string(generate),
                     .expected = "at least 1"});
    GenerationTimings timings;
    timings.token_times.resize(prompts.size());
    timings.tokens.resize(prompts.size());
    for (std::size_t i = 0; i < prompts.size(); ++i) {
        timings.token_times[i].reserve(static_cast<std::size_t>(generate));
        timings.tokens[i].reserve(static_cast<std::size_t>(generate));
    }
    const RunConfig& config = runtime.config();
    const std::vector<std::size_t> order = order_of(prompts, config.length_buckets);
    for (std::size_t i = 0; i < order.size(); ++i) timings.reordered += order[i] != i ? 1 : 0;
    const Clock::time_point start = Clock::now();
    if (config.batching == RunConfig::Batching::adaptive) {
        AdaptiveBatch(runtime, sampler, timings, prompts, order, generate, room, progress,
                      after_pass)
            .run(start);
    } else {
        const auto together = static_cast<std::size_t>(config.batch_size);
        for (std::size_t first = 0; first < order.size(); first += together) {
            Group group(runtime, sampler, timings,
                        std::span(order).subspan(first, std::min(together, order.size() - first)),
                        after_pass);
            group.prefill(prompts, start, progress);
            group.decode(generate - 1, start, progress);
        }
    }
    timings.total_seconds = seconds_since(start);
    return timings;
}

}  // namespace hone
