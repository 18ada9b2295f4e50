// SPDX-License-Identifier: Apache-2.0
// Experiments on an emulated CUDA device, as a worker prepares and repeats them.
#include <gtest/gtest.h>

#include <cstdlib>

#include "engine/experiment/protocol/messages/machine.h"
#include "engine/experiment/protocol/messages/plans.h"
#include "engine/experiment/worker/prepared.h"
#include "engine/experiment/worker/requests.h"
#include "engine/techniques/apply/technique.h"

namespace hone {
namespace {

// Before anything asks for the plug-in, which is looked for once.
const int kPluginChosen = ::setenv("HONE_CUDA_PLUGIN", HONE_EMULATED_PLUGIN, 1);

nlohmann::json repetition_with(const std::vector<RecipeStep>& steps, const std::string& dtype) {
    Experiment experiment;
    experiment.checkpoint = "synthetic:tiny";
    experiment.recipe = validated({steps}, builtin_registry());
    experiment.workload.prompt_tokens = 40;
    experiment.workload.generated_tokens = 3;
    experiment.workload.text = "none";
    experiment.target.device = "cuda:0";
    Prepared prepared(experiment, dtype, InjectedFault(), {}, {});
    prepared.repetition({});
    return messages::write(prepared.repetition({}));
}

RecipeStep step(const std::string& id, const nlohmann::json& changes) {
    nlohmann::json options = default_options(*builtin_registry().find(id));
    options.update(changes);
    return {id, options};
}

TEST(CudaPrepared, MakesTwoOfFourWeightsItself) {
    ASSERT_EQ(kPluginChosen, 0);
    const nlohmann::json dense =
                             repetition_with({step("precision", {{"compute", "bf16"}})}, "bf16"),
                         sparse = repetition_with({step("prune_magnitude", {{"pattern", "n_m"}}),
                                                   step("precision", {{"compute", "bf16"}})},
                                                  "bf16"),
                         unstructured = repetition_with(
                             {step("prune_magnitude", nlohmann::json::object())}, "bf16");
    EXPECT_EQ(sparse.at("engaged").at("prune_magnitude").at("engaged"), true);
    EXPECT_GT(sparse.at("counters").at("skipped_zeros"), 0);
    EXPECT_GT(sparse.at("counters").at("bf16_products"), 0);
    EXPECT_LT(sparse.at("memory").at("weights").get<double>(),
              0.8 * dense.at("memory").at("weights").get<double>());
    EXPECT_EQ(unstructured.at("counters").at("skipped_zeros"), 0);
    EXPECT_EQ(unstructured.at("engaged").at("prune_magnitude").at("engaged"), false);
}

// On the CPU, which was asked for nothing, this model has no weights.
TEST(CudaPrepared, GeneratesWhereItWasAskedTo) {
    ASSERT_EQ(kPluginChosen, 0);
    Experiment experiment;
    experiment.checkpoint = "synthetic:tiny";
    experiment.workload.prompt_tokens = 5;
    experiment.workload.generated_tokens = 2;
    experiment.workload.text = "none";
    experiment.target.device = "cuda:0";
    Prepared prepared(experiment, "keep", InjectedFault(), {}, {});
    messages::Generate request;
    request.prompt = "a b c";
    request.max_tokens = 3;
    const auto generated = [&] { return prepared.generate(request, [](const auto&) {}, {}).ids; };
    const std::vector<TokenId> ids = generated();
    EXPECT_FALSE(ids.empty());
    const messages::RepetitionReply between = prepared.repetition({});
    EXPECT_GT(between.memory.at("weights"), 0);
    EXPECT_EQ(generated(), ids);
}

TEST(Predictions, WaitForACalibrationWhereTimesFollowFromIt) {
    ASSERT_EQ(kPluginChosen, 0);
    WorkerContext context;
    messages::Predict request;
    request.experiment.checkpoint = "synthetic:tiny";
    const messages::PredictReply here = answer(request, context);
    EXPECT_EQ(here.wants_calibration, !here.times);
    request.experiment.target.device = "cuda:0";
    const messages::PredictReply there = answer(request, context);
    EXPECT_FALSE(there.times);
    EXPECT_FALSE(there.wants_calibration);
    EXPECT_TRUE(there.fits);
    EXPECT_GT(there.available, 0);
    EXPECT_EQ(there.memory.at("runtime"), 0) << "the process lies elsewhere";
    EXPECT_GT(here.memory.at("runtime"), 0);
}

TEST(CudaDevices, AreTheFactsOfATarget) {
    ASSERT_EQ(kPluginChosen, 0);
    WorkerContext context;
    messages::Hello request{.target = Target{}};
    EXPECT_FALSE(answer(request, context).environment.get().contains("device"));
    request.target->device = "cuda:0";
    const nlohmann::json device = answer(request, context).environment.get().at("device");
    EXPECT_EQ(device.at("name"), "Emulated device");
    EXPECT_EQ(device.at("compute_capability"), "9.0");
}

TEST(CudaDevices, AreOpenedOnlyWhereAskedFor) {
    ASSERT_EQ(kPluginChosen, 0);
    WorkerContext context;
    const messages::DevicesReply listed = answer(messages::Devices(), context),
                                 opened = answer(messages::Devices{.open = true}, context);
    const messages::CudaDevice &cheap = listed.devices.at(0), &whole = opened.devices.at(0);
    EXPECT_EQ(cheap.name, "Emulated device");
    EXPECT_FALSE(cheap.memory_free || cheap.tracing || cheap.problem);
    EXPECT_TRUE(whole.memory_free && whole.tracing && whole.problem);
    EXPECT_FALSE(listed.nccl);
    ASSERT_TRUE(opened.nccl && *opened.nccl);
    EXPECT_EQ((*opened.nccl)->version, std::nullopt);
    EXPECT_EQ(cheap.memory, whole.memory);
}

}  // namespace
}  // namespace hone
