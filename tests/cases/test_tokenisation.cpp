// SPDX-License-Identifier: Apache-2.0
// Texts to ids. "llama.cpp" is 11549 (xllamacpp 2026.10), "tokenizers" 0.23.3, "transformers" 5.24:
// the ids here are theirs, for the same vocabulary.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "engine/formats/tokenizer_kinds.h"
#include "tests/cases/tiny_tokenizer.h"

namespace hone {
namespace {

using Json = nlohmann::json;
using Ids = std::vector<TokenId>;

// --- the cut
// -------------------------------------------------------------------------------------------------

class Cuts : public testing::Test {
protected:
    void SetUp() override {
        tiny.merge("Ġ", "1");  // 263
        tiny.merge("1", "2");  // 264
        tiny.merge("3", "4");  // 265
        tiny.merge("$", "5");  // 266
    }
    TinyTokenizer tiny;
};

TEST_F(Cuts, DefaultIsLlamaCppsOwnAndSaysSo) {
    // llama.cpp: a dollar stands apart, a space before digits too, and three digits come together:
    // 123 4.
    const Ids expected{261, 35, 264, 54, 55, 35, 39, 56};
    for (const char* pre : {"default", ""}) {
        const Checkpoint checkpoint = answered(tiny.gguf(pre));
        EXPECT_EQ(ids(checkpoint, "the 1234 $5"), expected) << pre;
        EXPECT_TRUE(has_note(checkpoint, "default way")) << pre;
    }
    const Ids gpt2{261, 263, 53, 265, 35, 39, 56};
    EXPECT_EQ(ids(answered(tiny.gguf("gpt-2")), "the 1234 $5"), gpt2);
    EXPECT_FALSE(has_note(answered(tiny.gguf("gpt-2")), "default way"));
}

TEST_F(Cuts, NamesThatLlamaCppKnowsForACutAreTaken) {
    const std::string text = "the 1234 herons, 'S $5\n\n x";
    for (const TokenizerKind& kind : tokenizer_kinds()) {
        const Checkpoint checkpoint = answered(tiny.gguf(std::string(kind.name)));
        const std::string_view like = kind.cut == TextCut::gpt2     ? "phi-2"
                                      : kind.cut == TextCut::smollm ? "starcoder"
                                      : kind.cut == TextCut::llama3 ? "dbrx"
                                      : kind.cut == TextCut::qwen2  ? "stablelm2"
                                                                    : "default";
        EXPECT_EQ(ids(checkpoint, text), ids(answered(tiny.gguf(std::string(like))), text))
            << kind.name;
    }
}

TEST_F(Cuts, UnknownNamesAreRefusedByName) {
    for (const char* pre : {"qwen35", "tekken", "LLAMA3", "gpt2", " "})
        EXPECT_EQ(refusal([&] { ids(answered(tiny.gguf(pre)), ""); }),
                  "metadata 'tokenizer.ggml.pre': found '" + std::string(pre) + "'");
}

TEST_F(Cuts, TheMongolianVowelSeparatorIsNoWhiteSpace) {
    tiny.merge("Ġ", "Ġ");  // 267
    // Two spaces before it do not join: the second belongs to what follows. tokenizers and
    // llama.cpp alike.
    Ids expected = byte_ids("  \u180E");
    EXPECT_EQ(ids(answered(tiny.gguf()), "  \u180E"), expected);
    expected = {267};
    for (const TokenId id : byte_ids("\u3000")) expected.push_back(id);
    EXPECT_EQ(ids(answered(tiny.gguf()), "  \u3000"), expected);
}

// --- whole words, unknown bytes
// -------------------------------------------------------------------------------------------------

TEST(WholeWords, AreTakenWholeByLlama3AndByNoOther) {
    TinyTokenizer tiny;
    tiny.add("ĠViá»ĩt");  // " Việt", to which no merges lead
    EXPECT_EQ(ids(answered(tiny.gguf("llama-bpe")), "the Việt"), (Ids{261, kTinyEnd}));
    EXPECT_EQ(ids(read_tokenizer_folder(tiny.json("llama-bpe")), "the Việt"), (Ids{261, kTinyEnd}));
    EXPECT_GT(ids(answered(tiny.gguf("smaug-bpe")), "the Việt").size(), 2U);
    Json without = tiny.json("llama-bpe");
    without["model"]["ignore_merges"] = false;
    const Checkpoint checkpoint = read_tokenizer_folder(without);
    EXPECT_EQ(ids(checkpoint, "the Việt"), ids(answered(tiny.gguf("dbrx")), "the Việt"));
    EXPECT_EQ(checkpoint.text("tokenizer.ggml.pre"), "smaug-bpe")
        << "which is llama.cpp's name for that";
    EXPECT_EQ(ids(through_a_folder(checkpoint), "the Việt"), ids(checkpoint, "the Việt"));
}

TEST(WholeWords, AreLookedForInTheByteAlphabet) {
    TinyTokenizer tiny;
    tiny.add("漢字");  // as text no byte letters: never a word (tokenizers, llama.cpp)
    EXPECT_EQ(ids(answered(tiny.gguf("llama-bpe")), "漢字"), byte_ids("漢字"));
    EXPECT_EQ(Tokenizer::from_checkpoint(answered(tiny.gguf("llama-bpe"))).token_bytes(kTinyEnd),
              "漢字");
}

Json without_high_bytes(const char* unknown, bool fuse) {
    TinyTokenizer tiny;
    Json json = tiny.json("gpt-2");
    for (int byte = 0x80; byte < 0x100; ++byte) {
        for (auto entry = json["model"]["vocab"].begin(); entry != json["model"]["vocab"].end();
             ++entry) {
            if (*entry == byte + 3) {
                json["model"]["vocab"].erase(entry);
                break;
            }
        }
    }
    if (unknown != nullptr) json["model"]["unk_token"] = unknown;
    json["model"]["fuse_unk"] = fuse;
    return json;
}

TEST(UnknownBytes, BecomeTheUnknownTokenOrNothing) {
    // tokenizers: one a byte, one a run with fuse_unk, none without a token for it.
    const auto encode = [](const Json& json) {
        const Checkpoint checkpoint = read_tokenizer_folder(json, nullptr, kTinyEnd);
        const Ids found = ids(checkpoint, "hé水 é");
        EXPECT_EQ(ids(through_a_folder(checkpoint), "hé水 é"), found);
        return found;
    };
    EXPECT_EQ(encode(without_high_bytes("<|im_end|>", false)), (Ids{107, 2, 2, 2, 2, 2, 35, 2, 2}));
    EXPECT_EQ(encode(without_high_bytes("<|im_end|>", true)), (Ids{107, 2, 35, 2}));
    EXPECT_EQ(encode(without_high_bytes(nullptr, false)), (Ids{107, 35}));
    EXPECT_EQ(encode(without_high_bytes("", false)), (Ids{107, 35}))
        << "as GPT-2's own file has it";
    EXPECT_EQ(refusal([&] { encode(without_high_bytes("<unk>", false)); }),
              "model.unk_token: found \"<unk>\"");
}

// --- added tokens
// -------------------------------------------------------------------------------------------------

TEST(AddedTokens, ThatAreNoControlTokensAreFoundInAnyText) {
    TinyTokenizer tiny;
    tiny.add_added("<tool>", {{"special", false}});
    for (const Checkpoint& checkpoint :
         {answered(tiny.gguf()), read_tokenizer_folder(tiny.json())}) {
        Ids expected{kTinyEnd};
        for (const TokenId id : byte_ids("<|im_end|>")) expected.push_back(id);
        EXPECT_EQ(ids(checkpoint, "<tool><|im_end|>"), expected);
        EXPECT_EQ(ids(checkpoint, "<tool><|im_end|>", SpecialTokens::parse), (Ids{kTinyEnd, 2}));
        EXPECT_EQ(ids(through_a_folder(checkpoint), "<tool><|im_end|>"), expected);
    }
}

TEST(AddedTokens, HonourTheirFlagsFromFolderToFileAndBack) {
    TinyTokenizer tiny;
    tiny.add_added("<mask>", {{"special", true}, {"lstrip", true}});
    tiny.add_added("<note>", {{"special", true}, {"rstrip", true}});
    tiny.add_added("heronry", {{"special", false}, {"single_word", true}});
    tiny.add_added("ab", {{"special", false}, {"normalized", true}});
    tiny.add_added("bc", {{"special", false}});
    const Checkpoint folder = read_tokenizer_folder(tiny.json());
    for (const Checkpoint& checkpoint :
         {folder, through_a_folder(folder), through_a_folder(through_a_folder(folder))}) {
        const auto parsed = [&](std::string_view text) {
            return ids(checkpoint, text, SpecialTokens::parse);
        };
        EXPECT_EQ(parsed("the  <mask> the"), (Ids{261, kTinyEnd, 262}));
        EXPECT_EQ(parsed("the <note>  the"), (Ids{261, 35, kTinyEnd + 1, 261}));
        EXPECT_EQ(parsed("heronry"), (Ids{kTinyEnd + 2}));
        EXPECT_EQ(parsed("heronrys").size(), 7U) << "its bytes, but for the merge of h and e";
        EXPECT_EQ(parsed("abc"), (Ids{100, kTinyEnd + 4}))
            << "those that are normalized come second";
    }
}

TEST(AddedTokens, AreSaidInTheSettingsToo) {
    const TinyTokenizer tiny;
    // transformers adds them again, with these flags, and takes a token that is named as special
    // for an added one.
    const Json flags{{"content", "<|im_end|>"}, {"special", true}, {"lstrip", true}};
    const Checkpoint stripping =
        read_tokenizer_folder(tiny.json(), {{"added_tokens_decoder", {{"2", flags}}}});
    EXPECT_EQ(ids(stripping, "the  <|im_end|>", SpecialTokens::parse), (Ids{261, 2}));
    const Checkpoint named = read_tokenizer_folder(tiny.json(), {{"pad_token", "he"}});
    EXPECT_EQ(ids(named, " the", SpecialTokens::parse), (Ids{35, 119, 260}));
    EXPECT_EQ(ids(named, " the"), Ids{262});
    EXPECT_EQ(refusal([&] {
                  read_tokenizer_folder(tiny.json(), {{"additional_special_tokens", {"<none>"}}});
              }),
              "additional_special_tokens.0: found \"<none>\"");
    const Json beyond{{"content", "<new>"}};
    EXPECT_EQ(refusal([&] {
                  read_tokenizer_folder(tiny.json(), {{"added_tokens_decoder", {{"263", beyond}}}});
              }),
              "added_tokens_decoder.263: found 263");
}

TEST(AddedTokens, MayStandInAnyOrderAndNowhereElse) {
    TinyTokenizer tiny;
    Json json = tiny.json();
    std::reverse(json["added_tokens"].begin(), json["added_tokens"].end());
    EXPECT_EQ(ids(read_tokenizer_folder(json), "<|im_start|>the<|im_end|>", SpecialTokens::parse),
              (Ids{1, 261, 2}));
    json = tiny.json();
    json["model"]["vocab"].erase("<|im_end|>");
    // tokenizers would number it anew, and warns: the file's own number is kept, and it is said.
    const Checkpoint only_added = read_tokenizer_folder(json, nullptr, kTinyEnd);
    EXPECT_EQ(ids(only_added, "the<|im_end|>", SpecialTokens::parse), (Ids{261, 2}));
    EXPECT_TRUE(has_note(only_added, "'<|im_end|>' 2, not 262"));
    json["added_tokens"][2]["id"] = kTinyEnd;
    EXPECT_EQ(refusal([&] { read_tokenizer_folder(json, nullptr, kTinyEnd); }),
              "added_tokens[2]: found 263");
    json["added_tokens"][2]["content"] = "";
    EXPECT_NE(refusal([&] { read_tokenizer_folder(json, nullptr, kTinyEnd); }), "");
    json["added_tokens"][2] = {{"id", 2}, {"content", "<|im_end|>"}, {"lstrip", 1}};
    EXPECT_EQ(refusal([&] { read_tokenizer_folder(json, nullptr, kTinyEnd); }),
              "added_tokens[2].lstrip: found 1");
}

// --- keys that are absent, or name what is not there
// -------------------------------------------------------------------------------------------------

TEST(AbsentKeys, AreAnsweredAsLlamaCppDoesForTheKind) {
    const TinyTokenizer tiny;
    for (const char* pre : {"llama-bpe", "llama3", "llama-v3", "falcon3"}) {
        const Checkpoint checkpoint = answered(tiny.gguf(pre));
        const Tokenizer tokenizer = Tokenizer::from_checkpoint(checkpoint);
        EXPECT_TRUE(tokenizer.adds_bos()) << pre;
        EXPECT_EQ(tokenizer.bos(), 11) << pre;
        EXPECT_EQ(tokenizer.eos(), 11) << pre;
        EXPECT_TRUE(has_note(checkpoint, "add_bos_token")) << pre;
        EXPECT_TRUE(has_note(checkpoint, "eos_token_id is absent")) << pre;
    }
    for (const char* pre : {"gpt-2", "smollm", "default", "dbrx", ""}) {
        const Tokenizer tokenizer = Tokenizer::from_checkpoint(answered(tiny.gguf(pre)));
        EXPECT_FALSE(tokenizer.adds_bos()) << pre;
        EXPECT_EQ(tokenizer.bos(), std::nullopt) << pre;
        EXPECT_EQ(tokenizer.eos(), 11) << pre;
    }
    Checkpoint said = tiny.gguf("llama-bpe");
    said.metadata["tokenizer.ggml.add_bos_token"] = false;
    said.metadata["tokenizer.ggml.bos_token_id"] = std::uint32_t{0};
    said.metadata["tokenizer.ggml.eos_token_id"] = std::uint32_t{2};
    EXPECT_FALSE(Tokenizer::from_checkpoint(answered(said)).adds_bos()) << "what a file says stays";
    EXPECT_TRUE(answered(said).notes.empty());
}

TEST(AbsentKeys, LlamaCppEndsAGenerationAtTokensOfTheseTexts) {
    TinyTokenizer tiny;
    for (const char* text : {"<|eot_id|>", "</s>", "<|fim_pad|>", "<reponame>", "<|file_sep|>"})
        tiny.add(text);
    Checkpoint checkpoint = tiny.gguf();
    checkpoint.metadata.erase("tokenizer.ggml.token_type");
    checkpoint.metadata["tokenizer.ggml.eos_token_id"] = std::uint32_t{5};
    checkpoint = answered(checkpoint);
    const Tokenizer tokenizer = Tokenizer::from_checkpoint(checkpoint);
    for (const TokenId end :
         {0, 2, 5, kTinyEnd, kTinyEnd + 1, kTinyEnd + 2, kTinyEnd + 3, kTinyEnd + 4})
        EXPECT_TRUE(tokenizer.is_end_of_generation(end)) << end;
    for (const TokenId other : {1, 4, 11})
        EXPECT_FALSE(tokenizer.is_end_of_generation(other)) << other;
    // Without types, those are control tokens and <|im_start|> is a text like any other.
    EXPECT_EQ(tokenizer.encode("<|im_end|>", SpecialTokens::parse), Ids{2});
    EXPECT_GT(tokenizer.encode("<|im_start|>", SpecialTokens::parse).size(), 1U);
    EXPECT_TRUE(has_note(checkpoint, "'<|endoftext|>', '<|im_end|>', '<|eot_id|>'"));
}

TEST(AbsentKeys, OfAFolderMeanWhatTransformersMakesOfThem) {
    const TinyTokenizer tiny;
    const Tokenizer tokenizer = Tokenizer::from_checkpoint(read_tokenizer_folder(tiny.json()));
    EXPECT_FALSE(tokenizer.adds_bos());
    EXPECT_EQ(tokenizer.bos(), std::nullopt);
    EXPECT_EQ(tokenizer.eos(), std::nullopt);
    EXPECT_FALSE(tokenizer.is_end_of_generation(2)) << "only what the files name as ends";
}

TEST(IdsBeyondTheVocabulary, AreAnsweredAsLlamaCppDoes) {
    const TinyTokenizer tiny;
    for (const std::uint32_t id : {263U, 0xFFFFFFFFU}) {
        Checkpoint checkpoint = tiny.gguf();
        checkpoint.metadata["tokenizer.ggml.eos_token_id"] = id;
        checkpoint.metadata["tokenizer.ggml.padding_token_id"] = id;
        checkpoint = answered(checkpoint);
        EXPECT_EQ(Tokenizer::from_checkpoint(checkpoint).eos(), 11);
        EXPECT_EQ(checkpoint.metadata_find("tokenizer.ggml.padding_token_id"), nullptr);
        EXPECT_TRUE(has_note(checkpoint, "eos_token_id is " + std::to_string(id)));
        EXPECT_TRUE(has_note(checkpoint, "padding_token_id is " + std::to_string(id)));
    }
    // A folder's are refused by name, as a text that no token has.
    EXPECT_EQ(refusal([&] {
                  read_tokenizer_folder(tiny.json(), {{"bos_token", "<s>"}});
              }),
              "bos_token: found \"<s>\"");
}

TEST(Flags, ThatAskForWhatIsNotDoneAreNoted) {
    const TinyTokenizer tiny;
    for (const char* key :
         {"add_eos_token", "add_sep_token", "add_space_prefix", "remove_extra_whitespaces"}) {
        Checkpoint checkpoint = tiny.gguf();
        checkpoint.metadata[std::string("tokenizer.ggml.") + key] = true;
        EXPECT_TRUE(has_note(answered(checkpoint), std::string(key) + " is true")) << key;
        checkpoint.metadata[std::string("tokenizer.ggml.") + key] = false;
        EXPECT_FALSE(has_note(answered(checkpoint), key)) << key;
    }
}

Json with_template(Json json, const Json& single) {
    json["post_processor"] = {
        {"type", "TemplateProcessing"},
        {"single", single},
        {"special_tokens", {{"<|im_start|>", {{"ids", {1}}}}, {"<|im_end|>", {{"ids", {2}}}}}}};
    return json;
}

TEST(PostProcessor, DecidesWhetherATextBeginsWithABos) {
    const TinyTokenizer tiny;
    const Json start{{"SpecialToken", {{"id", "<|im_start|>"}}}},
        end{{"SpecialToken", {{"id", "<|im_end|>"}}}}, text{{"Sequence", {{"id", "A"}}}};
    // transformers 5: the template's token, whatever tokenizer_config.json says.
    for (const Json& settings :
         {Json(), Json{{"add_bos_token", false}}, Json{{"bos_token", "<|endoftext|>"}}}) {
        const Checkpoint checkpoint =
            read_tokenizer_folder(with_template(tiny.json(), {start, text}), settings);
        EXPECT_TRUE(Tokenizer::from_checkpoint(checkpoint).adds_bos());
        EXPECT_EQ(Tokenizer::from_checkpoint(checkpoint).bos(), 1);
        EXPECT_EQ(checkpoint.notes.empty(), settings.is_null());
        EXPECT_TRUE(Tokenizer::from_checkpoint(through_a_folder(checkpoint)).adds_bos());
    }
    const Checkpoint asked = read_tokenizer_folder(
        tiny.json(), {{"add_bos_token", true}, {"bos_token", "<|im_start|>"}});
    EXPECT_FALSE(Tokenizer::from_checkpoint(asked).adds_bos());
    EXPECT_TRUE(has_note(asked, "begin without BOS"));
    EXPECT_TRUE(has_note(read_tokenizer_folder(with_template(tiny.json(), {start, text, end})),
                         "puts '<|im_end|>' after"));
    for (const Json& single :
         {Json{start, start, text}, Json{{{"SpecialToken", {{"id", "<none>"}}}}, text}})
        EXPECT_NE(refusal([&] { read_tokenizer_folder(with_template(tiny.json(), single)); }), "");
    Json roberta = tiny.json();
    roberta["post_processor"] = {
        {"type", "RobertaProcessing"}, {"sep", {"</s>", 2}}, {"cls", {"<s>", 0}}};
    EXPECT_NE(refusal([&] { read_tokenizer_folder(roberta); }), "");
}

// --- normalisers, pre-tokenisers, merges
// -------------------------------------------------------------------------------------------------

TEST(Normalisers, AreRefusedByNameUnlessTheyDoNothing) {
    const TinyTokenizer tiny;
    const Json nothing{{"type", "Sequence"}, {"normalizers", Json::array()}};
    const Json nested{{"type", "Sequence"}, {"normalizers", {nothing}}};
    for (const Json& empty : {Json(), nothing, nested}) {
        Json json = tiny.json();
        json["normalizer"] = empty;
        EXPECT_EQ(ids(read_tokenizer_folder(json), "the"), Ids{261});
    }
    for (const Json& other :
         {Json{{"type", "NFKC"}}, Json{{"type", "Prepend"}, {"prepend", "▁"}},
          Json{{"type", "Sequence"}, {"normalizers", {{{"type", "Lowercase"}}}}}, Json("NFC")}) {
        Json json = tiny.json();
        json["normalizer"] = other;
        EXPECT_EQ(refusal([&] { read_tokenizer_folder(json); }),
                  "normalizer: found " + other.dump());
    }
}

TEST(Normalisers, NfcComposesTextsAndSurvivesAFolder) {
    Json json = TinyTokenizer().json("qwen2");
    json["normalizer"] = {{"type", "Sequence"}, {"normalizers", {{{"type", "NFC"}}}}};
    const Checkpoint checkpoint = read_tokenizer_folder(json);
    EXPECT_EQ(ids(checkpoint, "e\u0301"), byte_ids("\u00e9"));
    EXPECT_EQ(ids(through_a_folder(checkpoint), "e\u0301"), byte_ids("\u00e9"));
    json["normalizer"] = nullptr;
    EXPECT_EQ(ids(read_tokenizer_folder(json), "e\u0301"), byte_ids("e\u0301"));
}

TEST(PreTokenisers, AreTheSameInOtherWordsOrRefusedByName) {
    const TinyTokenizer tiny;
    const Json byte_level = tiny.json("gpt-2")["pre_tokenizer"];
    const Json digits{{"type", "Digits"}, {"individual_digits", true}};
    const auto sequence = [](Json parts) {
        return Json{{"type", "Sequence"}, {"pretokenizers", std::move(parts)}};
    };
    const auto pre_of = [&](const Json& pre_tokenizer) {
        Json json = tiny.json();
        json["pre_tokenizer"] = pre_tokenizer;
        return read_tokenizer_folder(json).text("tokenizer.ggml.pre");
    };
    EXPECT_EQ(pre_of(sequence(Json::array({byte_level}))), "gpt-2");
    EXPECT_EQ(pre_of(sequence({digits, sequence(Json::array({byte_level}))})), "smollm");
    EXPECT_EQ(pre_of({{"type", "ByteLevel"}, {"add_prefix_space", false}}), "gpt-2")
        << "use_regex is true where absent";
    EXPECT_EQ(pre_of(tiny.json("default")["pre_tokenizer"]), "default");
    Json literal = tiny.json("llama-bpe")["pre_tokenizer"];
    literal["pretokenizers"][0]["pattern"] = {
        {"String", literal["pretokenizers"][0]["pattern"]["Regex"]}};
    Json removed = tiny.json("dbrx")["pre_tokenizer"];
    removed["pretokenizers"][0]["behavior"] = "Removed";
    for (const Json& other :
         {Json(), literal, removed, Json{{"type", "ByteLevel"}}, sequence({byte_level, digits}),
          Json("ByteLevel"),
          sequence({{{"type", "Digits"}, {"individual_digits", false}}, byte_level}),
          Json{{"type", "Metaspace"}}})
        EXPECT_NE(refusal([&] { pre_of(other); }), "") << other;
}

TEST(Merges, MeanTheSameInBothForms) {
    TinyTokenizer tiny;
    Json pairs = tiny.json(), texts = tiny.json(), none = tiny.json(), twice = tiny.json(),
         version = tiny.json();
    for (Json& merge : pairs["model"]["merges"]) {
        const auto text = merge.get<std::string>();
        merge = {text.substr(0, text.find(' ')), text.substr(text.find(' ') + 1)};
    }
    none["model"]["merges"] = Json::array();
    // "he" after itself has the last rank in tokenizers: "the" is "th" and "e", and no "he" is
    // left.
    twice["model"]["merges"] = {"h e", "t h", "h e"};
    version["model"]["merges"].insert(version["model"]["merges"].begin(), "#version: 0.2");
    EXPECT_EQ(ids(read_tokenizer_folder(pairs), "the the"), (Ids{261, 262}));
    EXPECT_EQ(ids(read_tokenizer_folder(texts), "the the"), (Ids{261, 262}));
    EXPECT_EQ(ids(read_tokenizer_folder(version), "the the"), (Ids{261, 262}));
    EXPECT_EQ(ids(read_tokenizer_folder(none), "the the"), byte_ids("the the"));
    EXPECT_EQ(ids(read_tokenizer_folder(twice), "the"), (Ids{259, 104}));
    for (const Json& bad : {Json("he rs"), Json{"he", "rs"}, Json("he"), Json("t h e"),
                            Json{"t h", "e"}, Json(1), Json{"t"}}) {
        Json json = tiny.json();
        json["model"]["merges"].insert(json["model"]["merges"].begin(), bad);
        EXPECT_EQ(refusal([&] { read_tokenizer_folder(json); }),
                  "model.merges[0]: found " + bad.dump());
    }
}

TEST(Arrays, OfAnotherTypeOrLengthAreRefusedByName) {
    const TinyTokenizer tiny;
    const auto spoilt = [&](const char* key, MetadataValue value) {
        Checkpoint checkpoint = tiny.gguf();
        checkpoint.metadata[key] = std::move(value);
        checkpoint = answered(checkpoint);
        return refusal([&] { Tokenizer::from_checkpoint(checkpoint); });
    };
    const std::size_t n = tiny.tokens.size();
    EXPECT_EQ(spoilt("tokenizer.ggml.scores", MetadataArray(std::vector<float>(n))), "");
    EXPECT_EQ(spoilt("tokenizer.ggml.scores", MetadataArray(std::vector<std::uint8_t>(n))),
              "metadata 'tokenizer.ggml.scores': found an array of another type");
    EXPECT_EQ(spoilt("tokenizer.ggml.scores", MetadataArray(std::vector<float>(3))),
              "metadata 'tokenizer.ggml.scores': found 3 entries");
    EXPECT_EQ(
        spoilt("tokenizer.ggml.token_type", MetadataArray(std::vector<std::int32_t>(n - 1, 1))),
        "metadata 'tokenizer.ggml.token_type': found 262 entries");
    for (const char* key :
         {"tokenizer.ggml.token_type", "tokenizer.ggml.merges", "tokenizer.ggml.tokens",
          "tokenizer.ggml.eos_token_ids", "tokenizer.hone.lstrip_ids"}) {
        EXPECT_NE(spoilt(key, MetadataArray(std::vector<float>(n, 1.0F))), "") << key;
        EXPECT_NE(spoilt(key, std::string("x")), "") << key;
    }
    for (const char* key : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.add_bos_token",
                            "tokenizer.ggml.pre", "tokenizer.hone.fuse_unknown"})
        EXPECT_NE(spoilt(key, 1.5F), "") << key;
    EXPECT_NE(spoilt("tokenizer.hone.lstrip_ids", MetadataArray(std::vector<std::int32_t>{5})), "")
        << "no added token";
}

// --- odd tokens
// -------------------------------------------------------------------------------------------------

TEST(OddTokens, AreNamedOrRefused) {
    TinyTokenizer tiny;
    for (const char* text : {"", "", "a b", "▁the", "漢字"}) tiny.add(text);
    const Checkpoint checkpoint = answered(tiny.gguf());
    EXPECT_EQ(ids(checkpoint, "a b"), byte_ids("a b"));
    EXPECT_EQ((*checkpoint.texts("tokenizer.ggml.tokens"))[kTinyEnd], "[EMPTY_263]")
        << "as in llama.cpp";
    EXPECT_TRUE(has_note(checkpoint, "2 tokens have no text"));
    EXPECT_EQ(Tokenizer::from_checkpoint(checkpoint).token_bytes(kTinyEnd + 2), "a b");
    tiny.add("the");
    EXPECT_NE(refusal([&] { ids(answered(tiny.gguf()), ""); }), "")
        << "the same token twice: llama.cpp refuses it too";
}

TEST(Padding, RowsWithoutATokenAreUnused) {
    const TinyTokenizer tiny;
    const Checkpoint checkpoint = read_tokenizer_folder(tiny.json(), nullptr, kTinyEnd + 37);
    EXPECT_EQ(ids(checkpoint, "the [PAD263]"), ids(answered(tiny.gguf()), "the [PAD263]"));
    EXPECT_EQ(Tokenizer::from_checkpoint(checkpoint).size(), kTinyEnd + 37);
}

// --- long texts, and texts that are none
// -------------------------------------------------------------------------------------------------

TEST(LongTexts, TakeTimeInProportion) {
    TinyTokenizer tiny;
    tiny.merge("a", "a");
    tiny.merge("Ġ", "Ġ");
    const Checkpoint checkpoint = answered(tiny.gguf("smollm"));
    const Tokenizer tokenizer = Tokenizer::from_checkpoint(checkpoint);
    std::string heron;
    for (int i = 0; i < 125000; ++i) heron += "theheron";
    for (const std::string& text :
         {std::string(1000000, 'a'), std::string(1000000, ' '), std::string(1000000, '\n'),
          std::string(1000000, ' ') + "1", heron}) {
        const auto begin = std::chrono::steady_clock::now();
        const Ids found = tokenizer.encode(text);
        EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
        EXPECT_EQ(tokenizer.decode(found), text);
    }
    EXPECT_EQ(tokenizer.encode(std::string(1000001, ' ')).size(), 500001U);
}

TEST(TextsThatAreNoUtf8, GiveTheirBytesOneByOne) {
    const Checkpoint checkpoint = answered(TinyTokenizer().gguf());
    for (const char* text :
         {"the \xE6\xAD", "h\xE9ron", "\xFF\xFEt\0h", "\xED\xA0\x80", "th\xC3"}) {
        const Tokenizer tokenizer = Tokenizer::from_checkpoint(checkpoint);
        EXPECT_EQ(tokenizer.decode(tokenizer.encode(text)), text);
    }
    Ids expected{261, 35};
    for (const TokenId id : byte_ids("\xE6\xAD")) expected.push_back(id);
    EXPECT_EQ(ids(checkpoint, "the \xE6\xAD"), expected);
}

}  // namespace
}  // namespace hone
