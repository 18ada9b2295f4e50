// SPDX-License-Identifier: Apache-2.0
// What the window shows before a run against what the run then reports, for every technique in the
// registry.
#include <gtest/gtest.h>

#include <cmath>

#include "engine/experiment/protocol/messages/exports.h"
#include "engine/experiment/worker/prepared.h"
#include "engine/experiment/worker/requests.h"
#include "engine/runtime/cpu_place.h"
#include "engine/techniques/apply/technique.h"

namespace hone {
namespace {

// Shares of each class; so many bytes are page rounding and small vectors.
constexpr double kShare = 0.1, kSlack = 64e3;

Experiment experiment_with(std::vector<RecipeStep> steps) {
    Experiment experiment;
    experiment.checkpoint = "synthetic:tiny";
    experiment.recipe = validated({std::move(steps)}, builtin_registry());
    experiment.workload.prompt_tokens = 700;
    experiment.workload.generated_tokens = 20;
    experiment.workload.context = 512;
    experiment.workload.windows = 1;
    experiment.workload.concurrency =
        std::max(2, sequences_wanted(experiment.recipe, builtin_registry()));
    experiment.target.threads = 2;
    return experiment;
}

messages::PredictReply predict(const Experiment& experiment, const std::string& dtype = "keep") {
    WorkerContext context;
    return answer(messages::Predict{.experiment = experiment, .dtype = dtype}, context);
}

std::int64_t exported_bytes(const Experiment& experiment, const std::filesystem::path& path,
                            const std::string& dtype = "keep") {
    WorkerContext context;
    return answer(messages::Export{.checkpoint = experiment.checkpoint,
                                   .recipe = experiment.recipe,
                                   .dtype = dtype,
                                   .path = path.string()},
                  context)
        .model.bytes;
}

void expect_predicted(const Experiment& experiment) {
    const MemoryReport predicted = predict(experiment).memory;
    Prepared prepared(experiment, "keep", InjectedFault(), {}, {});
    const MemoryReport measured = prepared.repetition({}).memory;
    for (const char* name : {"weights", "kv_cache", "activations", "workspace"}) {
        const auto is = static_cast<double>(measured.at(name)),
                   was = static_cast<double>(predicted.at(name));
        EXPECT_NEAR(was, is, kShare * is + kSlack) << name;
    }
    EXPECT_GT(measured.at("weights"), 0);
}

TEST(PredictedMemory, IsThatOfTheBaseline) {
    expect_predicted(experiment_with({}));
}

TEST(PredictedMemory, IsThatOfEveryTechnique) {
    for (const Descriptor& descriptor : builtin_registry().descriptors()) {
        SCOPED_TRACE(descriptor.id);
        const nlohmann::json options = default_options(descriptor);
        const Checkpoint tiny = open_checkpoint("synthetic:tiny", false);
        if (!make_technique(descriptor.id, options)
                 ->supports({tiny, read_config(tiny), 8, CpuPlace()})
                 .ok)
            continue;  // two layers are too few to remove any
        expect_predicted(experiment_with({{std::string(descriptor.id), options}}));
    }
}

TEST(PredictedMemory, IsThatOfTheRepetitionsWhereTheScoredWindowsAreLonger) {
    Experiment experiment = experiment_with({});
    experiment.workload.prompt_tokens = 60;
    expect_predicted(experiment);
    const std::int64_t with_windows = predict(experiment).memory.at("kv_cache");
    experiment.workload.text = "none";
    expect_predicted(experiment);
    // But for what a cache that may grow further is rounded up to.
    EXPECT_NEAR(static_cast<double>(with_windows),
                static_cast<double>(predict(experiment).memory.at("kv_cache")), 30e3);
}

// But for the rounding of a share of a short row, and zeros that the file had already.
TEST(PredictedMemory, FollowsZerosThatAreLeftOut) {
    const std::vector<nlohmann::json> patterns{{{"scope", "row"}},
                                               {{"scope", "tensor"}, {"sparsity", 0.8}},
                                               {{"scope", "global"}},
                                               {{"pattern", "n_m"}},
                                               {{"sparsity", 0.1}}};
    for (nlohmann::json options : patterns) {
        SCOPED_TRACE(options.dump());
        const Experiment left_out = experiment_with({{"prune_magnitude", options}});
        expect_predicted(left_out);
        options["storage"] = "dense";
        const Experiment dense = experiment_with({{"prune_magnitude", options}});
        const auto weights = [](const Experiment& experiment) {
            return static_cast<double>(
                Prepared(experiment, "keep", InjectedFault(), {}, {}).description().model_bytes);
        };
        EXPECT_LE(weights(left_out), weights(dense));
        EXPECT_NEAR(static_cast<double>(predict(left_out).model_bytes), weights(left_out),
                    0.005 * weights(left_out));
    }
}

TEST(PredictedMemory, FollowsTheCachesStorage) {
    for (const char* storage : {"off", "fp32", "fp16", "int8"}) {
        SCOPED_TRACE(storage);
        expect_predicted(experiment_with({{"kv_cache", {{"dtype", storage}}}}));
    }
}

// A form of the run: files have room for zeros.
TEST(PredictedFile, KeepsItsZeros) {
    const auto path = std::filesystem::path(testing::TempDir()) / "pruned.gguf";
    const Experiment experiment = experiment_with({{"prune_magnitude", nlohmann::json::object()}});
    EXPECT_EQ(predict(experiment).file_bytes, exported_bytes(experiment, path));
    for (const StoredTensor& tensor : open_checkpoint(path.string()).tensors)
        EXPECT_EQ(tensor.type, DType::f32) << tensor.name;
    std::filesystem::remove(path);
}

TEST(PredictedFile, HasTheSizeThatIsWritten) {
    for (const char* dtype : {"keep", "f32", "q8_0", "q4_0"}) {
        const auto path = std::filesystem::path(testing::TempDir()) /
                          (std::string("predicted-") + dtype + ".gguf");
        const Experiment experiment =
            experiment_with({{"quantize_weights", {{"scheme", "int8_channel"}}}});
        const std::int64_t written = exported_bytes(experiment, path, dtype);
        EXPECT_EQ(predict(experiment, dtype).file_bytes, written) << dtype;
        EXPECT_EQ(written, std::filesystem::file_size(path)) << dtype;
        std::filesystem::remove(path);
    }
}

}  // namespace
}  // namespace hone
