// SPDX-License-Identifier: Apache-2.0
// What must hold of every technique, whichever there are: read from the registry, so that a new one
// is held to it from its first day.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <set>

#include "engine/core/error.h"
#include "engine/experiment/worker/apply_recipe.h"
#include "engine/runtime/generation.h"
#include "tests/runtime/sample_model.h"
#include "tests/techniques/technique_test.h"

namespace hone {
namespace {

constexpr int kSequences = 3;
constexpr std::int64_t kGenerate = 6;

// Some techniques need what not every processor has; then they must say so.
bool supported_here(const RecipeStep& step) {
    const Checkpoint checkpoint = tiny_checkpoint();
    return technique_of(step)
        ->supports({checkpoint, read_config(checkpoint), kSequences, CpuPlace()})
        .ok;
}

struct Outcome {
    std::vector<std::vector<TokenId>> tokens;
    std::vector<float> logits;  // of the last prompt's last token
    Runtime::Counters counters;
    Checkpoint checkpoint;
    RunConfig config;
};

Outcome outcome(const Recipe& recipe) {
    Machine machine;
    Outcome result;
    Checkpoint checkpoint = tiny_checkpoint();
    const AppliedRecipe applied = apply_recipe(checkpoint, validated(recipe, builtin_registry()),
                                               kSequences, machine.context(), {});
    result.config = applied.run;
    const std::unique_ptr<Model> model = load_model(std::move(checkpoint));
    result.config.batch_size = std::min<std::int64_t>(applied.run.batch_size, kSequences);
    Runtime runtime(*model, result.config, machine.pool, static_cast<int>(result.config.batch_size),
                    64);
    std::vector<std::vector<TokenId>> prompts;
    for (int sequence = 0; sequence < kSequences; ++sequence) {
        prompts.emplace_back();
        for (int i = 0; i < 20 + 5 * sequence; ++i)
            prompts.back().push_back((sequence * 31 + i * 7) % 256);
    }
    Sampler sampler(0, 1);
    result.tokens = run_generation(runtime, prompts, kGenerate, sampler, {}).tokens;
    result.counters = runtime.counters();
    runtime.clear(0);
    const SequenceInput input{0, prompts.back()};
    const auto logits = runtime.forward(std::span(&input, 1));
    result.logits.assign(logits.begin(), logits.end());
    result.checkpoint = model->checkpoint;
    return result;
}

const Outcome& baseline() {
    static const Outcome result = outcome({});
    return result;
}

// Whether what the technique says it changes did change: seen in the weights or in what the runtime
// counted.
bool engaged(const RecipeStep& step, const Outcome& result) {
    const Slot slot = builtin_registry().find(step.technique)->slot;
    if (slot == Slot::weights) {
        if (result.checkpoint.tensors.size() != baseline().checkpoint.tensors.size()) return true;
        for (std::size_t i = 0; i < result.checkpoint.tensors.size(); ++i) {
            const StoredTensor &is = result.checkpoint.tensors[i],
                               &was = baseline().checkpoint.tensors[i];
            if (is.type != was.type ||
                std::memcmp(is.data.data(), was.data.data(), is.data.size()) != 0)
                return true;
        }
        return false;
    }
    if (slot == Slot::attention)
        return result.counters.attended_pairs < result.counters.dense_pairs;
    if (slot == Slot::tokenization)
        return result.config.merge_cache && result.config.length_buckets;
    if (slot == Slot::batching) return result.counters.batched_tokens > 0;
    if (slot == Slot::activations || slot == Slot::precision)
        return result.counters.reduced_products > 0;
    if (slot == Slot::kv_cache)
        return result.config.kv_cache != KvStorage::f32 || result.counters.kv_blocks > 0;
    return false;
}

// The baseline, by other names.
bool does_nothing(const RecipeStep& step) {
    return technique_of(step)->counters().empty();
}

TEST(Techniques, HaveOneImplementationADescriptor) {
    std::set<std::string_view> implemented;
    for (const TechniqueRow& row : techniques()) {
        SCOPED_TRACE(row.descriptor.id);
        EXPECT_TRUE(implemented.insert(row.descriptor.id).second) << "twice";
        EXPECT_NE(builtin_registry().find(row.descriptor.id), nullptr);
        if (row.descriptor.stage == Stage::transforms_weights) {
            const auto technique = row.with(default_options(row.descriptor));
            EXPECT_NE(dynamic_cast<const WeightTechnique*>(technique.get()), nullptr);
        }
    }
    EXPECT_EQ(implemented.size(), builtin_registry().descriptors().size());
}

TEST(Techniques, RunAloneInEveryVariantAndEngage) {
    for (const RecipeStep& variant : all_variants()) {
        const RecipeStep step = sharpened(variant);
        SCOPED_TRACE(step.technique + " " + step.options.dump());
        if (!supported_here(step)) {
            EXPECT_THROW(outcome({{step}}), Error);
            continue;
        }
        const Outcome result = outcome({{step}});
        EXPECT_EQ(engaged(step, result), !does_nothing(step));
        EXPECT_EQ(result.counters.non_finite_rows, 0);
        for (const float logit : result.logits) ASSERT_TRUE(std::isfinite(logit));
    }
}

TEST(Techniques, EveryCompatiblePairRunsAndEveryConflictSaysWhy) {
    const auto descriptors = builtin_registry().descriptors();
    for (const Descriptor& first : descriptors) {
        for (const Descriptor& second : descriptors) {
            if (&first == &second) continue;
            SCOPED_TRACE(std::string(first.id) + " then " + std::string(second.id));
            const RecipeStep one = sharpened({std::string(first.id), default_options(first)});
            const RecipeStep two = sharpened({std::string(second.id), default_options(second)});
            const std::string_view reason = builtin_registry().conflict(first.id, second.id);
            if (!supported_here(one) || !supported_here(two)) continue;
            if (reason.empty()) {
                const Outcome result = outcome({{one, two}});
                EXPECT_TRUE(engaged(one, result));
                EXPECT_TRUE(engaged(two, result));
                for (const float logit : result.logits) ASSERT_TRUE(std::isfinite(logit));
            } else {
                try {
                    validated({{one, two}}, builtin_registry());
                    FAIL() << "a conflict went through";
                } catch (const Error& error) {
                    EXPECT_NE(error.details().message.find(reason), std::string::npos);
                }
            }
        }
    }
}

TEST(Techniques, PlansPromiseWhatApplyingGives) {
    for (const RecipeStep& step : all_variants()) {
        SCOPED_TRACE(step.technique + " " + step.options.dump());
        Machine machine;
        for (const DType stored : {DType::f32, DType::q4_1}) {
            Checkpoint planned = with_matrices(tiny_checkpoint(), stored), applied = planned;
            for (StoredTensor& tensor : planned.tensors) tensor.data = {};
            if (!technique_of(step)
                     ->supports({planned, read_config(planned), kSequences, CpuPlace()})
                     .ok) {
                EXPECT_THROW(plan_recipe(planned, {{step}}, kSequences), Error);
                EXPECT_THROW(apply_recipe(applied, {{step}}, kSequences, machine.context(), {}),
                             Error);
                continue;
            }
            const AppliedRecipe plan = plan_recipe(planned, {{step}}, kSequences);
            const AppliedRecipe done =
                apply_recipe(applied, {{step}}, kSequences, machine.context(), {});
            EXPECT_EQ(bytes_by_type(planned), bytes_by_type(applied));
            EXPECT_EQ(plan.run.batch_size, done.run.batch_size);
            EXPECT_EQ(plan.run.kv_cache, done.run.kv_cache);
            EXPECT_EQ(plan.run.arithmetic, done.run.arithmetic);
            EXPECT_EQ(plan.left_out, done.left_out);
            for (const std::string& note : plan.notes)
                EXPECT_NE(std::find(done.notes.begin(), done.notes.end(), note), done.notes.end())
                    << note;
        }
    }
}

TEST(Techniques, ThatChangeNothingChangeNoBit) {
    const nlohmann::json nothings[] = {
        {{"technique", "kv_cache"}, {"options", {{"dtype", "fp32"}}}},
        {{"technique", "sparse_attention"}, {"options", {{"window", 64}, {"sinks", 0}}}},
        {{"technique", "sparse_attention"}, {"options", {{"window", 40}, {"sinks", 24}}}},
        {{"technique", "prune_magnitude"}, {"options", {{"sparsity", 0}}}},
        {{"technique", "prune_magnitude"}, {"options", {{"sparsity", 0}, {"scope", "global"}}}},
        {{"technique", "batching"}, {"options", {{"size", 1}}}}};
    for (const nlohmann::json& step : nothings) {
        SCOPED_TRACE(step.dump());
        const Outcome result =
            outcome(recipe_from_json(nlohmann::json::array({step}), builtin_registry()));
        EXPECT_EQ(result.tokens, baseline().tokens);
        ASSERT_EQ(result.logits.size(), baseline().logits.size());
        EXPECT_EQ(std::memcmp(result.logits.data(), baseline().logits.data(),
                              result.logits.size() * sizeof(float)),
                  0);
    }
}

TEST(Techniques, ThatAreOffAgainLeaveNothingBehind) {
    for (const RecipeStep& variant : all_variants()) {
        if (const RecipeStep step = sharpened(variant); supported_here(step)) outcome({{step}});
    }
    const Outcome again = outcome({});
    EXPECT_EQ(again.tokens, baseline().tokens);
    EXPECT_EQ(std::memcmp(again.logits.data(), baseline().logits.data(),
                          again.logits.size() * sizeof(float)),
              0);
}

// Screens show titles, never ids.
TEST(Registry, NamesEveryCounterOfEveryVariant) {
    for (const RecipeStep& step : all_variants())
        for (const CounterUse& use : make_technique(step.technique, step.options)->counters())
            for (const std::string_view id : {use.name, use.where})
                if (!id.empty()) {
                    EXPECT_NE(counter_title(builtin_registry(), step.technique, id), id)
                        << step.technique << ": " << id;
                }
    for (const Descriptor& descriptor : builtin_registry().descriptors())
        for (const Counted& counted : descriptor.counters)
            EXPECT_EQ(counted.title.find('_'), std::string_view::npos) << counted.title;
    EXPECT_EQ(counter_title(builtin_registry(), "of_another_version", "a_count"), "a_count");
}

TEST(Techniques, SayWhyTheyCannotAct) {
    const Checkpoint checkpoint = tiny_checkpoint();
    const ModelConfig config = read_config(checkpoint);
    const Support support =
        technique_with("batching")->supports({checkpoint, config, 1, CpuPlace()});
    EXPECT_FALSE(support.ok);
    EXPECT_NE(support.reason.find("concurrency"), std::string::npos);
    Checkpoint planned = tiny_checkpoint();
    EXPECT_THROW(plan_recipe(planned, {{{"batching", options_of("batching")}}}, 1), Error);
}

}  // namespace
}  // namespace hone
