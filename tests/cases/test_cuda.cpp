// SPDX-License-Identifier: Apache-2.0
// What was found in the CUDA path before it met a GPU (docs/review/cuda.md), on a planned device: models of real sizes, of which every launch and
// every product of the vendor's library is looked at and none is computed.
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "engine/formats/synthetic.h"
#include "engine/runtime/runtime.h"
#include "tests/kernels/cuda/planned_device.h"

namespace hone {
namespace {

using gpu::DenseProduct;
using gpu::KernelId;
using gpu::PlaneType;
using gpu::planned;
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
        runtime = std::make_unique<Runtime>(*model, config, pool, kSequences, 4096, device, Progress{});
        planned() = {};
    }
    void prompt(std::int64_t tokens, bool scores_all = false) {
        runtime->clear(0);
        runtime->forward({{{0, std::vector<TokenId>(static_cast<std::size_t>(tokens), 1), scores_all}}});
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
    gpu::Device device{gpu::planned_plugin(), 0};
    kernels::ThreadPool pool{1};
    std::unique_ptr<Model> model;
    std::unique_ptr<Runtime> runtime;
};

// 1. SmolLM2's quantised output matrix, expanded to fp32 in panels: of 29,127 rows each, the second began 4 bytes off any alignment, while cuBLASLt
// was left to assume 256.
TEST_F(CudaCases, PanelsOfAQuantisedOutputMatrixKeepTheirResultsAligned) {
    load(shape_of("smollm2-135m", DType::q8_0), Arithmetic::f32);
    prompt(20, true);
    std::int64_t panels = 0;
    for (const DenseProduct& product : planned().products) {
        EXPECT_EQ(product.alignment.y, gpu::alignment_of(product.y));
        EXPECT_EQ(gpu::alignment_of(product.y), gpu::DenseAlignment::kMost) << product.rows;
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
        EXPECT_EQ(product.alignment.y, gpu::alignment_of(product.y));
    EXPECT_FALSE(planned().products.empty());
}

// 2. W8A8 while decoding: cuBLASLt has no algorithm in int8 for 16 tokens or fewer, and the run ended there.
TEST_F(CudaCases, InputsInInt8ArePaddedToWhatTheLibraryTakes) {
    load(shape_of("smollm2-135m", DType::i8_channel), Arithmetic::i8);
    for (const std::int64_t tokens : {1, 2, 3, 8, 16, 17, 31}) {
        planned() = {};
        prompt(tokens);
        EXPECT_FALSE(planned().products.empty());
        for (const DenseProduct& product : planned().products) {
            EXPECT_EQ(product.type, PlaneType::i8);
            EXPECT_GE(product.tokens, gpu::kLeastTokensInInt8) << tokens;
            EXPECT_GE(product.tokens, tokens);
        }
    }
    step();
}

}  // namespace
}  // namespace hone
