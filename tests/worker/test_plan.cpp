// SPDX-License-Identifier: Apache-2.0
// What predict says of an experiment against what prepare does of it, where memory is short.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "engine/core/error.h"
#include "engine/experiment/protocol/messages/exports.h"
#include "engine/experiment/worker/experiment_plan.h"
#include "engine/experiment/worker/prepared.h"
#include "engine/experiment/worker/requests.h"
#include "engine/formats/checkpoint.h"
#include "engine/formats/gguf.h"
#include "engine/runtime/cpu_place.h"
#include "engine/techniques/apply/technique.h"

namespace hone {
namespace {

// Before anything asks for the plug-in, which is looked for once.
const int kPluginChosen = ::setenv("HONE_CUDA_PLUGIN", HONE_EMULATED_PLUGIN, 1);

class Dice {
public:
    explicit Dice(unsigned seed) : engine_(seed) {}
    std::int64_t between(std::int64_t least, std::int64_t most) {
        return std::uniform_int_distribution<std::int64_t>(least, most)(engine_);
    }
    template <typename List>
    auto one_of(const List& list) {
        return *std::next(std::begin(list), between(0, std::ssize(list) - 1));
    }

private:
    std::mt19937 engine_;
};

// A technique's defaults, what makes it act on small models, and sometimes a variant of that.
RecipeStep some_step(const Descriptor& descriptor, Dice& dice) {
    nlohmann::json options =
        with_settings(descriptor, default_options(descriptor), descriptor.trial.small);
    if (!descriptor.trial.variants.empty() && dice.between(0, 1) == 1)
        options = with_settings(descriptor, options, dice.one_of(descriptor.trial.variants));
    return {std::string(descriptor.id), options};
}

Experiment some_experiment(Dice& dice) {
    Experiment experiment;
    experiment.checkpoint = "synthetic:tiny";
    for (std::int64_t steps = dice.between(0, 2); steps > 0; --steps) {
        Recipe longer = experiment.recipe;
        longer.steps.push_back(some_step(dice.one_of(builtin_registry().descriptors()), dice));
        try {
            experiment.recipe = validated(longer, builtin_registry());
        } catch (const Error&) {  // the two exclude each other
        }
    }
    Workload& workload = experiment.workload;
    workload.concurrency = static_cast<int>(dice.between(1, 9));
    workload.prompt_tokens = dice.between(1, 300);
    workload.prompt_lengths = dice.between(0, 3) == 0 ? "mixed:3" : "fixed";
    workload.generated_tokens = dice.between(1, 12);
    workload.text = dice.between(0, 1) == 0 ? "none" : "bundled";
    workload.context = dice.between(2, 9) * 64;
    workload.stride = workload.context / 2;
    workload.windows = 1;
    experiment.target.threads = static_cast<int>(dice.between(1, 3));
    return experiment;
}

// This machine with so much memory left.
auto places_with(std::int64_t free) {
    return [free](const Target&) -> std::unique_ptr<Place> {
        return std::make_unique<CpuPlace>([free] { return free; });
    };
}

// How a request ended: the words of its refusal, or none.
template <typename Work>
std::string refused(const Work& work) {
    try {
        work();
        return {};
    } catch (const Error& error) {
        const ErrorDetails& details = error.details();
        return details.message + '|' + details.field + '|' + details.found + '|' +
               details.expected + '|' + details.summary;
    }
}

std::string refusal_of(const messages::PredictReply& reply) {
    return refused([&] {
        if (reply.refusal) throw Error(*reply.refusal);
        if (reply.shortage) throw Error(*reply.shortage);
    });
}

// As predict says it, whether it throws or replies.
std::string predicted(const Experiment& experiment, WorkerContext& context) {
    std::string verdict;
    const std::string thrown = refused([&] {
        const messages::PredictReply reply =
            answer(messages::Predict{.experiment = experiment}, context);
        verdict = refusal_of(reply);
        EXPECT_EQ(reply.fits, !reply.shortage);
    });
    return thrown + verdict;
}

// Somewhat more or less than what is needed, and the very byte.
std::int64_t some_memory(std::int64_t needed, Dice& dice) {
    return std::max<std::int64_t>(
        1, dice.one_of(std::vector<std::int64_t>{needed - 1, needed, needed + 1, needed / 2,
                                                 2 * needed, needed * 9 / 10, needed * 11 / 10}));
}

TEST(PlannedMemory, IsRefusedByPredictAsByPrepare) {
    Dice dice(7);
    int fitted = 0, refusals = 0, failures = 0;
    for (int round = 0; round < 80; ++round) {
        const Experiment experiment = some_experiment(dice);
        SCOPED_TRACE(to_json(experiment).dump());
        WorkerContext context;
        std::int64_t needed = 0;
        const std::string failed = refused(
            [&] { needed = answer(messages::Predict{.experiment = experiment}, context).needed; });
        if (!failed.empty()) ++failures;
        context.place_of = places_with(some_memory(needed, dice));
        const std::string before = predicted(experiment, context),
                          after = refused([&] {
                              answer(messages::Prepare{.experiment = experiment}, context);
                          });
        EXPECT_EQ(before, after);
        ++(after.empty() ? fitted : refusals);
    }
    EXPECT_GT(fitted, 10);
    EXPECT_GT(refusals - failures, 10);
}

// There, what fits runs: nothing is allocated that was not planned.
TEST(PlannedMemory, HoldsWholeRunsOnADevice) {
    ASSERT_EQ(kPluginChosen, 0);
    Dice dice(11);
    int fitted = 0, refusals = 0;
    for (int round = 0; round < 16; ++round) {
        Experiment experiment = some_experiment(dice);
        experiment.target.device = "cuda:0";
        // Emulated kernels take their time.
        experiment.workload.prompt_tokens =
            std::min<std::int64_t>(experiment.workload.prompt_tokens, 24);
        experiment.workload.generated_tokens =
            std::min<std::int64_t>(experiment.workload.generated_tokens, 4);
        experiment.workload.concurrency = std::min(experiment.workload.concurrency, 4);
        experiment.workload.context = 32;
        experiment.workload.stride = 16;
        SCOPED_TRACE(to_json(experiment).dump());
        ::unsetenv("HONE_EMULATED_MEMORY");
        WorkerContext context;
        std::int64_t needed = 0;
        if (!refused([&] {
                 needed = answer(messages::Predict{.experiment = experiment}, context).needed;
             }).empty())
            continue;
        const std::int64_t available = some_memory(needed, dice);
        ::setenv("HONE_EMULATED_MEMORY", std::to_string(available).c_str(), 1);
        const std::string before = predicted(experiment, context),
                          after = refused([&] {
                              answer(messages::Prepare{.experiment = experiment}, context);
                          });
        EXPECT_EQ(before, after);
        ++(after.empty() ? fitted : refusals);
        if (!after.empty()) continue;
        EXPECT_EQ(refused([&] {
                      answer(messages::Repetition(), context);
                      if (experiment.workload.text != "none")
                          answer(messages::Accuracy{.window = 0}, context);
                  }),
                  "");
    }
    ::unsetenv("HONE_EMULATED_MEMORY");
    EXPECT_GT(fitted, 3);
    EXPECT_GT(refusals, 3);
}

// synthetic:tiny as a file, after `change`.
template <typename Change>
std::string changed_model(const std::string& name, const Change& change) {
    Checkpoint checkpoint = open_checkpoint("synthetic:tiny");
    change(checkpoint);
    const auto path = std::filesystem::path(testing::TempDir()) / (name + ".gguf");
    write_gguf(checkpoint, path.string(), {});
    return path.string();
}

void take_two_channels_a_head(Checkpoint& checkpoint) {
    checkpoint.metadata["llama.attention.head_count"] = std::uint64_t{32};
    checkpoint.metadata["llama.attention.head_count_kv"] = std::uint64_t{16};
    for (const char* key :
         {"rope.dimension_count", "attention.key_length", "attention.value_length"})
        checkpoint.metadata[std::string("llama.") + key] = std::uint64_t{2};
}

void take_odd_rows(Checkpoint& checkpoint) {
    constexpr std::int64_t kNeurons = 68;
    checkpoint.metadata["llama.feed_forward_length"] = std::uint64_t{kNeurons};
    for (StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.name.find("ffn_") == std::string::npos || tensor.shape.size() != 2) continue;
        (tensor.name.find("ffn_down") == std::string::npos ? tensor.shape[0] : tensor.shape[1]) =
            kNeurons;
        tensor.data = tensor.data.first(static_cast<std::size_t>(tensor.bytes()));
    }
}

// By its headers alone: predict must not say that a model fits which loading then refuses.
TEST(PlannedModel, IsRefusedByItsPlaceBeforeItIsLoaded) {
    ASSERT_EQ(kPluginChosen, 0);
    for (const auto& [name, field] :
         {std::pair{"two_channels", "heads"}, std::pair{"odd_rows", "blk.0.ffn_down.weight"}}) {
        Experiment experiment;
        experiment.workload.text = "none";
        experiment.workload.prompt_tokens = 4;
        experiment.checkpoint = changed_model(
            name, name == std::string("odd_rows") ? take_odd_rows : take_two_channels_a_head);
        WorkerContext context;
        EXPECT_EQ(predicted(experiment, context), "");
        EXPECT_EQ(refused([&] { answer(messages::Prepare{.experiment = experiment}, context); }),
                  "");
        experiment.target.device = "cuda:0";
        WorkerContext on_device;
        const std::string verdict = predicted(experiment, on_device);
        EXPECT_NE(verdict.find(std::string("|") + field + "|"), std::string::npos) << verdict;
        EXPECT_EQ(verdict,
                  refused([&] { answer(messages::Prepare{.experiment = experiment}, on_device); }));
        std::filesystem::remove(experiment.checkpoint);
    }
}

// The plan's types are not those of the bytes in the file.
TEST(PlannedModel, IsTakenByWhatItsRecipeMakesOfIt) {
    ASSERT_EQ(kPluginChosen, 0);
    Experiment experiment;
    experiment.workload.text = "none";
    experiment.workload.prompt_tokens = 4;
    experiment.target.device = "cuda:0";
    WorkerContext context;
    experiment.checkpoint =
        (std::filesystem::path(testing::TempDir()) / "two_of_four.gguf").string();
    answer(messages::Export{.checkpoint = "synthetic:tiny",
                            .dtype = "bf16",
                            .path = experiment.checkpoint,
                            .overwrite = true},
           context);
    const Registry& registry = builtin_registry();
    add_setting(experiment.recipe, "prune_magnitude.pattern=n_m", registry);
    add_setting(experiment.recipe, "precision.compute=bf16", registry);
    EXPECT_EQ(predicted(experiment, context), "");
    EXPECT_EQ(refused([&] { answer(messages::Prepare{.experiment = experiment}, context); }), "");
    std::filesystem::remove(experiment.checkpoint);
}

TEST(PlannedMemory, IsRefusedByExportFromHeadersAlone) {
    WorkerContext context;
    const auto path = std::filesystem::path(testing::TempDir()) / "short_of_memory.gguf";
    const messages::Export request{
        .checkpoint = "synthetic:tiny", .dtype = "q8_0", .path = path.string()};
    const std::int64_t needed =
        plan_export(request.checkpoint, {}, request.dtype).needed(CpuPlace().room());
    context.place_of = places_with(needed - 1);
    EXPECT_NE(refused([&] { answer(request, context); }).find("B needed"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(path));
    context.place_of = places_with(needed);
    EXPECT_EQ(refused([&] { answer(request, context); }), "");
    std::filesystem::remove(path);
}

// A form of the run: files have the weights as the transforms left them.
TEST(PlannedFile, IsThatOfTheTransforms) {
    Experiment plain;
    plain.checkpoint = "synthetic:tiny";
    Experiment reduced = plain;
    reduced.recipe.steps.push_back(
        {"quantize_activations",
         default_options(*builtin_registry().find("quantize_activations"))});
    WorkerContext context;
    const auto of = [&](const Experiment& experiment) {
        return answer(messages::Predict{.experiment = experiment}, context);
    };
    EXPECT_LT(of(reduced).model_bytes, of(plain).model_bytes);
    EXPECT_EQ(of(reduced).file_bytes, of(plain).file_bytes);
}

}  // namespace
}  // namespace hone
