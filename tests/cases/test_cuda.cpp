// SPDX-License-Identifier: Apache-2.0
// What was found in the CUDA path before it met a GPU (docs/review/cuda.md), on a planned device:
// models of real sizes, of which every launch and every product of the vendor's library is looked
// at and none is computed.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "engine/formats/synthetic.h"
#include "engine/runtime/cuda/cuda_place.h"
#include "engine/runtime/runtime.h"
#include "profiler/trace/recorder.h"
#include "tests/kernels/cuda/planned_device.h"

namespace hone {
namespace {

using cuda::DenseProduct;
using cuda::KernelId;
using cuda::PlaneType;
using cuda::planned;
using kernels::Arithmetic;

SyntheticShape shape_of(std::string_view name, DType type) {
    for (SyntheticShape shape : synthetic_shapes()) {
        if (shape.name != name) continue;
        shape.type = type;
        shape.n_layers = 2;
        return shape;
    }
    throw std::logic_error("no such shape");
}

class CudaCases : public testing::Test {
public:
    CudaCases() { planned() = {}; }
    ~CudaCases() override { planned() = {}; }

protected:
    void load(const SyntheticShape& shape, Arithmetic arithmetic, bool reduced_output = false) {
        model = load_model(make_synthetic(shape, false));
        RunConfig config;
        config.arithmetic = arithmetic;
        config.reduced_output = reduced_output;
        runtime =
            std::make_unique<Runtime>(*model, config, pool, kSequences, 4096, place, Progress{});
        planned() = {};
    }
    void prompt(std::int64_t tokens, bool scores_all = false) {
        runtime->clear(0);
        runtime->forward(
            {{{0, std::vector<TokenId>(static_cast<std::size_t>(tokens), 1), scores_all}}});
    }
    void step() {
        const std::vector<TokenId> one{1};
        runtime->forward({{{0, one}}});
    }
    std::int64_t launched(KernelId id) const {
        return std::count_if(planned().launches.begin(), planned().launches.end(),
                             [id](const auto& it) { return it.kernel.id == id; });
    }

    static constexpr int kSequences = 16;
    cuda::Device device{cuda::planned_plugin(), 0};
    CudaPlace place{device};
    kernels::ThreadPool pool{1};
    std::unique_ptr<Model> model;
    std::unique_ptr<Runtime> runtime;
};

// 1. SmolLM2's quantised output matrix, expanded to fp32 in panels: of 29,127 rows each, the second
// began 4 bytes off any alignment, while cuBLASLt was left to assume 256.
TEST_F(CudaCases, PanelsOfAQuantisedOutputMatrixKeepTheirResultsAligned) {
    load(shape_of("smollm2-135m", DType::q8_0), Arithmetic::f32);
    prompt(20, true);
    std::int64_t panels = 0;
    for (const DenseProduct& product : planned().products) {
        EXPECT_EQ(product.alignment.y, cuda::alignment_of(product.y));
        EXPECT_EQ(cuda::alignment_of(product.y), cuda::DenseAlignment::kMost) << product.rows;
        panels += product.y_stride == model->config.n_vocab ? 1 : 0;
    }
    EXPECT_EQ(panels, 2);
}

// The same of rows that no multiple of 64 divides: what cannot be aligned is stated as it is.
TEST_F(CudaCases, WhatCannotBeAlignedIsStatedAsItIs) {
    SyntheticShape odd = shape_of("smollm2-135m", DType::q8_0);
    odd.n_vocab = 49157;
    load(odd, Arithmetic::bf16, true);
    prompt(300, true);
    for (const DenseProduct& product : planned().products)
        EXPECT_EQ(product.alignment.y, cuda::alignment_of(product.y));
    EXPECT_FALSE(planned().products.empty());
}

// 2. W8A8 while decoding: cuBLASLt has no algorithm in int8 for 16 tokens or fewer, and the run
// ended there.
TEST_F(CudaCases, InputsInInt8ArePaddedToWhatTheLibraryTakes) {
    load(shape_of("smollm2-135m", DType::i8_channel), Arithmetic::i8);
    for (const std::int64_t tokens : {1, 2, 3, 8, 16, 17, 31}) {
        planned() = {};
        prompt(tokens);
        EXPECT_FALSE(planned().products.empty());
        for (const DenseProduct& product : planned().products) {
            EXPECT_EQ(product.type, PlaneType::i8);
            EXPECT_GE(product.tokens, cuda::kLeastTokensInInt8) << tokens;
            EXPECT_GE(product.tokens, tokens);
        }
    }
    step();
}

// Where the library finds no algorithm for a shape that keeps its rules, the run goes on without
// rounding inputs, and says that nothing was rounded.
TEST_F(CudaCases, AProductThatTheLibraryHasNoAlgorithmForIsComputedOtherwise) {
    for (const bool int8 : {true, false}) {
        load(shape_of("smollm2-135m", int8 ? DType::i8_channel : DType::e4m3_channel),
             int8 ? Arithmetic::i8 : Arithmetic::e4m3);
        int asked = 0;
        planned().refuses = [&asked, int8](const DenseProduct& product) {
            const bool refused = product.type == (int8 ? PlaneType::i8 : PlaneType::e4m3);
            asked += refused ? 1 : 0;
            return refused;
        };
        prompt(40);
        const int once = asked;
        EXPECT_GT(once, 0);
        for (int i = 0; i < 4; ++i) step();
        const int with_steps = asked;
        prompt(40);
        EXPECT_EQ(asked, with_steps) << "a shape is asked for once";
        EXPECT_EQ(runtime->counters().reduced_products, 0);
        EXPECT_GT(launched(KernelId::product), 0);
        for (const DenseProduct& product : planned().products)
            EXPECT_EQ(product.type, PlaneType::f32);
    }
}

// 8. FP8 and int8 of shapes that the library does not take: 8 columns more than a multiple of 16.
TEST_F(CudaCases, OddShapesAreComputedWithoutRoundingInputs) {
    for (const bool int8 : {true, false}) {
        SyntheticShape odd =
            shape_of("smollm2-135m", int8 ? DType::i8_channel : DType::e4m3_channel);
        odd.n_ff = 1544;
        odd.n_vocab = 49158;
        load(odd, int8 ? Arithmetic::i8 : Arithmetic::e4m3, true);
        prompt(40, true);
        prompt(3);
        bool some = false;
        for (const DenseProduct& product : planned().products) {
            EXPECT_EQ(cuda::dense_refusal(product), nullptr);
            some |= product.type == PlaneType::i8 || product.type == PlaneType::e4m3;
        }
        EXPECT_TRUE(some);
        EXPECT_GT(runtime->counters().reduced_products, 0);
    }
}

// Quantised weights in bf16 arithmetic: of few tokens as they are stored, of many expanded for the
// vendor's library. 2:4 weights stay on sparse tensor cores, since nothing else leaves their zeros
// out.
TEST_F(CudaCases, QuantisedPrefillExpandsItsWeightsFrom256TokensOn) {
    for (const DType type :
         {DType::i4_g64, DType::q4_1, DType::q8_0, DType::i8_channel, DType::f16}) {
        load(shape_of("smollm2-135m", type), Arithmetic::bf16);
        prompt(255);
        EXPECT_EQ(launched(KernelId::expand), 0);
        EXPECT_GT(launched(KernelId::product_tiles), 0);
        planned() = {};
        prompt(256);
        EXPECT_EQ(launched(KernelId::product_tiles), 0);
        EXPECT_GT(launched(KernelId::expand), 0);
        EXPECT_FALSE(planned().products.empty());
        for (const DenseProduct& product : planned().products)
            EXPECT_EQ(product.type, PlaneType::bf16);
    }
}

// 6. A traced step's graph is launched before its operations are accounted for, not behind some 320
// names that the device waits for.
TEST_F(CudaCases, AGraphIsLaunchedBeforeItsOperationsAreAccountedFor) {
    load(shape_of("llama-3-8b", DType::bf16), Arithmetic::f32);
    profiler::TraceRecorder recorder(100'000);
    device.begin_trace();
    runtime->trace(&recorder);
    prompt(8);
    for (int i = 0; i < 3; ++i) step();  // as it comes, captured, replayed
    std::uint64_t at_launch = 0;
    planned().on_replay = [&] { at_launch = recorder.last_mark(); };
    const std::uint64_t before = recorder.last_mark();
    step();
    EXPECT_EQ(at_launch, before);
    EXPECT_GT(recorder.last_mark(), before + 10);
    runtime->trace(nullptr);
    profiler::CudaRecording recording;
    device.end_trace(recording);
}

// 7. A growing context is a new graph eight times up to 4,096 positions; it was one every 128.
TEST_F(CudaCases, AGrowingContextSeldomTakesANewGraph) {
    load(shape_of("llama-3-8b", DType::bf16), Arithmetic::f32);
    prompt(8);
    for (int i = 0; i < 4000; ++i) step();
    EXPECT_LE(planned().captured, 9);
    EXPECT_GE(planned().replayed, 4000 - 2 * 9);
}

}  // namespace
}  // namespace hone
