// SPDX-License-Identifier: Apache-2.0
// GGUF files as converters, downloads and accidents leave them. The reference is llama.cpp:
// src/llama-model.cpp (load_hparams) and ggml/src/gguf.cpp.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <string>

#include "engine/core/error.h"
#include "engine/formats/gguf.h"
#include "engine/formats/synthetic.h"
#include "engine/model/model.h"
#include "tests/formats/gguf_bytes.h"
#include "tests/formats/hugging_face_folder.h"

namespace hone {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

template <typename Work>
ErrorDetails refusal(const Work& work) {
    try {
        work();
    } catch (const Error& error) {
        return error.details();
    }
    ADD_FAILURE() << "nothing was refused";
    return {};
}

Checkpoint tiny() {
    return make_synthetic("tiny", false);
}

ModelConfig config_with(const std::function<void(Checkpoint&)>& change) {
    Checkpoint checkpoint = tiny();
    change(checkpoint);
    return read_config(checkpoint);
}

std::function<void(Checkpoint&)> set(const char* key, MetadataValue value) {
    return [=](Checkpoint& checkpoint) { checkpoint.metadata[key] = value; };
}

// A whole model as bytes to spoil.
std::string tiny_file() {
    const TestFolder folder;
    const Checkpoint checkpoint = make_synthetic("tiny", true);
    write_gguf(checkpoint, folder.path() / "m.gguf", {});
    return bytes_of_file(folder.path() / "m.gguf");
}

ErrorDetails refusal_of_bytes(std::string_view bytes, std::string_view name = "m.gguf") {
    const TestFolder folder;
    const auto path = folder.file(name, bytes);
    return refusal([&] { read_gguf(path); });
}

// Keys that are absent
// -------------------------------------------------------------------------------------------------

// llama.cpp: rope_freq_base_train = 10000, n_rot = n_embd_head_k, n_head_kv = n_head, each
// overwritten where the key is there.
TEST(GgufAbsentKeys, AreAnsweredWithLlamaCppsDefaultAndANote) {
    const ModelConfig base = config_with(
        [](Checkpoint& checkpoint) { checkpoint.metadata.erase("llama.rope.freq_base"); });
    EXPECT_EQ(base.rope_theta, 10000.0);
    EXPECT_THAT(
        base.notes,
        ElementsAre("the file does not say llama.rope.freq_base: 10000, llama.cpp's default, is "
                    "used"));
    // The tiny shape has fewer key heads than query heads: without the key its tensors do not fit.
    const ErrorDetails heads = refusal([] {
        config_with([](Checkpoint& checkpoint) {
            checkpoint.metadata.erase("llama.attention.head_count_kv");
        });
    });
    EXPECT_THAT(heads.field, HasSubstr("attn_k.weight"));
    EXPECT_EQ(config_with([](Checkpoint& checkpoint) {
                  checkpoint.metadata.erase("llama.rope.dimension_count");
              }).rotary_dim,
              read_config(tiny()).head_dim);
}

// llama.cpp's get_key throws for these where they are absent: "key not found in model".
TEST(GgufAbsentKeys, ThatHaveNoDefaultAreNamed) {
    for (const char* key : {"llama.context_length", "llama.embedding_length", "llama.block_count",
                            "llama.feed_forward_length", "llama.attention.head_count",
                            "llama.attention.layer_norm_rms_epsilon", "general.architecture"}) {
        const ErrorDetails error = refusal([key] {
            config_with([key](Checkpoint& checkpoint) { checkpoint.metadata.erase(key); });
        });
        EXPECT_THAT(error.field, HasSubstr(key));
        EXPECT_EQ(error.found, "nothing");
        EXPECT_THAT(error.summary, HasSubstr(key)) << "the sentence for people names it";
    }
}

// Scaling of the rotation
// -------------------------------------------------------------------------------------------------

double slowed(const ModelConfig& config) {
    return std::pow(config.rope_theta, -2.0 / static_cast<double>(config.rotary_dim)) /
           static_cast<double>(config.rope_frequencies[1]);
}

// llama.cpp: the type is "linear" where none is said; the older key is read where the newer is
// absent; 0 is no scaling; a type of "none" never scales (llama-context.cpp).
TEST(GgufRope, IsScaledAsLlamaCppDoes) {
    constexpr const char *kFactor = "llama.rope.scaling.factor",
                         *kOlder = "llama.rope.scale_linear", *kType = "llama.rope.scaling.type";
    const auto with = [](std::initializer_list<std::pair<const char*, MetadataValue>> keys) {
        return config_with([&](Checkpoint& checkpoint) {
            for (const auto& [key, value] : keys) checkpoint.metadata[key] = value;
        });
    };
    const ModelConfig alone = with({{kFactor, 4.0F}});
    EXPECT_NEAR(slowed(alone), 4, 1e-5);
    EXPECT_THAT(alone.notes, Contains(HasSubstr("linear")));
    EXPECT_NEAR(slowed(with({{kType, std::string("linear")}, {kFactor, 4.0F}})), 4, 1e-5);
    EXPECT_NEAR(slowed(with({{kOlder, 4.0F}})), 4, 1e-5);
    EXPECT_NEAR(slowed(with({{kFactor, 2.0F}, {kOlder, 4.0F}})), 2, 1e-5);
    EXPECT_NEAR(slowed(with({{kFactor, 1.0F}, {kOlder, 4.0F}})), 1, 1e-5)
        << "the newer key is there";
    EXPECT_NEAR(slowed(with({{kFactor, 0.0F}, {kOlder, 4.0F}})), 1, 1e-5);
    const ModelConfig none = with({{kType, std::string("none")}, {kFactor, 4.0F}});
    EXPECT_NEAR(slowed(none), 1, 1e-5);
    EXPECT_THAT(none.notes, Contains(HasSubstr("not used")));
    EXPECT_THAT(refusal([&] {
                    with({{kType, std::string("yarn")}, {kFactor, 4.0F}});
                }).found,
                "'yarn'");
}

// Keys that change the graph
// -------------------------------------------------------------------------------------------------

TEST(GgufKeys, ThatChangeTheComputationAreRefusedByName) {
    for (const char* key :
         {"llama.expert_count", "llama.attention.sliding_window", "llama.attention.scale",
          "llama.logit_scale", "llama.residual_scale", "llama.embedding_scale",
          "llama.final_logit_softcapping", "llama.attn_logit_softcapping",
          "llama.rope.scaling.attn_factor", "llama.attention.clamp_kqv",
          "llama.attention.max_alibi_bias", "llama.rope.scaling.yarn_log_multiplier"}) {
        const ErrorDetails error = refusal([key] { config_with(set(key, 7.5F)); });
        EXPECT_THAT(error.field, HasSubstr(key));
        EXPECT_EQ(error.fault, Fault::unsupported);
    }
    EXPECT_THAT(refusal([] { config_with(set("llama.attention.causal", false)); }).field,
                HasSubstr("causal"));
    EXPECT_THAT(refusal([] { config_with(set("llama.use_parallel_residual", true)); }).field,
                HasSubstr("use_parallel_residual"));
}

TEST(GgufKeys, ThatChangeNothingAreNot) {
    const ModelConfig config = config_with([](Checkpoint& checkpoint) {
        checkpoint.metadata["llama.expert_count"] = std::uint32_t{0};
        checkpoint.metadata["llama.attention.causal"] = true;
        checkpoint.metadata["llama.logit_scale"] = 1.0F;
        checkpoint.metadata["llama.rope.scaling.attn_factor"] = 1.0F;
    });
    EXPECT_THAT(config.notes, IsEmpty());
}

TEST(GgufKeys, ThatNobodyKnowsAreSaid) {
    EXPECT_THAT(config_with(set("llama.attention.whirl", 3.0F)).notes,
                ElementsAre(HasSubstr("llama.attention.whirl")));
}

TEST(GgufKeys, OfAnAdapterSayThatItIsOne) {
    const ErrorDetails error =
        refusal([] { config_with(set("general.type", std::string("adapter"))); });
    EXPECT_EQ(error.summary, "This file is an adapter (LoRA), not a model.");
    EXPECT_EQ(error.fault, Fault::not_a_model);
}

// One number a layer (get_key_or_arr): alike they are that number, unlike is a model that Hone does
// not run.
TEST(GgufPerLayer, NumbersAreOneNumberWhereTheyAreAlike) {
    const ModelConfig plain = read_config(tiny());
    const auto layers = static_cast<std::size_t>(plain.n_layers);
    const auto of = [&](const char* key, std::vector<std::int32_t> values) {
        return config_with(set(key, MetadataArray(std::move(values))));
    };
    const auto kv = static_cast<std::int32_t>(plain.n_kv_heads);
    const std::vector<std::int32_t> alike(layers, kv);
    EXPECT_EQ(of("llama.attention.head_count_kv", alike).n_kv_heads, kv);
    EXPECT_EQ(of("llama.feed_forward_length",
                 std::vector<std::int32_t>(layers, static_cast<std::int32_t>(plain.n_ff)))
                  .n_ff,
              plain.n_ff);
    std::vector<std::int32_t> unlike = alike;
    unlike[0] = 0;
    const ErrorDetails error = refusal([&] { of("llama.attention.head_count_kv", unlike); });
    EXPECT_THAT(error.found, HasSubstr("0 in the first layer"));
    EXPECT_EQ(error.fault, Fault::unsupported);
    EXPECT_THAT(refusal([&] { of("llama.attention.head_count_kv", {kv}); }).expected,
                HasSubstr("one a layer"));
}

// Number types
// -------------------------------------------------------------------------------------------------

TEST(GgufNumbers, OfEveryWidthAreRead) {
    const ModelConfig plain = read_config(tiny());
    const auto heads = static_cast<std::uint8_t>(plain.n_heads);
    for (const MetadataValue& value :
         {MetadataValue(std::uint8_t{heads}), MetadataValue(std::int32_t{heads}),
          MetadataValue(std::uint64_t{heads}), MetadataValue(std::int64_t{heads}),
          MetadataValue(std::uint16_t{heads})})
        EXPECT_EQ(config_with(set("llama.attention.head_count", value)).n_heads, plain.n_heads);
    EXPECT_EQ(config_with(set("llama.rope.freq_base", 5000.0)).rope_theta, 5000.0);
    EXPECT_THAT(
        refusal([] { config_with(set("llama.attention.head_count", std::int32_t{-4})); }).found,
        "-4");
    EXPECT_THAT(refusal([] { config_with(set("llama.attention.head_count", 4.0F)); }).expected,
                "an integer");
    EXPECT_THAT(
        refusal([] { config_with(set("llama.attention.head_count", std::string("4"))); }).found,
        "the text '4'");
}

// Row 27: an error about a key says where it is in the file.
TEST(GgufMetadata, ErrorsSayWhereTheKeyIs) {
    const TestFolder folder;
    GgufBytes bytes;
    bytes.header(0, 2).text_key("general.architecture", "llama");
    const std::size_t place = bytes.bytes().size();
    bytes.text_key("llama.block_count", "many");
    const Checkpoint checkpoint = read_gguf(folder.file("m.gguf", bytes.bytes()));
    EXPECT_EQ(refusal([&] { read_config(checkpoint); }).field,
              fmt::format("metadata 'llama.block_count' (@0x{:X})", place));
    GgufBytes zero;
    zero.header(0, 2)
        .text_key("general.architecture", "llama")
        .key("llama.block_count", 4)
        .number(0U);
    const Checkpoint none = read_gguf(folder.file("zero.gguf", zero.bytes()));
    EXPECT_THAT(refusal([&] { read_config(none); }).field, HasSubstr("llama.block_count' (@0x"));
}

// Split files
// -------------------------------------------------------------------------------------------------

std::string part(std::int64_t number, std::uint16_t count) {
    return GgufBytes()
        .header(0, 3)
        .text_key("general.architecture", "llama")
        .key("split.no", 11)
        .number(number)
        .key("split.count", 2)
        .number(count)
        .bytes();
}

TEST(GgufSplit, ListsThePartsAndSaysWhichAreThere) {
    const TestFolder folder;
    const auto first = folder.file("m-00001-of-00003.gguf", part(0, 3));
    folder.file("m-00003-of-00003.gguf", part(2, 3));
    const ErrorDetails error = refusal([&] { read_gguf(first); });
    EXPECT_EQ(error.summary, "This is part 1 of 3 of a model.");
    EXPECT_EQ(error.fault, Fault::unsupported);
    EXPECT_THAT(error.found, HasSubstr("m-00001-of-00003.gguf, m-00002-of-00003.gguf (not there), "
                                       "m-00003-of-00003.gguf"));
    EXPECT_THAT(error.action, HasSubstr("llama-gguf-split --merge"));
}

TEST(GgufSplit, NumbersDoNotOverflow) {
    for (const std::int64_t number : {std::numeric_limits<std::int64_t>::max(), std::int64_t{-1},
                                      std::numeric_limits<std::int64_t>::min(), std::int64_t{2}}) {
        const ErrorDetails error = refusal_of_bytes(part(number, 2));
        EXPECT_THAT(error.field, HasSubstr("split.no"));
        EXPECT_EQ(error.found, std::to_string(number));
        EXPECT_EQ(error.fault, Fault::damaged);
    }
    // One part that says so is a whole model.
    const TestFolder folder;
    EXPECT_NO_THROW(read_gguf(folder.file("m.gguf", part(0, 1))));
    EXPECT_NO_THROW(read_gguf(folder.file("n.gguf", part(0, 0))));
}

// Ends, and other files
// -------------------------------------------------------------------------------------------------

TEST(GgufEnds, SayHowMuchIsThere) {
    const std::string whole = tiny_file();
    ErrorDetails error = refusal_of_bytes(std::string_view(whole).substr(0, whole.size() / 2));
    EXPECT_THAT(error.summary, StartsWith("The file is cut off: "));
    EXPECT_THAT(error.summary, HasSubstr(" of about "));
    EXPECT_EQ(error.fault, Fault::cut_off);
    error = refusal_of_bytes(std::string_view(whole).substr(0, whole.size() - 40));
    EXPECT_THAT(error.summary, StartsWith("The file is cut off: "))
        << "by less than can be said in MB";
    error = refusal_of_bytes(std::string_view(whole).substr(0, 500));
    EXPECT_EQ(error.summary, "The file is cut off.") << "in the header nobody knows of how much";
    EXPECT_NE(error.action, "");
    EXPECT_EQ(refusal_of_bytes("").summary, "This is an empty file, not a model.");
    EXPECT_EQ(refusal_of_bytes("GG").fault, Fault::cut_off);
    // ggml reads such files, too.
    const TestFolder folder;
    EXPECT_NO_THROW(read_gguf(folder.file("longer.gguf", whole + std::string(100, '\0'))));
}

struct Other {
    std::string bytes;
    const char* summary;
};

TEST(GgufOtherFiles, AreRecognised) {
    using namespace std::string_literals;
    const std::string tar = std::string(257, 'a') + "ustar\0"s + std::string(300, '\0');
    const Other others[] = {
        {"<!doctype html><html><title>404</title></html>", "This is a web page, not a model."},
        {"<!DOCTYPE html>", "This is a web page, not a model."},
        {"\xEF\xBB\xBF\r\n  <HTML lang=en>", "This is a web page, not a model."},
        {"<Error><Code>AccessDenied</Code>", "This is a web page, not a model."},
        {"<?xml version=\"1.0\"?>", "This is a web page, not a model."},
        {"{\"error\":\"Repository not found\"}",
         "This is a JSON text ('{\"error\":\"Repository not found\"}'), not a model."},
        {"Entry not found", "This is a text ('Entry not found'), not a model."},
        {"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
         "This is a Git LFS pointer, not a model."},
        {"\x1F\x8B\x08\0\0\0"s, "This is a gzip archive, not a model."},
        {"PK\x03\x04\0\0"s, "This is a zip archive (a PyTorch checkpoint?), not a model."},
        {"\x80\x02}q\x01.", "This is a Python pickle (a PyTorch checkpoint?), not a model."},
        {"%PDF-1.7\n", "This is a PDF document, not a model."},
        {"\x28\xB5\x2F\xFD\0\0"s, "This is a zstd archive, not a model."},
        {tar, "This is a tar archive, not a model."},
        {"FUGG\x03\0\0\0"s, "This is a big-endian GGUF file, not a model."},
        {"ggjt\x03\0\0\0"s, "This is an old GGML file, not a model."},
        {"\x02\0\0\0\0\0\0\0{}"s, "This is a safetensors file, not a GGUF file."},
        {std::string(4096, '\0'),
         "This is a file that begins with nothing but zeros, not a model."},
    };
    for (const Other& other : others) {
        const ErrorDetails error = refusal_of_bytes(other.bytes);
        EXPECT_EQ(error.summary, other.summary);
        EXPECT_EQ(error.fault, Fault::not_a_model) << other.summary;
    }
    EXPECT_EQ(refusal_of_bytes("\x01\x02\x03\x04\x05").found, "bytes 01 02 03 04");
}

TEST(GgufVersions, OnlyTwoAndThree) {
    std::string whole = tiny_file();
    for (const char version : {'\0', '\1', '\4'}) {
        whole[4] = version;
        EXPECT_EQ(refusal_of_bytes(whole).fault, Fault::unsupported);
    }
    whole[4] = '\2';
    const TestFolder folder;
    EXPECT_NO_THROW(read_gguf(folder.file("v2.gguf", whole)));
}

// Costs
// -------------------------------------------------------------------------------------------------

// M7: an array costs what it holds only up to what any vocabulary needs.
TEST(GgufCosts, ArraysHaveAnEnd) {
    const TestFolder folder;
    const auto path = folder.file("m.gguf", GgufBytes()
                                                .header(0, 1)
                                                .key("x", 9)
                                                .number(std::uint32_t{0})
                                                .number(std::uint64_t{1000000000})
                                                .bytes());
    std::filesystem::resize_file(path, 1100000000);  // sparse
    const ErrorDetails error = refusal([&] { read_gguf(path); });
    EXPECT_EQ(error.found, "1000000000 elements");
    EXPECT_THAT(error.expected, HasSubstr("8388608"));
}

// L8: 4,096 layers start in less than 2 s.
TEST(GgufCosts, FindingTensorsIsLinear) {
    Checkpoint checkpoint;
    constexpr int kTensors = 200000;
    checkpoint.tensors.resize(kTensors);
    for (std::size_t i = 0; i < kTensors; ++i) checkpoint.tensors[i].name = "t" + std::to_string(i);
    const auto start = std::chrono::steady_clock::now();
    for (int i = kTensors; i-- > 0;) {
        const StoredTensor* found = checkpoint.find("t" + std::to_string(i));
        ASSERT_NE(found, nullptr);
        ASSERT_EQ(found, &checkpoint.tensors[static_cast<std::size_t>(i)]);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
    // However the list is changed, what is found is there under that name.
    checkpoint.tensors.erase(checkpoint.tensors.begin());
    EXPECT_EQ(checkpoint.find("t0"), nullptr);
    EXPECT_EQ(checkpoint.find("t7"), &checkpoint.tensors[6]);
    checkpoint.tensors[6].name = "other";
    EXPECT_EQ(checkpoint.find("t7"), nullptr);
    EXPECT_EQ(checkpoint.find("other"), &checkpoint.tensors[6]);
    const Checkpoint copy = checkpoint;
    EXPECT_EQ(copy.find("other"), &copy.tensors[6]);
}

// Names from a file
// -------------------------------------------------------------------------------------------------

TEST(GgufNames, AreShortAndPrintableInMessages) {
    using namespace std::string_literals;
    const ErrorDetails nul = refusal_of_bytes(
        GgufBytes().header(1, 0).tensor("blk\0\x1b[31m"s, {4}, 99, 0).pad().data(64).bytes());
    EXPECT_THAT(nul.message, HasSubstr("blk\\x00\\x1B[31m"));
    EXPECT_THAT(nul.message, HasSubstr("expected")) << "nothing ends at the NUL";
    Checkpoint odd = tiny();
    odd.metadata["general.architecture"] = std::string(5000, 'a');
    const ErrorDetails error = refusal([&] { read_config(odd); });
    EXPECT_LT(error.message.size(), 600U);
}

}  // namespace
}  // namespace hone
