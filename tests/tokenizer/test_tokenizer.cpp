// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "engine/core/error.h"
#include "engine/formats/checkpoint.h"
#include "engine/tokenizer/chat_template.h"
#include "engine/tokenizer/tokenizer.h"
#include "tests/paths/paths.h"

namespace hone {
namespace {

std::string from_environment(const char* name, const char* file) {
    const char* folder = std::getenv(name);
    if (folder == nullptr) return "";
    const auto path = std::filesystem::path(folder) / file;
    return std::filesystem::exists(path) ? path.string() : "";
}

class SmolLM2 : public testing::Test {
protected:
    void SetUp() override {
        const std::string path =
            from_environment("HONE_SAMPLE_DIR", "SmolLM2-135M-Instruct.Q4_1.gguf");
        if (path.empty()) GTEST_SKIP() << "needs the sample model";
        checkpoint_ = open_checkpoint(path);
    }
    Checkpoint checkpoint_;
};

TEST_F(SmolLM2, IdsAndTextsEqualTheGoldenOnes) {
    const Tokenizer tokenizer = Tokenizer::from_checkpoint(checkpoint_);
    std::ifstream stream(test::fixtures() + "/smollm2_tokens.jsonl");
    std::string line;
    int rows = 0;
    while (std::getline(stream, line)) {
        const auto golden = nlohmann::json::parse(line);
        const auto text = golden["text"].get<std::string>();
        const auto ids = golden["ids"].get<std::vector<TokenId>>();
        EXPECT_EQ(tokenizer.encode(text, SpecialTokens::parse), ids) << text.substr(0, 60);
        EXPECT_EQ(tokenizer.decode(ids), golden["decoded"].get<std::string>());
        ++rows;
    }
    EXPECT_EQ(rows, 61);
}

TEST_F(SmolLM2, AWholeTextHasAsManyTokensAsElsewhere) {
    const std::string path = from_environment("HONE_SHARED_DATA", "wikitext-2-valid.txt");
    if (path.empty()) GTEST_SKIP() << "needs the reference text";
    std::ifstream stream(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream),
                           std::istreambuf_iterator<char>()};
    const Tokenizer tokenizer = Tokenizer::from_checkpoint(checkpoint_);
    const std::vector<TokenId> ids = tokenizer.encode(text);
    EXPECT_EQ(ids.size(), 273868U);
    const std::vector<TokenId> first{3717, 446, 12928, 21777, 310, 2078, 21777, 446};
    EXPECT_EQ(std::vector<TokenId>(ids.begin(), ids.begin() + 8), first);
    EXPECT_EQ(tokenizer.decode(ids), text);
}

TEST_F(SmolLM2, LongRunsGiveTheSameIdsAsShortOnesAndEndSoon) {
    const Tokenizer tokenizer = Tokenizer::from_checkpoint(checkpoint_);
    // 40 letters take the quadratic path, 400,000 the queue; both must agree with the merges, so
    // both decode to the text and the long one repeats the tokens of a shorter run.
    const std::string text(400000, 'a');
    const auto ids = tokenizer.encode(text);
    EXPECT_EQ(tokenizer.decode(ids), text);
    EXPECT_LT(ids.size(), text.size() / 2);
    const std::string words = "internationalisation";
    std::string joined;
    for (int i = 0; i < 5; ++i) joined += words;
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(joined)), joined);
}

TEST_F(SmolLM2, AMergeCacheChangesNoIdAndIsHit) {
    const Tokenizer tokenizer = Tokenizer::from_checkpoint(checkpoint_);
    MergeCache cache, small(3);
    std::ifstream stream(test::fixtures() + "/smollm2_tokens.jsonl");
    std::string line;
    while (std::getline(stream, line)) {
        const auto text = nlohmann::json::parse(line)["text"].get<std::string>();
        for (MergeCache* which : {&cache, &cache, &small})
            EXPECT_EQ(tokenizer.encode(text, SpecialTokens::parse, which),
                      tokenizer.encode(text, SpecialTokens::parse));
    }
    EXPECT_GT(cache.hits(), cache.misses());
    EXPECT_GT(small.misses(), cache.misses());
}

TEST_F(SmolLM2, InvalidUtf8IsEncodedByteByByte) {
    const Tokenizer tokenizer = Tokenizer::from_checkpoint(checkpoint_);
    const std::string text = "ab\xC3 cd\xE2\x82";
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
    // No text holds the byte FF, so the vocabulary has no token for it: dropped, as elsewhere.
    EXPECT_EQ(tokenizer.decode(tokenizer.encode("a\xFFz")), "az");
}

TEST_F(SmolLM2, SpecialTokensAreTextUnlessParsed) {
    const Tokenizer tokenizer = Tokenizer::from_checkpoint(checkpoint_);
    EXPECT_EQ(tokenizer.encode("<|im_end|>", SpecialTokens::parse), std::vector<TokenId>{2});
    EXPECT_GT(tokenizer.encode("<|im_end|>").size(), 1U);
    EXPECT_TRUE(tokenizer.is_end_of_generation(2));
    EXPECT_TRUE(tokenizer.is_end_of_generation(0));
    EXPECT_FALSE(tokenizer.is_end_of_generation(1));
    EXPECT_THROW(tokenizer.token_bytes(49152), Error);
}

TEST_F(SmolLM2, TheChatTemplateIsRecognisedByItsText) {
    EXPECT_EQ(recognise_chat_template(checkpoint_), ChatTemplate::chatml_smollm2);
    // As jinja2 renders the template for one user turn with add_generation_prompt.
    EXPECT_EQ(apply_chat_template(ChatTemplate::chatml_smollm2, "Hi"),
              "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging "
              "Face<|im_end|>\n"
              "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n");
    checkpoint_.metadata["tokenizer.chat_template"] =
        checkpoint_.text("tokenizer.chat_template") + " ";
    EXPECT_EQ(recognise_chat_template(checkpoint_), ChatTemplate::unknown);
}

TEST_F(SmolLM2, UnknownKindsAreRefusedByName) {
    checkpoint_.metadata["tokenizer.ggml.pre"] = std::string("tekken");
    try {
        Tokenizer::from_checkpoint(checkpoint_);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.details().found, "'tekken'");
    }
    checkpoint_.metadata["tokenizer.ggml.model"] = std::string("llama");
    EXPECT_THROW(Tokenizer::from_checkpoint(checkpoint_), Error);
}

TEST(ByteTokenizer, BytesAreTheirOwnIds) {
    const Tokenizer tokenizer =
        Tokenizer::from_checkpoint(open_checkpoint("synthetic:tiny", false));
    const std::string text = "a\xC3\xA9";
    EXPECT_EQ(tokenizer.encode(text), (std::vector<TokenId>{0x61, 0xC3, 0xA9}));
    EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
    EXPECT_EQ(tokenizer.encode("x<|end|>", SpecialTokens::parse), (std::vector<TokenId>{'x', 257}));
    EXPECT_EQ(tokenizer.size(), 320);
}

TEST(Utf8Stream, HoldsBackAnUnfinishedCharacter) {
    Utf8Stream stream;
    EXPECT_EQ(stream.push("a\xE2\x82"), "a");
    EXPECT_EQ(stream.push("\xAC!"), "\u20AC!");
    EXPECT_EQ(stream.push("\xFFz"), "\uFFFDz");
    EXPECT_EQ(stream.push("\xF0\x9F"), "");
    EXPECT_EQ(stream.finish(), "\uFFFD");
    EXPECT_EQ(stream.finish(), "");
}

}  // namespace
}  // namespace hone
