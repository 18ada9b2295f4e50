// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <tuple>

#include "engine/formats/gguf.h"
#include "engine/formats/hugging_face.h"
#include "engine/runtime/runtime.h"
#include "tests/formats/hugging_face_folder.h"

namespace hone {
namespace {

using Json = nlohmann::json;

// What transformers computed: tests/interop/make_hugging_face_fixtures.py.
class Transformers : public testing::TestWithParam<std::tuple<const char*, const char*>> {
protected:
    Transformers()
        : folder_(std::get<0>(GetParam())), expected_(Json::parse(folder_.bytes("logits.json"))) {
        folder_.edit("config.json", [this](Json& config) {
            const Json& scaling = expected_["scalings"][std::get<1>(GetParam())];
            if (!scaling.is_null()) config["rope_parameters"].update(scaling);
        });
    }

    float largest_difference(Checkpoint checkpoint) const {
        const auto model = load_model(std::move(checkpoint));
        kernels::ThreadPool pool(1);
        Runtime runtime(*model, RunConfig{}, pool, 1, 64);
        const auto tokens = expected_["tokens"].get<std::vector<TokenId>>();
        const SequenceInput input{0, tokens, true};
        const auto logits = runtime.forward({&input, 1});
        const auto vocabulary = static_cast<std::size_t>(model->config.n_vocab);
        float largest = 0;
        for (std::size_t row = 0; row < expected_["positions"].size(); ++row) {
            const auto wanted =
                expected_["logits"][std::get<1>(GetParam())][row].get<std::vector<float>>();
            const std::size_t from = expected_["positions"][row].get<std::size_t>() * vocabulary;
            EXPECT_EQ(wanted.size(), vocabulary);
            for (std::size_t i = 0; i < vocabulary; ++i) {
                const float difference = std::abs(logits[from + i] - wanted[i]);
                if (!(difference <= largest)) largest = difference;  // a NaN stays
            }
        }
        return largest;
    }

    HuggingFaceFolder folder_;
    Json expected_;
};

TEST_P(Transformers, ComputesTheSameLogitsFromTheFolder) {
    EXPECT_LE(largest_difference(read_hugging_face(folder_.path())), 2e-3F);
}

TEST_P(Transformers, ComputesTheSameLogitsFromAFolderOfItsOwn) {
    const auto copy = folder_.path() / "copy";
    write_hugging_face(read_hugging_face(folder_.path()), copy, {});
    EXPECT_LE(largest_difference(read_hugging_face(copy)), 2e-3F);
}

TEST_P(Transformers, ComputesTheSameLogitsFromGguf) {
    const auto path = folder_.path() / "model.gguf";
    write_gguf(read_hugging_face(folder_.path()), path, {});
    EXPECT_LE(largest_difference(read_gguf(path)), 2e-3F);
}

INSTANTIATE_TEST_SUITE_P(Models, Transformers,
                         testing::Combine(testing::Values("grouped", "tied"),
                                          testing::Values("plain", "linear", "llama3")),
                         [](const auto& test) {
                             return std::string(std::get<0>(test.param)) + "_" +
                                    std::get<1>(test.param);
                         });

// Biases, heads that turn by halves. Llama 3's scaling is Llama's.
INSTANTIATE_TEST_SUITE_P(Qwen2, Transformers,
                         testing::Combine(testing::Values("qwen2", "qwen2_tied"),
                                          testing::Values("plain", "linear")),
                         [](const auto& test) {
                             return std::string(std::get<0>(test.param)) + "_" +
                                    std::get<1>(test.param);
                         });

// Norms of the heads of q and k.
INSTANTIATE_TEST_SUITE_P(Qwen3, Transformers,
                         testing::Combine(testing::Values("qwen3", "qwen3_tied"),
                                          testing::Values("plain", "linear")),
                         [](const auto& test) {
                             return std::string(std::get<0>(test.param)) + "_" +
                                    std::get<1>(test.param);
                         });

class TokensOf : public testing::TestWithParam<const char*> {};

TEST_P(TokensOf, TextsAreTheIdsThatTokenizersGives) {
    const HuggingFaceFolder folder(GetParam());
    const Tokenizer tokenizer = Tokenizer::from_checkpoint(read_hugging_face(folder.path()));
    for (const Json& row : Json::parse(folder.bytes("tokens.json"))) {
        const auto text = row["text"].get<std::string>();
        EXPECT_EQ(tokenizer.encode(text), row["ids"].get<std::vector<TokenId>>()) << text;
        EXPECT_EQ(tokenizer.decode(row["ids"].get<std::vector<TokenId>>()),
                  row.value("decoded", text));
    }
}

INSTANTIATE_TEST_SUITE_P(Models, TokensOf, testing::Values("grouped", "tied", "qwen2", "qwen3"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace hone
