// SPDX-License-Identifier: Apache-2.0
// Qwen2.5-Coder-0.5B-Instruct, stored in Q5_0, Q8_0, Q6_K and Q4_K, against transformers in fp32
// over the weights that the `gguf` package expands (tests/fixtures/qwen2_f32.json, made by
// tests/interop/make_qwen2_fixture.py).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/model/model.h"
#include "engine/runtime/runtime.h"
#include "tests/paths/paths.h"

namespace hone {
namespace {

class Qwen2 : public ::testing::Test {
protected:
    // The model beside the sample model; scripts/qwen_model.sh brings it.
    static const Model* model() {
        static const std::unique_ptr<Model> kModel = []() -> std::unique_ptr<Model> {
            const char* folder = std::getenv("HONE_SAMPLE_DIR");
            if (folder == nullptr) return nullptr;
            const auto path = std::filesystem::path(folder) / "Qwen2.5-Coder-0.5B-Instruct.gguf";
            return std::filesystem::exists(path) ? load_model(open_checkpoint(path.string()))
                                                 : nullptr;
        }();
        return kModel.get();
    }
    void SetUp() override {
        if (model() == nullptr) GTEST_SKIP() << "needs the file that scripts/qwen_model.sh brings";
        std::ifstream file(test::fixtures() + "/qwen2_f32.json");
        golden_ = nlohmann::json::parse(file);
    }

    nlohmann::json golden_;
    kernels::ThreadPool pool_{2};
};

TEST_F(Qwen2, MixesTheTypesThatItIsHereFor) {
    std::set<std::string_view> types;
    for (const StoredTensor& tensor : model()->checkpoint.tensors)
        types.insert(info(tensor.type).name);
    EXPECT_EQ(types, std::set<std::string_view>({"F32", "Q4_K", "Q5_0", "Q6_K", "Q8_0"}));
}

TEST_F(Qwen2, TokenisesAsTransformersDoes) {
    for (const auto& prompt : golden_.at("prompts"))
        EXPECT_EQ(
            model()->tokenizer.encode(prompt.at("prompt").get<std::string>(), SpecialTokens::parse),
            prompt.at("prompt_ids").get<std::vector<TokenId>>());
}

// Each step follows what transformers wrote so far. Its two best logits lie within kTie at a few
// steps, where rounding decides: Hone's own logits must then be as near.
TEST_F(Qwen2, ContinuesAsTransformersDoes) {
    constexpr double kTie = 0.01;
    Runtime runtime(*model(), {}, pool_, 1, 128);
    std::size_t compared = 0, ties = 0;
    for (const auto& prompt : golden_.at("prompts")) {
        auto next = prompt.at("prompt_ids").get<std::vector<TokenId>>();
        const auto expected = prompt.at("greedy_ids").get<std::vector<TokenId>>();
        const auto margins = prompt.at("margins").get<std::vector<double>>();
        ASSERT_EQ(margins.size(), expected.size());
        runtime.clear(0);
        for (std::size_t step = 0; step < expected.size(); ++step, ++compared) {
            const SequenceInput input{0, next};
            const auto logits = runtime.forward({&input, 1});
            const auto best = std::max_element(logits.begin(), logits.end());
            const auto token = static_cast<TokenId>(best - logits.begin());
            const float chosen = logits[static_cast<std::size_t>(expected[step])];
            if (margins[step] < kTie && token != expected[step]) {
                EXPECT_LT(*best - chosen, kTie) << prompt.at("prompt") << " step " << step;
                ++ties;
            } else {
                ASSERT_EQ(token, expected[step]) << prompt.at("prompt") << " step " << step;
            }
            next = {expected[step]};
        }
    }
    EXPECT_EQ(compared, 72U) << "three times 24";
    std::cout << compared << " steps, " << ties << " of them ties that fell the other way\n";
}

TEST_F(Qwen2, PerplexityIsWithinHalfAPercentOfTransformers) {
    const auto ids = golden_.at("ids").get<std::vector<TokenId>>();
    Runtime runtime(*model(), {}, pool_, 1, static_cast<std::int64_t>(ids.size()));
    const SequenceInput input{0, ids, true};
    const auto logits = runtime.forward({&input, 1});
    const std::size_t vocabulary = logits.size() / ids.size();
    double loss = 0;
    for (std::size_t t = 0; t + 1 < ids.size(); ++t) {
        const auto row = logits.subspan(t * vocabulary, vocabulary);
        const auto most = static_cast<double>(*std::max_element(row.begin(), row.end()));
        double sum = 0;
        for (const float logit : row) sum += std::exp(static_cast<double>(logit) - most);
        loss +=
            most + std::log(sum) - static_cast<double>(row[static_cast<std::size_t>(ids[t + 1])]);
    }
    loss /= static_cast<double>(ids.size() - 1);
    const double expected = golden_.at("loss").get<double>();
    std::cout << "loss " << loss << ", transformers " << expected << ": perplexity "
              << std::exp(loss) << " and " << std::exp(expected) << '\n';
    EXPECT_NEAR(std::exp(loss) / std::exp(expected), 1, 0.005);
}

}  // namespace
}  // namespace hone
