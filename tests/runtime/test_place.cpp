// SPDX-License-Identifier: Apache-2.0
// What the places say of themselves, and that a run is measured and traced through them.
#include <gtest/gtest.h>

#include <memory>

#include "engine/core/error.h"
#include "engine/core/system_memory.h"
#include "engine/runtime/cpu_place.h"
#include "engine/runtime/cuda/cuda_place.h"
#include "engine/weights/weight_format.h"
#include "tests/kernels/cuda/planned_device.h"
#include "tests/kernels/cuda/tested_device.h"
#include "tests/runtime/sample_model.h"

namespace hone {
namespace {

using kernels::Arithmetic;

StoredTensor matrix(DType type, std::int64_t cols) {
    StoredTensor tensor;
    tensor.name = "a matrix";
    tensor.type = type;
    tensor.shape = {8, cols};
    return tensor;
}

class Places : public testing::Test {
protected:
    cuda::Device device{cuda::tested_plugin(), 0};
    CpuPlace cpu;
    CudaPlace cuda{device};
    kernels::ThreadPool pool{1};
};

TEST_F(Places, SayWhatTheyMultiply) {
    for (const Arithmetic arithmetic : {Arithmetic::f32, Arithmetic::bf16, Arithmetic::i8})
        EXPECT_EQ(cpu.refusal(arithmetic).empty(),
                  kernels::has_arithmetic(arithmetic, kernels::best_isa()));
    EXPECT_EQ(cpu.refusal(Arithmetic::e4m3), kFp8Needs);
    for (const Arithmetic arithmetic : {Arithmetic::f32, Arithmetic::bf16, Arithmetic::i8})
        EXPECT_EQ(cuda.refusal(arithmetic), "");
    const bool fp8 = 10 * device.facts().major + device.facts().minor >= 89;
    EXPECT_EQ(cuda.refusal(Arithmetic::e4m3).empty(), fp8);
}

TEST_F(Places, SayWhichMatricesTheyMultiply) {
    const StoredTensor blocks = matrix(DType::q8_0, 64), rows = matrix(DType::i8_channel, 64),
                       narrow = matrix(DType::bf16, 72);
    EXPECT_EQ(cpu.refusal(Arithmetic::i8, blocks), "");
    EXPECT_NE(cuda.refusal(Arithmetic::i8, blocks).find("change within a row"), std::string::npos);
    EXPECT_EQ(cuda.refusal(Arithmetic::i8, rows), "");
    EXPECT_EQ(cuda.refusal(Arithmetic::bf16, narrow), "");
    EXPECT_EQ(cuda.refusal(Arithmetic::e4m3, narrow),
              "rows of a matrix have 72 weights; FP8 products take multiples of 16");
}

TEST_F(Places, SayWhichWeightsTheyTake) {
    const StoredTensor odd = matrix(DType::bf16, 65);
    EXPECT_TRUE(cpu.takes(odd));
    EXPECT_FALSE(cuda.takes(odd));
    EXPECT_TRUE(cuda.takes(matrix(DType::bf16, 64)));
    EXPECT_TRUE(cpu.leaves_out(ZeroPattern::anywhere, Arithmetic::f32));
    EXPECT_FALSE(cpu.leaves_out(ZeroPattern::two_of_four, Arithmetic::bf16));
    EXPECT_FALSE(cuda.leaves_out(ZeroPattern::anywhere, Arithmetic::f32));
    EXPECT_TRUE(cuda.leaves_out(ZeroPattern::two_of_four, Arithmetic::bf16));
    EXPECT_FALSE(cuda.leaves_out(ZeroPattern::two_of_four, Arithmetic::i8));
}

TEST_F(Places, HaveRoom) {
    const Room host = cpu.room(), there = cuda.room();
    ASSERT_TRUE(host.free && there.free);
    EXPECT_GT(*host.free, 0);
    EXPECT_LE(*host.free, host.total);
    EXPECT_TRUE(host.holds_process);
    EXPECT_EQ(*there.free, device.free_bytes());
    EXPECT_EQ(there.total, device.facts().memory_bytes);
    EXPECT_FALSE(there.holds_process);
    EXPECT_EQ(there.name, "cuda:0's memory");
}

TEST_F(Places, HaveFactsWhereTheEnvironmentHasNone) {
    EXPECT_FALSE(cpu.facts());
    const auto facts = cuda.facts();
    ASSERT_TRUE(facts);
    EXPECT_EQ(facts->name, device.facts().name);
    EXPECT_EQ(facts->memory, device.facts().memory_bytes);
    EXPECT_TRUE(cpu.notes().empty());
    EXPECT_EQ(cuda.notes().empty(), !device.facts().mig);
}

std::vector<float> logits_at(Place& place, const Model& model, kernels::ThreadPool& pool) {
    Runtime runtime(model, place.baseline(), pool, 1, 16, place, {});
    const std::vector<TokenId> prompt{1, 2, 3};
    const std::span<const float> logits = runtime.forward({{{0, prompt}}});
    return {logits.begin(), logits.end()};
}

TEST_F(Places, RunTheSameModel) {
    const std::unique_ptr<Model> model = tiny_model();
    const std::vector<float> expected = logits_at(cpu, *model, pool),
                             is = logits_at(cuda, *model, pool);
    ASSERT_EQ(is.size(), expected.size());
    for (std::size_t i = 0; i < is.size(); ++i) EXPECT_NEAR(is[i], expected[i], 1e-3F);
}

TEST_F(Places, FollowWhatARunTakes) {
    const std::unique_ptr<Model> model = tiny_model();
    const std::vector<TokenId> prompt{1, 2, 3};
    for (Place* place : {static_cast<Place*>(&cpu), static_cast<Place*>(&cuda)}) {
        const std::unique_ptr<MemoryAccount> account = place->follow_memory();
        Runtime runtime(*model, place->baseline(), pool, 1, 16, *place, {});
        account->begin_peak(runtime);
        runtime.forward({{{0, prompt}}});
        const MeasuredMemory measured = account->measured(runtime);
        EXPECT_EQ(measured.classes.total(), measured.peak) << place->name();
        EXPECT_GT(measured.classes[MemoryClass::activations], 0) << place->name();
        EXPECT_EQ(account->runtime_bytes() > 0, place->room().holds_process) << place->name();
    }
}

TEST_F(Places, TraceARepetition) {
    const std::unique_ptr<Model> model = tiny_model();
    const std::vector<TokenId> prompt{1, 2, 3};
    for (Place* place : {static_cast<Place*>(&cpu), static_cast<Place*>(&cuda)}) {
        Runtime runtime(*model, place->baseline(), pool, 1, 16, *place, {});
        int repetitions = 0, short_ones = 0;
        const auto pass = [&] {
            runtime.clear(0);
            runtime.forward({{{0, prompt}}});
        };
        const profiler::Trace trace = place->trace({runtime, 100'000,
                                                    [&] {
                                                        ++repetitions;
                                                        pass();
                                                    },
                                                    [&] {
                                                        ++short_ones;
                                                        pass();
                                                    }});
        EXPECT_EQ(repetitions, 1) << place->name();
        EXPECT_LE(short_ones, 1) << place->name();
        EXPECT_FALSE(trace.events.empty()) << place->name();
        EXPECT_EQ(trace.device.empty(), !place->facts()) << place->name();
        EXPECT_EQ(runtime.tracer(), nullptr);
    }
}

TEST_F(Places, AreLeftAsTheyWereWhereARepetitionFails) {
    const std::unique_ptr<Model> model = tiny_model();
    Runtime runtime(*model, cuda.baseline(), pool, 1, 16, cuda, {});
    EXPECT_THROW(cuda.trace({runtime, 1000, [] { throw Error("failed"); }, [] {}}), Error);
    EXPECT_FALSE(device.tracing());
    EXPECT_EQ(runtime.tracer(), nullptr);
}

TEST(PlaceFailures, AreThoseOfPlacesAlone) {
    EXPECT_FALSE(place_failure(std::runtime_error("of something else")));
    cuda::PluginError refused{};
    refused.sticky = true;
    const auto failure = place_failure(cuda::DeviceError(refused));
    ASSERT_TRUE(failure);
    EXPECT_TRUE(failure->lost);
    EXPECT_NE(failure->details.summary.find("context is lost"), std::string::npos);
}

TEST(PlacesThatAreNotThere, NameTheReasonAndAreNeverAnother) {
    CudaPlace none(999);
    EXPECT_EQ(none.name(), "cuda:999");
    EXPECT_FALSE(none.facts());
    EXPECT_EQ(none.refusal(Arithmetic::e4m3), kFp8Needs);
    try {
        none.room();
        FAIL() << "it was opened";
    } catch (const Error& error) {
        EXPECT_EQ(error.details().field, "device");
        EXPECT_EQ(error.details().summary, "cuda:999 cannot be used.");
        EXPECT_FALSE(error.details().found.empty());
    }
}

}  // namespace
}  // namespace hone
