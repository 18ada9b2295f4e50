// SPDX-License-Identifier: Apache-2.0
// Whether a technique engaged is read off what a run counted.
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/evaluation/bundled_text.h"
#include "engine/experiment/worker/apply_recipe.h"
#include "engine/experiment/worker/evidence.h"
#include "engine/experiment/worker/prepared.h"
#include "engine/techniques/apply/technique.h"
#include "tests/paths/paths.h"

namespace hone {
namespace {

const std::string kTinyShape = "synthetic:tiny";
// The byte tokeniser of a shape has no merges to remember; this checkpoint's has.
const std::string kWithMerges = test::fixtures() + "/hugging_face/grouped";

nlohmann::json repetition_with(const std::vector<RecipeStep>& steps,
                               const std::string& checkpoint = kTinyShape) {
    Experiment experiment;
    experiment.checkpoint = checkpoint;
    experiment.recipe = validated({steps}, builtin_registry());
    experiment.workload.prompt_tokens = 90;
    experiment.workload.prompt_lengths = "mixed:3";
    experiment.workload.generated_tokens = 6;
    experiment.workload.text = "none";
    experiment.workload.concurrency = 8;
    experiment.target.threads = 2;
    Prepared prepared(experiment, "keep", InjectedFault(), {}, {});
    prepared.repetition({});
    return messages::write(prepared.repetition({}));
}

nlohmann::json engaged_with(const std::vector<RecipeStep>& steps,
                            const std::string& checkpoint = kTinyShape) {
    return repetition_with(steps, checkpoint).at("engaged");
}

nlohmann::json counters_with(const std::vector<RecipeStep>& steps) {
    return repetition_with(steps).at("counters");
}

RecipeStep step(const std::string& id, const nlohmann::json& changes = nlohmann::json::object()) {
    nlohmann::json options = default_options(*builtin_registry().find(id));
    options.update(changes);
    return {id, options};
}

// With options that leave it something to do on the tiny shape.
RecipeStep sharpened(const std::string& id) {
    const Descriptor& descriptor = *builtin_registry().find(id);
    return {id, with_settings(descriptor, default_options(descriptor), descriptor.trial.small)};
}

// The ways of a technique that count something else, or run through other code.
std::vector<RecipeStep> variants(const std::string& id) {
    const Descriptor& descriptor = *builtin_registry().find(id);
    std::vector<RecipeStep> all{sharpened(id)};
    for (const std::string_view settings : descriptor.trial.variants)
        all.push_back({id, with_settings(descriptor, all.front().options, settings)});
    return all;
}

bool acts_on(const Checkpoint& checkpoint, const RecipeStep& step) {
    return technique_of(step)->supports({checkpoint, read_config(checkpoint), 8, CpuPlace()}).ok;
}

bool acts_here(const RecipeStep& step) {
    static const Checkpoint kTiny = open_checkpoint(kTinyShape, false);
    return step.technique != "tokenization" && acts_on(kTiny, step);
}

bool compatible(const RecipeStep& one, const RecipeStep& two) {
    return builtin_registry().conflict(one.technique, two.technique).empty();
}

// What one leaves may be nothing that the other can act on: int4 groups are not multiplied in int8.
bool act_together(const RecipeStep& one, const RecipeStep& two) {
    Checkpoint plan = open_checkpoint(kTinyShape, false);
    try {
        plan_recipe(plan, {{one, two}}, 8);
    } catch (const Error& refused) {
        EXPECT_NE(std::string(refused.what()).find(": "), std::string::npos)
            << "without its reason";
        return false;
    }
    return true;
}

void expect_both_engaged(const RecipeStep& one, const RecipeStep& two,
                         const std::string& checkpoint) {
    const nlohmann::json evidence = engaged_with({one, two}, checkpoint);
    for (const RecipeStep& step : {one, two})
        EXPECT_EQ(evidence.at(step.technique).at("engaged"), true)
            << one.technique << " " << one.options << " then " << two.technique << " "
            << two.options << ": " << evidence.dump();
}

TEST(Evidence, MovesForEveryTechniqueThatActs) {
    for (const Descriptor& descriptor : builtin_registry().descriptors()) {
        const std::string id(descriptor.id);
        SCOPED_TRACE(id);
        const RecipeStep one = sharpened(id);
        if (!acts_here(one)) continue;
        const nlohmann::json evidence = engaged_with({one}).at(id);
        EXPECT_EQ(evidence.at("engaged"), true) << evidence.dump();
        EXPECT_GT(evidence.at("value").get<std::int64_t>(), 0);
    }
}

TEST(Evidence, OfEveryCompatiblePairMovesForBoth) {
    const auto descriptors = builtin_registry().descriptors();
    int pairs = 0;
    for (std::size_t i = 0; i < descriptors.size(); ++i) {
        for (std::size_t j = i + 1; j < descriptors.size(); ++j) {
            for (const RecipeStep& one : variants(std::string(descriptors[i].id))) {
                for (const RecipeStep& two : variants(std::string(descriptors[j].id))) {
                    if (!compatible(one, two) || !acts_here(one) || !acts_here(two)) continue;
                    if (!act_together(one, two)) continue;
                    expect_both_engaged(one, two, kTinyShape);
                    ++pairs;
                }
            }
        }
    }
    EXPECT_GE(pairs, 60);
}

TEST(Evidence, OfTokenizationMovesBesideEveryOther) {
    const Checkpoint checkpoint = open_checkpoint(kWithMerges, false);
    const RecipeStep tokenization = step("tokenization");
    const nlohmann::json alone = engaged_with({tokenization}, kWithMerges).at("tokenization");
    EXPECT_EQ(alone.at("engaged"), true) << alone;
    EXPECT_GT(alone.at("counters").at("merge_cache_hits"), 0);
    EXPECT_GT(alone.at("counters").at("reordered_prompts"), 0);
    int pairs = 0;
    for (const Descriptor& descriptor : builtin_registry().descriptors()) {
        const RecipeStep other = sharpened(std::string(descriptor.id));
        if (descriptor.id == "tokenization" || !compatible(tokenization, other) ||
            !acts_on(checkpoint, other))
            continue;
        expect_both_engaged(tokenization, other, kWithMerges);
        ++pairs;
    }
    EXPECT_GE(pairs, 5);
}

// What a cache finds is what comes again within one repetition's prompts, however many repetitions
// there were.
TEST(Evidence, AMergeCacheBeginsEachRepetitionEmpty) {
    Experiment experiment;
    experiment.checkpoint = kWithMerges;
    experiment.recipe = validated({{step("tokenization")}}, builtin_registry());
    experiment.workload.prompt_tokens = 40;
    experiment.workload.generated_tokens = 2;
    experiment.workload.text = "none";
    experiment.target.threads = 1;
    Prepared prepared(experiment, "keep", InjectedFault(), {}, {});
    const auto hits = [&prepared] {
        return prepared.repetition({}).counters.at("merge_cache_hits");
    };
    const std::int64_t first = hits();
    EXPECT_GT(first, 0);
    EXPECT_EQ(hits(), first);
}

// Both of what the options ask for, or it did not engage.
TEST(Evidence, OfSeveralCountersIsThatAllMoved) {
    const RecipeStep both = step("kv_cache", {{"dtype", "int8"}, {"layout", "paged"}});
    const auto evidence = [&both](std::int64_t tokens, std::int64_t blocks) {
        return engagement({{both}}, {{"reduced_kv_tokens", tokens}, {"kv_blocks", blocks}})
            .at("kv_cache");
    };
    const std::map<std::string, std::int64_t> counters{{"reduced_kv_tokens", 5}, {"kv_blocks", 3}};
    EXPECT_EQ(evidence(5, 3).engaged, true);
    EXPECT_EQ(evidence(5, 3).counters, counters);
    EXPECT_EQ(evidence(5, 0).engaged, false);
    EXPECT_EQ(evidence(5, 0).counter, "kv_blocks");
    EXPECT_EQ(evidence(0, 3).counter, "reduced_kv_tokens");
}

TEST(Evidence, OfZerosLeftOutIsThatProductsSkipThem) {
    const RecipeStep pruned = step("prune_magnitude");
    const auto evidence = [&pruned](std::int64_t left_out, std::int64_t skipped) {
        return engagement(
                   {{pruned}},
                   {{"zero_weights", 9}, {"left_out_zeros", left_out}, {"skipped_zeros", skipped}})
            .at("prune_magnitude");
    };
    EXPECT_EQ(evidence(9, 20).engaged, true);
    EXPECT_EQ(evidence(9, 0).engaged, false);
    EXPECT_EQ(evidence(9, 0).counter, "skipped_zeros");
    EXPECT_EQ(evidence(0, 0).engaged, true)
        << "no matrix is smaller without them, and a note says so";
}

TEST(Evidence, StaysWhereATechniqueFindsNothingToDo) {
    EXPECT_EQ(engaged_with({step("sparse_attention", {{"window", 4096}})})
                  .at("sparse_attention")
                  .at("engaged"),
              false);
    EXPECT_EQ(engaged_with({step("sparse_attention", {{"kind", "top_pages"}, {"keep", 100}})})
                  .at("sparse_attention")
                  .at("engaged"),
              false);
    EXPECT_EQ(engaged_with({step("batching", {{"size", 1}})}).at("batching").at("engaged"), false);
    EXPECT_EQ(engaged_with({step("prune_magnitude", {{"sparsity", 0}})})
                  .at("prune_magnitude")
                  .at("engaged"),
              false);
    EXPECT_EQ(engaged_with({step("tokenization")}).at("tokenization").at("engaged"), false);
}

TEST(Evidence, CountsTheZerosThatWereNotRead) {
    const auto skipped = [](const nlohmann::json& options) {
        return counters_with({step("prune_magnitude", options)})
            .at("skipped_zeros")
            .get<std::int64_t>();
    };
    EXPECT_GT(skipped(nlohmann::json::object()), 0);
    EXPECT_EQ(skipped({{"storage", "dense"}}), 0);
    // What leaves zeros out converts no weights.
    const nlohmann::json counters = counters_with({step("prune_magnitude")});
    EXPECT_EQ(counters.at("converted_products"), 0);
}

TEST(Evidence, HasNothingToSayOfTheBaselinesOwnOptions) {
    EXPECT_TRUE(engaged_with({step("kv_cache", {{"dtype", "fp32"}})})
                    .at("kv_cache")
                    .at("engaged")
                    .is_null());
    EXPECT_TRUE(engaged_with({}).empty());
}

TEST(Evidence, NamesACounterThatRunsHave) {
    const CounterValues counters = counter_values({}, {}, {}, {}, nullptr, 0);
    for (const TechniqueRow& row : techniques()) {
        for (const CounterUse& use : row.with(default_options(row.descriptor))->counters()) {
            EXPECT_NE(counters.contains(use.name), use.of_shapes != nullptr)
                << row.descriptor.id << ": " << use.name;
            EXPECT_TRUE(use.where.empty() || counters.contains(use.where)) << use.where;
        }
    }
}

// A product that cannot be computed as asked is computed in fp32, and seen: here the instructions
// are taken away after the recipe was accepted.
TEST(Evidence, OfAFallbackIsThatNothingMoved) {
    for (const RecipeStep& reduced : {step("quantize_activations"), step("precision")}) {
        SCOPED_TRACE(reduced.technique);
        if (!acts_here(reduced)) continue;
        const Recipe recipe = validated({{reduced}}, builtin_registry());
        kernels::ThreadPool pool(1);
        kernels::Workspace workspace(1);
        Checkpoint checkpoint = open_checkpoint(kTinyShape);
        const kernels::Context context{kernels::best_isa(), pool, workspace};
        RunConfig config = apply_recipe(checkpoint, recipe, 1, context, {}).run;
        const std::unique_ptr<Model> model = load_model(std::move(checkpoint));
        const auto engaged = [&] {
            Runtime runtime(*model, config, pool, 1, 32);
            Sampler sampler(0, 1);
            const std::vector<std::vector<TokenId>> prompts{{1, 2, 3, 4}};
            const GenerationTimings timings = run_generation(runtime, prompts, 3, sampler, {});
            return engagement(recipe,
                              counter_values({}, runtime.counters(), config, timings, nullptr, 0))
                .at(reduced.technique)
                .engaged;
        };
        EXPECT_EQ(engaged(), true);
        config.isa = kernels::Isa::baseline;
        ASSERT_FALSE(kernels::has_arithmetic(config.arithmetic, config.isa));
        EXPECT_EQ(engaged(), false);
    }
}

// Accuracy is scored before what techniques calibrate on; who asks for every window is told.
TEST(Calibration, IsNotScoredUnlessAllWindowsAreAskedFor) {
    const auto described = [](std::int64_t windows, const std::vector<RecipeStep>& steps) {
        Experiment experiment;
        experiment.checkpoint = kTinyShape;
        experiment.recipe = validated({steps}, builtin_registry());
        experiment.workload.prompt_tokens = 8;
        experiment.workload.generated_tokens = 2;
        experiment.workload.context = 512;
        experiment.workload.windows = windows;
        experiment.target.threads = 1;
        return Prepared(experiment, "keep", InjectedFault(), {}, {}).description();
    };
    const auto overlap_noted = [](const messages::PrepareReply& description) {
        return std::any_of(
            description.notes.begin(), description.notes.end(), [](const std::string& note) {
                return note.find("overlaps the calibration of prune_layers") != std::string::npos;
            });
    };
    const std::vector<RecipeStep> calibrated{sharpened("prune_layers")};
    // A token a byte: every window of the first two thirds, and no more, with a recipe and without.
    const auto most = static_cast<std::int64_t>(calibration_begin()) / 512;
    for (const std::vector<RecipeStep>& steps : {calibrated, {}}) {
        const messages::PrepareReply description = described(10'000, steps);
        EXPECT_EQ(description.text.value().windows, most);
        EXPECT_FALSE(overlap_noted(description));
    }
    const messages::PrepareReply all = described(0, calibrated);
    EXPECT_GT(all.text.value().windows, most);
    EXPECT_TRUE(overlap_noted(all));
    EXPECT_FALSE(overlap_noted(described(0, {sharpened("kv_cache")})));
}

}  // namespace
}  // namespace hone
