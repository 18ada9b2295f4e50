// SPDX-License-Identifier: Apache-2.0
// Models and runs whose memory is planned, and then allocated.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/formats/synthetic.h"
#include "engine/model/model.h"
#include "engine/runtime/generation.h"
#include "engine/runtime/memory_plan.h"
#include "engine/runtime/runtime.h"
#include "tests/runtime/sample_model.h"

namespace hone {

// synthetic:tiny in every family, and in a type whose vectors are expanded.
inline std::map<std::string, std::unique_ptr<Model>> planned_models() {
    std::map<std::string, std::unique_ptr<Model>> models;
    for (const Family* family : families()) {
        SyntheticShape shape = synthetic_shapes().front();
        shape.family = family->name;
        models[std::string(family->name)] = load_model(make_synthetic(shape, true));
    }
    models["int8 rows"] = tiny_model(DType::i8_channel);
    models["bf16"] = tiny_model(DType::bf16);
    return models;
}

// What techniques make of a run.
inline std::map<std::string, RunConfig> planned_runs() {
    std::map<std::string, RunConfig> runs;
    runs["baseline"] = {};
    runs["three together"].batch_size = 3;
    runs["chunks"].prefill_chunk = 64;
    RunConfig& chunks = runs["chunks of three"];
    chunks.prefill_chunk = 70;
    chunks.batch_size = 3;
    runs["no cache"].kv_cache = KvStorage::off;
    RunConfig& uncached = runs["no cache, three together"];
    uncached.kv_cache = KvStorage::off;
    uncached.batch_size = 3;
    runs["fp16 cache"].kv_cache = KvStorage::f16;
    RunConfig& int8 = runs["int8 pages"];
    int8.kv_cache = KvStorage::i8;
    int8.kv_layout = KvLayout::paged;
    int8.kv_block_shift = 5;
    int8.batch_size = 2;
    RunConfig& window = runs["window"];
    window.attention.kind = AttentionMask::Kind::window;
    window.attention.window = 16;
    window.attention.sinks = 4;
    RunConfig& pages = runs["chosen pages"];
    pages.attention.kind = AttentionMask::Kind::pages;
    pages.attention.keep = 3;
    pages.attention.dense_layers = 1;
    RunConfig& all_pages = runs["chosen pages of two"];
    all_pages.attention.kind = AttentionMask::Kind::pages;
    all_pages.attention.keep = 2;
    all_pages.batch_size = 2;
    runs["int8 products"].arithmetic = kernels::Arithmetic::i8;
    RunConfig& output = runs["int8 products, output too"];
    output.arithmetic = kernels::Arithmetic::i8;
    output.reduced_output = true;
    output.batch_size = 2;
    runs["bf16 products"].arithmetic = kernels::Arithmetic::bf16;
    return runs;
}

struct PlannedLength {
    std::int64_t prompt, generate;
};
inline constexpr PlannedLength kPlannedLengths[] = {{1, 3}, {9, 4}, {150, 20}, {40, 1}};

inline RunSizes sizes_of(const RunConfig& run, const PlannedLength& length) {
    const std::int64_t positions = length.prompt + length.generate - 1;
    return {.threads = 1,
            .sequences = run.batch_size,
            .context = positions,
            .positions = positions,
            .prompt = length.prompt};
}

inline GenerationTimings generate(Runtime& runtime, const PlannedLength& length) {
    const std::vector<std::vector<TokenId>> prompts(
        static_cast<std::size_t>(runtime.config().batch_size),
        std::vector<TokenId>(static_cast<std::size_t>(length.prompt), 65));
    Sampler sampler(0, 1);
    return run_generation(runtime, prompts, length.generate, sampler, {});
}

inline constexpr MemoryClass kPlannedClasses[] = {MemoryClass::weights, MemoryClass::kv_cache,
                                                  MemoryClass::activations, MemoryClass::workspace};

}  // namespace hone
