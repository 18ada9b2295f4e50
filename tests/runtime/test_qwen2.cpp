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
#include "engine/runtime/sampling.h"
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

// A tie's side may differ: where the two best logits lie within 0.01.
TEST_F(Qwen2, ContinuesAsTransformersDoes) {
    Runtime runtime(*model(), {}, pool_, 1, 128);
    Sampler greedy(0, 1);
    int compared = 0;
    for (const auto& prompt : golden_.at("prompts")) {
        auto next = prompt.at("prompt_ids").get<std::vector<TokenId>>();
        const auto margins = prompt.at("margins").get<std::vector<double>>();
        runtime.clear(0);
        for (std::size_t step = 0; step < margins.size() && margins[step] >= 0.01;
             ++step, ++compared) {
            const SequenceInput input{0, next};
            const TokenId token = greedy.sample(runtime.forward({&input, 1}));
            ASSERT_EQ(token, prompt.at("greedy_ids").at(step).get<TokenId>())
                << prompt.at("prompt") << " step " << step;
            next = {token};
        }
    }
    EXPECT_GE(compared, 60) << "of three times 24";
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
