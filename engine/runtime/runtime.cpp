// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/runtime.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/core/error.h"
#include "engine/runtime/attention_mask.h"
#include "engine/runtime/cpu_place.h"
#include "engine/runtime/executor.h"
#include "engine/runtime/kv_cache.h"
#include "engine/runtime/memory_plan.h"
#include "engine/runtime/pass.h"

namespace hone {
namespace {

// A slot: what it holds is in its cache or, with the cache off, in its history.
struct Sequence {
    std::unique_ptr<KvCache> cache;
    std::unique_ptr<PageBounds> bounds;
    std::vector<TokenId> history;

    std::int64_t length() const {
        return cache ? cache->length() : static_cast<std::int64_t>(history.size());
    }
    void trim(std::int64_t length) {
        if (cache) cache->trim(length);
        if (length < static_cast<std::int64_t>(history.size()))
            history.resize(static_cast<std::size_t>(length));
    }
};

void check_config(const Model& model, const RunConfig& config, int max_sequences,
                  std::int64_t max_context) {
    const auto require = [](bool ok, const char* field, std::int64_t found,
                            const std::string& expected) {
        if (!ok)
            throw Error({.message = {},
                         .file = {},
                         .field = field,
                         .found = std::to_string(found),
                         .expected = expected});
    };
    require(max_sequences >= 1, "sequences", max_sequences, "at least 1");
    require(config.batch_size >= 1 && config.batch_size <= max_sequences, "batch size",
            config.batch_size,
            fmt::format("1 to {}, the sequences that there is room for", max_sequences));
    require(config.prefill_chunk >= 1, "prefill chunk", config.prefill_chunk, "at least 1 token");
    require(max_context >= 1, "context", max_context, "at least 1 token");
    if (config.attention.kind == AttentionMask::Kind::window) {
        require(config.attention.window >= 1, "attention window", config.attention.window,
                "at least 1 token");
        require(config.attention.sinks >= 0, "attention sinks", config.attention.sinks,
                "at least 0");
    }
    if (config.attention.kind == AttentionMask::Kind::pages)
        require(config.attention.keep >= 1, "attention pages", config.attention.keep,
                "at least 1 page");
    if (max_context > model.config.context_length)
        throw Error({.message = fmt::format(
                         "{}: {} tokens of context were asked for, {} more than the model's {}; "
                         "shorten the prompt or generate fewer tokens",
                         model.checkpoint.source, max_context,
                         max_context - model.config.context_length, model.config.context_length),
                     .file = model.checkpoint.source,
                     .field = "context",
                     .found = std::to_string(max_context),
                     .expected = fmt::format("at most {}", model.config.context_length)});
    const auto isas = kernels::available_isas();
    if (std::find(isas.begin(), isas.end(), config.isa) == isas.end())
        throw Error(
            fmt::format("this machine has no {} instructions", kernels::isa_name(config.isa)));
}

}  // namespace

struct Runtime::Impl {
    Impl(const Model& the_model, const RunConfig& the_config, const Place& the_place,
         kernels::ThreadPool& the_pool, std::unique_ptr<Executor> the_executor, int max_sequences,
         std::int64_t the_max_context)
        : model(the_model),
          config(the_config),
          place(the_place),
          pool(the_pool),
          max_context(the_max_context),
          executor(std::move(the_executor)),
          sequences(static_cast<std::size_t>(max_sequences)) {
        for (Sequence& sequence : sequences) {
            if (config.attention.kind == AttentionMask::Kind::pages)
                sequence.bounds =
                    std::make_unique<PageBounds>(model.config, config.attention.page_shift);
            if (config.kv_cache != KvStorage::off) sequence.cache = executor->make_cache();
        }
    }

    void check(std::span<const SequenceInput> batch) const;
    void forward_cached(std::span<const SequenceInput> batch, const Progress& progress);
    void forward_uncached(std::span<const SequenceInput> batch, const Progress& progress);
    void run(const Progress& progress);
    void count_pairs();
    void count(std::span<const SequenceInput> batch);

    Sequence& slot(int sequence) { return sequences[static_cast<std::size_t>(sequence)]; }
    const Sequence& slot(int sequence) const {
        return sequences[static_cast<std::size_t>(sequence)];
    }

    const Model& model;
    const RunConfig config;
    const Place& place;
    kernels::ThreadPool& pool;
    const std::int64_t max_context;
    std::unique_ptr<Executor> executor;
    std::vector<Sequence> sequences;
    std::vector<std::int64_t> lengths_before;
    Pass pass;
    Counters counters;
    bool measures_mass = false;
    Tracing tracing;
};

void Runtime::Impl::check(std::span<const SequenceInput> batch) const {
    if (batch.empty()) throw Error("a forward pass needs at least one sequence");
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const SequenceInput& input = batch[i];
        if (input.sequence < 0 || input.sequence >= static_cast<int>(sequences.size()))
            throw Error({.message = {},
                         .file = {},
                         .field = "sequence",
                         .found = std::to_string(input.sequence),
                         .expected = fmt::format("0 to {}", sequences.size() - 1)});
        for (std::size_t j = 0; j < i; ++j) {
            if (batch[j].sequence == input.sequence)
                throw Error(fmt::format("sequence {} appears twice in a batch", input.sequence));
        }
        if (input.tokens.empty())
            throw Error(fmt::format("sequence {} has no new tokens", input.sequence));
        for (const TokenId token : input.tokens) {
            if (token < 0 || token >= model.config.n_vocab)
                throw Error({.message = {},
                             .file = model.checkpoint.source,
                             .field = "token id",
                             .found = std::to_string(token),
                             .expected = fmt::format("0 to {}", model.config.n_vocab - 1)});
        }
        const std::int64_t held = slot(input.sequence).length();
        const auto added = static_cast<std::int64_t>(input.tokens.size());
        if (added > max_context - held)
            throw Error({.message = {},
                         .file = {},
                         .field = fmt::format("context of sequence {}", input.sequence),
                         .found = fmt::format("{} tokens and {} more, {} in all", held, added,
                                              held + added),
                         .expected = fmt::format("at most {}", max_context)});
    }
}

void Runtime::Impl::count_pairs() {
    // Layers differ only in whether they are among the dense ones.
    const std::int64_t layers = model.config.n_layers;
    const std::int64_t dense = config.attention.kind == AttentionMask::Kind::pages
                                   ? std::min(config.attention.dense_layers, layers)
                                   : 0;
    for (const Segment& segment : pass.segments) {
        for (std::int64_t i = 0; i < segment.rows; ++i) {
            const std::int64_t position = segment.position + i;
            const std::int64_t pairs =
                dense * (position + 1) +
                (layers - dense) * attended_positions(config.attention, position, dense);
            counters.attended_pairs += model.config.n_heads * pairs;
            counters.skipped_pairs += model.config.n_heads * (layers * (position + 1) - pairs);
        }
    }
}

void Runtime::Impl::run(const Progress& progress) {
    const std::int64_t slice =
        std::min(pass.rows, pass_limit(config, static_cast<std::int64_t>(pass.segments.size())));
    count_pairs();
    executor->run(pass, slice, tracing, measures_mass, counters, progress);
    for (const Segment& segment : pass.segments) {
        if (segment.cache != nullptr) segment.cache->advance(std::ssize(segment.tokens));
    }
}

// The batch's tokens in passes of at most pass_limit(): neighbouring sequences share a pass, a long
// one spans several.
void Runtime::Impl::forward_cached(std::span<const SequenceInput> batch, const Progress& progress) {
    for (const SequenceInput& input : batch) {
        KvCache& cache = *slot(input.sequence).cache;
        cache.reserve(cache.length() + static_cast<std::int64_t>(input.tokens.size()));
    }
    const std::int64_t limit = pass_limit(config, static_cast<std::int64_t>(batch.size()));
    pass.clear();
    for (const SequenceInput& input : batch) {
        KvCache& cache = *slot(input.sequence).cache;
        std::span<const TokenId> rest = input.tokens;
        while (!rest.empty()) {
            const auto count = std::min(static_cast<std::int64_t>(rest.size()), limit - pass.rows);
            const std::span<const TokenId> now = rest.first(static_cast<std::size_t>(count));
            rest = rest.subspan(static_cast<std::size_t>(count));
            pass.add(now, cache.length(),
                     input.all_logits ? count
                     : rest.empty()   ? 1
                                      : 0,
                     &cache, slot(input.sequence).bounds.get());
            if (pass.rows < limit) continue;
            run(progress);
            pass.clear();
        }
    }
    if (pass.rows > 0) run(progress);
}

// One pass over the whole of every sequence of the batch.
void Runtime::Impl::forward_uncached(std::span<const SequenceInput> batch,
                                     const Progress& progress) {
    pass.clear();
    for (const SequenceInput& input : batch) {
        std::vector<TokenId>& history = slot(input.sequence).history;
        const auto held = static_cast<std::int64_t>(history.size());
        history.insert(history.end(), input.tokens.begin(), input.tokens.end());
        counters.recomputed_tokens += held;
        pass.add(history, 0, input.all_logits ? std::ssize(input.tokens) : 1, nullptr,
                 slot(input.sequence).bounds.get());
    }
    run(progress);
}

void Runtime::Impl::count(std::span<const SequenceInput> batch) {
    const std::int64_t per_pair = model.config.n_layers * model.config.n_heads;
    for (const SequenceInput& input : batch) {
        const auto added = static_cast<std::int64_t>(input.tokens.size());
        const std::int64_t held = slot(input.sequence).length() - added;
        counters.forward_tokens += added;
        if (config.kv_cache == KvStorage::f16 || config.kv_cache == KvStorage::i8)
            counters.reduced_kv_tokens += added;
        counters.dense_pairs += (added * held + added * (added + 1) / 2) * per_pair;
        if (batch.size() > 1 && held > 0 && added == 1) ++counters.batched_tokens;
    }
}

namespace {

Place& this_machine() {
    static CpuPlace place;
    return place;
}

}  // namespace

Runtime::Runtime(const Model& model, const RunConfig& config, kernels::ThreadPool& pool,
                 int max_sequences, std::int64_t max_context)
    : Runtime(model, config, pool, max_sequences, max_context, this_machine(), {}) {}

Runtime::Runtime(const Model& model, const RunConfig& config, kernels::ThreadPool& pool,
                 int max_sequences, std::int64_t max_context, Place& place,
                 const Progress& progress) {
    check_config(model, config, max_sequences, max_context);
    impl_ = std::make_unique<Impl>(
        model, config, place, pool,
        place.make_executor(model, config, pool, max_sequences, max_context, progress),
        max_sequences, max_context);
}

Runtime::~Runtime() = default;

std::span<const float> Runtime::forward(std::span<const SequenceInput> batch,
                                        const Progress& progress) {
    Impl& it = *impl_;
    it.check(batch);
    std::int64_t rows = 0;
    it.lengths_before.clear();
    for (const SequenceInput& input : batch) {
        rows += input.all_logits ? static_cast<std::int64_t>(input.tokens.size()) : 1;
        it.lengths_before.push_back(it.slot(input.sequence).length());
    }
    const bool extends = std::all_of(batch.begin(), batch.end(), [&it](const SequenceInput& input) {
        return input.tokens.size() == 1 && it.slot(input.sequence).length() > 0;
    });
    it.tracing.phase = extends ? profiler::TracePhase::decode : profiler::TracePhase::prefill;
    it.executor->begin(rows);
    try {
        if (it.config.kv_cache == KvStorage::off)
            it.forward_uncached(batch, progress);
        else
            it.forward_cached(batch, progress);
    } catch (...) {  // a sequence holds all of its new tokens or none
        for (std::size_t i = 0; i < batch.size(); ++i)
            it.slot(batch[i].sequence).trim(it.lengths_before[i]);
        throw;
    }
    it.count(batch);
    return it.executor->logits();
}

void Runtime::clear(int sequence) {
    trim(sequence, 0);
}

std::int64_t Runtime::length(int sequence) const {
    return impl_->sequences.at(static_cast<std::size_t>(sequence)).length();
}

void Runtime::trim(int sequence, std::int64_t length) {
    impl_->sequences.at(static_cast<std::size_t>(sequence)).trim(std::max<std::int64_t>(length, 0));
}

void Runtime::trace(profiler::TraceRecorder* recorder) {
    impl_->tracing.recorder = recorder;
}

profiler::TraceRecorder* Runtime::tracer() const {
    return impl_->tracing.recorder;
}

void Runtime::describe(profiler::CudaRecording& recording) const {
    impl_->executor->describe(recording);
}

profiler::TracePhase Runtime::last_phase() const {
    return impl_->tracing.phase;
}

void Runtime::measure_attention_mass(bool on) {
    impl_->measures_mass = on;
}

std::int64_t Runtime::sequence_bytes(std::int64_t length) const {
    const Sequence& any = impl_->sequences.front();
    return (any.cache ? any.cache->bytes_for(length) : 0) +
           bounds_bytes(impl_->model.config, impl_->config, length);
}

void Runtime::shrink() {
    for (Sequence& sequence : impl_->sequences) {
        if (sequence.cache) sequence.cache->shrink();
    }
    impl_->executor->shrink();
}

const Model& Runtime::model() const {
    return impl_->model;
}

const RunConfig& Runtime::config() const {
    return impl_->config;
}

const Place& Runtime::place() const {
    return impl_->place;
}

kernels::ThreadPool& Runtime::pool() const {
    return impl_->pool;
}

MemoryByClass Runtime::memory() const {
    MemoryByClass memory = impl_->executor->memory();
    for (const Sequence& sequence : impl_->sequences) {
        if (sequence.cache) memory[MemoryClass::kv_cache] += sequence.cache->bytes();
        if (sequence.bounds) memory[MemoryClass::kv_cache] += sequence.bounds->bytes();
    }
    return memory;
}

void Runtime::begin_peak() {
    impl_->executor->begin_peak();
}

MemoryByClass Runtime::peak_memory() const {
    return impl_->executor->peak_memory();
}

const Runtime::Counters& Runtime::counters() const {
    return impl_->counters;
}

}  // namespace hone
