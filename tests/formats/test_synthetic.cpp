// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "engine/core/error.h"
#include "engine/formats/synthetic.h"
#include "engine/weights/weight_format.h"

namespace hone {
namespace {

TEST(Synthetic, IsTheSameForTheSameSeedAndAnotherForAnother) {
    const Checkpoint first = make_synthetic("tiny", true, 1),
                     again = make_synthetic("tiny", true, 1),
                     other = make_synthetic("tiny", true, 2);
    const auto same = [](const StoredTensor& a, const StoredTensor& b) {
        return a.data.size() == b.data.size() &&
               std::memcmp(a.data.data(), b.data.data(), a.data.size()) == 0;
    };
    int differing = 0;
    for (std::size_t i = 0; i < first.tensors.size(); ++i) {
        EXPECT_TRUE(same(first.tensors[i], again.tensors[i])) << first.tensors[i].name;
        differing += same(first.tensors[i], other.tensors[i]) ? 0 : 1;
    }
    EXPECT_GT(differing, 0);
    EXPECT_TRUE(first.synthetic);
}

TEST(Synthetic, HasTheSpreadOfATrainedModel) {
    const Checkpoint checkpoint = make_synthetic("tiny", true);
    const std::vector<float> values = expand_tensor(*checkpoint.find("token_embd.weight"));
    double sum = 0, squares = 0;
    for (const float value : values) {
        sum += value;
        squares += static_cast<double>(value) * value;
    }
    const auto count = static_cast<double>(values.size());
    EXPECT_NEAR(sum / count, 0, 1e-3);
    EXPECT_NEAR(std::sqrt(squares / count), 0.02, 1e-3);
}

TEST(Synthetic, HasThePublishedSizes) {
    const std::pair<const char*, double> sizes[] = {{"smollm2-135m", 134.5e6},
                                                    {"llama-3-8b", 8.03e9}};
    for (const auto& [shape, parameters] : sizes) {
        const Checkpoint checkpoint = make_synthetic(shape, false);
        EXPECT_NEAR(static_cast<double>(checkpoint.parameters()), parameters, parameters * 1e-3)
            << shape;
        for (const StoredTensor& tensor : checkpoint.tensors)
            EXPECT_TRUE(tensor.data.empty()) << "headers only";
    }
}

TEST(Synthetic, KnowsEveryShapeItNames) {
    for (const SyntheticShape& shape : synthetic_shapes()) {
        const Checkpoint checkpoint = make_synthetic(shape.name, false);
        EXPECT_EQ(checkpoint.integer("llama.block_count"), shape.n_layers) << shape.name;
        EXPECT_EQ(checkpoint.source, "synthetic:" + std::string(shape.name));
    }
}

TEST(Synthetic, NamesTheShapesThereAre) {
    try {
        make_synthetic("elephant", false);
        FAIL() << "no such shape";
    } catch (const Error& error) {
        EXPECT_NE(error.details().expected.find("llama-3-8b"), std::string::npos);
        EXPECT_NE(error.details().found.find("elephant"), std::string::npos);
    }
}

}  // namespace
}  // namespace hone
