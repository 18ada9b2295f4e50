// SPDX-License-Identifier: Apache-2.0
// A worker's measured memory by class on the sample model, mapped and transformed.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "engine/core/system_memory.h"
#include "engine/experiment/worker/prepared.h"
#include "engine/runtime/process_memory.h"

namespace hone {
namespace {

std::string sample_model() {
    const char* folder = std::getenv("HONE_SAMPLE_DIR");
    const std::string path =
        folder == nullptr ? "" : std::string(folder) + "/SmolLM2-135M-Instruct.Q4_1.gguf";
    return std::filesystem::exists(path) ? path : "";
}

// docs/metrics.md promises this of what no class explains.
void expect_accounted(const MemoryReport& memory) {
    const auto peak = static_cast<double>(memory.at("peak_resident"));
    EXPECT_LE(std::abs(static_cast<double>(memory.at("unaccounted"))),
              std::max(0.05 * peak, 16.0 * (1 << 20)))
        << testing::PrintToString(memory);
}

void measure_accounted(const Experiment& experiment) {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "a sanitizer's own memory is of no class";
#endif
    Prepared prepared(experiment, "keep", InjectedFault(), {}, {});
    expect_accounted(prepared.repetition({}).memory);
    expect_accounted(prepared.repetition({}).memory);
}

Experiment of_sample(std::vector<RecipeStep> steps) {
    Experiment experiment;
    experiment.checkpoint = sample_model();
    experiment.recipe = validated({std::move(steps)}, builtin_registry());
    experiment.workload.prompt_tokens = 64;
    experiment.workload.generated_tokens = 4;
    experiment.workload.text = "none";
    experiment.target.threads = 2;
    return experiment;
}

TEST(MemoryAccount, LeavesLittleUnexplainedOfAMappedModel) {
    if (sample_model().empty()) GTEST_SKIP() << "needs the sample model";
    measure_accounted(of_sample({}));
}

TEST(MemoryAccount, LeavesLittleUnexplainedOfATransformedModel) {
    if (sample_model().empty()) GTEST_SKIP() << "needs the sample model";
    measure_accounted(of_sample({{"quantize_weights", {{"scheme", "q8_0"}}}}));
}

TEST(MemoryAccount, CountsMappedWeightsAsFarAsTheyAreResident) {
    if (sample_model().empty()) GTEST_SKIP() << "needs the sample model";
    const Checkpoint untouched = open_checkpoint(sample_model());
    const ProcessMemory account;
    reset_peak_resident();
    const MeasuredMemory before = account.measured({}, untouched);
    EXPECT_LT(before.classes[MemoryClass::weights], untouched.bytes() / 2);
    std::int64_t sum = 0;
    for (const StoredTensor& tensor : untouched.tensors) {
        for (std::size_t i = 0; i < tensor.data.size(); i += 4096)
            sum += static_cast<int>(tensor.data[i]);
    }
    ASSERT_NE(sum, 0);
    const auto after =
        static_cast<double>(account.measured({}, untouched).classes[MemoryClass::weights]);
    const auto bytes = static_cast<double>(untouched.bytes());
    EXPECT_NEAR(after, bytes, 0.05 * bytes);
}

}  // namespace
}  // namespace hone
