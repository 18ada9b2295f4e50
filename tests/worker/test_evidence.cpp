// SPDX-License-Identifier: Apache-2.0
// Whether a technique engaged is read off what a run counted.
#include <gtest/gtest.h>

#include "engine/experiment/worker/evidence.h"
#include "engine/experiment/worker/prepared.h"
#include "engine/techniques/apply/technique.h"

namespace hone {
namespace {

nlohmann::json repetition_with(const std::vector<RecipeStep>& steps) {
    Experiment experiment;
    experiment.checkpoint = "synthetic:tiny";
    experiment.recipe = validated({steps}, builtin_registry());
    experiment.workload.prompt_tokens = 90;
    experiment.workload.prompt_lengths = "mixed:3";
    experiment.workload.generated_tokens = 6;
    experiment.workload.text = "none";
    experiment.workload.concurrency = 8;
    experiment.target.threads = 2;
    Prepared prepared(experiment, "keep", Fault(), {}, {});
    prepared.repetition({});
    return prepared.repetition({});
}

nlohmann::json engaged_with(const std::vector<RecipeStep>& steps) {
    return repetition_with(steps).at("engaged");
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
    static const std::map<std::string, nlohmann::json> kSharper{
        {"prune_layers", {{"layers", 1}, {"keep_ends", 0}, {"tokens", 64}}},
        {"prune_wanda", {{"tokens", 64}}},
        {"sparse_attention", {{"window", 8}}}};
    return step(id, kSharper.contains(id) ? kSharper.at(id) : nlohmann::json::object());
}

bool acts_here(const RecipeStep& step) {
    static const Checkpoint kTiny = open_checkpoint("synthetic:tiny", false);
    // The byte tokeniser has no merges to remember; SmolLM2's is tested with its own tokeniser.
    return step.technique != "tokenization" &&
           find_technique(step.technique)->supports({kTiny, read_config(kTiny), step.options, 8}).ok;
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
            const RecipeStep one = sharpened(std::string(descriptors[i].id)),
                             two = sharpened(std::string(descriptors[j].id));
            if (!builtin_registry().conflict(one.technique, two.technique).empty()) continue;
            if (!acts_here(one) || !acts_here(two)) continue;
            const nlohmann::json evidence = engaged_with({one, two});
            for (const RecipeStep& step : {one, two})
                EXPECT_EQ(evidence.at(step.technique).at("engaged"), true)
                    << one.technique << " then " << two.technique << ": " << evidence.dump();
            ++pairs;
        }
    }
    EXPECT_GE(pairs, 20);
}

TEST(Evidence, StaysWhereATechniqueFindsNothingToDo) {
    EXPECT_EQ(
        engaged_with({step("sparse_attention", {{"window", 4096}})}).at("sparse_attention").at("engaged"),
        false);
    EXPECT_EQ(engaged_with({step("sparse_attention", {{"kind", "top_pages"}, {"keep", 100}})})
                  .at("sparse_attention")
                  .at("engaged"),
              false);
    EXPECT_EQ(engaged_with({step("batching", {{"size", 1}})}).at("batching").at("engaged"), false);
    EXPECT_EQ(engaged_with({step("prune_magnitude", {{"sparsity", 0}})}).at("prune_magnitude").at("engaged"),
              false);
    EXPECT_EQ(engaged_with({step("tokenization")}).at("tokenization").at("engaged"), false);
}

TEST(Evidence, CountsTheZerosThatWereNotRead) {
    const auto skipped = [](const nlohmann::json& options) {
        return counters_with({step("prune_magnitude", options)}).at("skipped_zeros").get<std::int64_t>();
    };
    EXPECT_GT(skipped(nlohmann::json::object()), 0);
    EXPECT_EQ(skipped({{"storage", "dense"}}), 0);
    // What leaves zeros out converts no weights.
    const nlohmann::json counters = counters_with({step("prune_magnitude")});
    EXPECT_EQ(counters.at("converted_products"), 0);
}

TEST(Evidence, HasNothingToSayOfTheBaselinesOwnOptions) {
    EXPECT_TRUE(engaged_with({step("kv_cache", {{"dtype", "fp32"}})}).at("kv_cache").at("engaged").is_null());
    EXPECT_TRUE(engaged_with({}).empty());
}

TEST(Evidence, NamesACounterThatRunsHave) {
    const CounterValues counters = counter_values({}, {}, {}, {}, nullptr, 0);
    for (const Technique& technique : techniques()) {
        const auto name = technique.counter(default_options(technique.descriptor));
        EXPECT_TRUE(counters.contains(name)) << technique.descriptor.id << ": " << name;
    }
}

// A product that cannot be computed as asked is computed in fp32, and seen.
TEST(Evidence, OfAFallbackIsThatNothingMoved) {
    Runtime::Counters after;
    after.products_of_type[static_cast<std::size_t>(DType::f32)] = 14;
    RunConfig config;
    config.arithmetic = kernels::Arithmetic::i8;
    const CounterValues counters = counter_values({}, after, config, {}, nullptr, 0);
    const nlohmann::json evidence = engagement({{step("quantize_activations")}}, counters);
    EXPECT_EQ(evidence.at("quantize_activations").at("engaged"), false);
}

}  // namespace
}  // namespace hone
