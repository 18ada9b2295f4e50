// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstring>

#include "engine/core/error.h"
#include "engine/formats/hugging_face.h"
#include "engine/formats/hugging_face/safetensors_header.h"
#include "engine/formats/hugging_face/tensors.h"
#include "tests/formats/hugging_face_folder.h"

namespace hone {
namespace {

using Json = nlohmann::json;

constexpr const char* kFirst = "model-00001-of-00003.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";

std::string text_of(const StoredTensor& tensor) {
    return {reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size()};
}

TEST(HuggingFace, ReadsShardsIntoGgufsKeysAndNames) {
    const HuggingFaceFolder folder("grouped");
    const Checkpoint checkpoint = read_hugging_face(folder.path());
    EXPECT_EQ(checkpoint.source, folder.path().string());
    EXPECT_EQ(checkpoint.name, "model");
    EXPECT_EQ(checkpoint.text("general.architecture"), "llama");
    EXPECT_EQ(checkpoint.integer("llama.block_count"), 2);
    EXPECT_EQ(checkpoint.integer("llama.attention.head_count_kv"), 2);
    EXPECT_EQ(checkpoint.integer("llama.attention.key_length"), 16);
    EXPECT_EQ(checkpoint.real("llama.rope.freq_base"), 10000.0);
    EXPECT_EQ(checkpoint.text("tokenizer.ggml.pre"), "smollm");
    EXPECT_EQ(checkpoint.integer("tokenizer.ggml.bos_token_id"), 1);
    EXPECT_EQ(checkpoint.integer("tokenizer.ggml.eos_token_id"), 2);
    EXPECT_EQ(checkpoint.integer("tokenizer.ggml.padding_token_id"), 0);
    EXPECT_FALSE(checkpoint.flag_or("tokenizer.ggml.add_bos_token", true));
    EXPECT_EQ(checkpoint.text("tokenizer.chat_template"),
              "{% for message in messages %}{{ message['content'] }}{% endfor %}");
    const auto& tokens = *checkpoint.texts("tokenizer.ggml.tokens");
    ASSERT_EQ(tokens.size(), 324U);
    EXPECT_EQ(tokens[1], "<|im_start|>");
    EXPECT_EQ(tokens[323], "[PAD323]");
    EXPECT_EQ((*checkpoint.integers("tokenizer.ggml.token_type"))[1], 3);
    EXPECT_EQ((*checkpoint.integers("tokenizer.ggml.token_type"))[10], 1);
    EXPECT_EQ((*checkpoint.integers("tokenizer.ggml.token_type"))[323], 5);
    ASSERT_EQ(checkpoint.tensors.size(), 21U);
    EXPECT_EQ(checkpoint.find("output.weight")->type, DType::bf16);
    EXPECT_EQ(checkpoint.find("blk.1.attn_k.weight")->shape, (std::vector<std::int64_t>{32, 32}));
    EXPECT_EQ(checkpoint.find("blk.1.ffn_norm.weight")->type, DType::f32) << "as GGUF has vectors";
}

TEST(HuggingFace, ReadsOneFileWithTiedEmbeddings) {
    const HuggingFaceFolder folder("tied");
    const Checkpoint checkpoint = read_hugging_face(folder.path());
    EXPECT_EQ(checkpoint.find("output.weight"), nullptr);
    EXPECT_EQ(checkpoint.text("tokenizer.ggml.pre"), "llama-bpe");
    EXPECT_TRUE(checkpoint.flag_or("tokenizer.ggml.add_bos_token", false));
    EXPECT_EQ(checkpoint.metadata_find("llama.attention.key_length"), nullptr);
}

TEST(HuggingFace, OpensByAnyOfItsFiles) {
    const HuggingFaceFolder folder("grouped");
    for (const char* name : {"", "config.json", kFirst, kIndex})
        EXPECT_EQ(open_checkpoint((folder.path() / name).string()).tensors.size(), 21U) << name;
}

// Row 2i of a head is row i of its first half, row 2i + 1 row i of its second: written out here,
// not taken from the reader.
TEST(HuggingFace, PairsTheRowsOfQueriesAndKeys) {
    const HuggingFaceFolder folder("grouped");
    const Checkpoint checkpoint = read_hugging_face(folder.path());
    const std::string file = folder.bytes(kFirst);
    const auto header = hf::read_safetensors_header(std::as_bytes(std::span(file)), kFirst);
    int looked_at = 0;
    for (const hf::SafetensorsEntry& entry : header.tensors) {
        const bool queries = entry.name == "model.layers.0.self_attn.q_proj.weight";
        if (!queries && entry.name != "model.layers.0.self_attn.k_proj.weight") continue;
        const std::size_t row = 32 * 2;
        const std::string ours =
            text_of(*checkpoint.find(queries ? "blk.0.attn_q.weight" : "blk.0.attn_k.weight"));
        const std::string theirs = file.substr(entry.begin, entry.bytes);
        for (std::size_t head = 0; head < theirs.size() / row / 16; ++head) {
            for (std::size_t i = 0; i < 8; ++i) {
                EXPECT_EQ(ours.substr((head * 16 + 2 * i) * row, row),
                          theirs.substr((head * 16 + i) * row, row));
                EXPECT_EQ(ours.substr((head * 16 + 2 * i + 1) * row, row),
                          theirs.substr((head * 16 + 8 + i) * row, row));
            }
        }
        ++looked_at;
    }
    EXPECT_GT(looked_at, 0);
    for (std::int64_t r = 0; r < 64; ++r)
        EXPECT_EQ(hf::gguf_row(hf::hugging_face_row(r, 16), 16), r);
}

TEST(HuggingFace, CopiesNothingToInspect) {
    const HuggingFaceFolder folder("grouped");
    const Checkpoint looked = read_hugging_face(folder.path(), false),
                     whole = read_hugging_face(folder.path());
    EXPECT_EQ(looked.bytes(), whole.bytes());
    EXPECT_TRUE(looked.find("blk.0.attn_q.weight")->data.empty());
    EXPECT_EQ(text_of(*looked.find("blk.0.attn_v.weight")),
              text_of(*whole.find("blk.0.attn_v.weight")));
}

TEST(HuggingFace, ReadsScalingAsOldAndNewFilesSayIt) {
    const auto with = [](const Json& change) {
        const HuggingFaceFolder folder("grouped");
        folder.edit("config.json", [&](Json& config) {
            if (change.contains("rope_scaling")) config.erase("rope_parameters");
            config.update(change);
        });
        return read_hugging_face(folder.path());
    };
    const Json linear{{"rope_type", "linear"}, {"factor", 2.5}, {"rope_theta", 5000.0}};
    const Checkpoint now = with({{"rope_parameters", linear}});
    const Checkpoint before =
        with({{"rope_theta", 5000.0}, {"rope_scaling", {{"type", "linear"}, {"factor", 2.5}}}});
    for (const Checkpoint* checkpoint : {&now, &before}) {
        EXPECT_EQ(checkpoint->text("llama.rope.scaling.type"), "linear");
        EXPECT_EQ(checkpoint->real("llama.rope.scaling.factor"), 2.5);
        EXPECT_EQ(checkpoint->real("llama.rope.freq_base"), 5000.0);
    }
    const Checkpoint llama3 = with({{"rope_scaling",
                                     {{"rope_type", "llama3"},
                                      {"factor", 8.0},
                                      {"low_freq_factor", 1.0},
                                      {"high_freq_factor", 4.0},
                                      {"original_max_position_embeddings", 64}}}});
    EXPECT_EQ(llama3.metadata_find("llama.rope.scaling.type"), nullptr);
    const StoredTensor* factors = llama3.find("rope_freqs.weight");
    ASSERT_NE(factors, nullptr);
    ASSERT_EQ(factors->shape, std::vector<std::int64_t>{8});
    std::array<float, 8> values{};
    std::memcpy(values.data(), factors->data.data(), sizeof values);
    EXPECT_EQ(values[0], 1.0F) << "a wave of 6 positions";
    EXPECT_GT(values[1], 1.0F) << "of 20: between 64/4 and 64/1";
    EXPECT_LT(values[1], 8.0F);
    EXPECT_EQ(values[7], 8.0F);
}

TEST(HuggingFace, LeavesWhatIsComputedAnew) {
    const HuggingFaceFolder old("tied");
    old.edit_header("model.safetensors", [](Json& header) {
        header["model.layers.0.self_attn.rotary_emb.inv_freq"] = {
            {"dtype", "F32"}, {"shape", {4}}, {"data_offsets", {60384, 60400}}};
    });
    const std::string file = old.bytes("model.safetensors");
    old.write("model.safetensors", file + std::string(16, '\0'));
    EXPECT_EQ(read_hugging_face(old.path()).tensors.size(), 20U);
}

TEST(HuggingFace, TakesAMirroredCacheAndNoOtherLink) {
    const HuggingFaceFolder folder("tied");
    const auto repository = folder.path().parent_path() / "models--a--b";
    const auto snapshot = repository / "snapshots" / "0123abc";
    std::filesystem::create_directories(repository / "blobs");
    std::filesystem::create_directories(repository / "snapshots");
    std::filesystem::rename(folder.path(), snapshot);
    std::filesystem::rename(snapshot / "model.safetensors", repository / "blobs" / "abc");
    std::filesystem::create_symlink("../../blobs/abc", snapshot / "model.safetensors");
    EXPECT_EQ(read_hugging_face(snapshot).tensors.size(), 20U);
    std::filesystem::rename(repository / "blobs", repository / "elsewhere");
    std::filesystem::remove(snapshot / "model.safetensors");
    std::filesystem::create_symlink("../../elsewhere/abc", snapshot / "model.safetensors");
    EXPECT_THROW(read_hugging_face(snapshot), Error);
}

TEST(HuggingFace, NamesASnapshotOfTheCacheAfterItsModel) {
    const HuggingFaceFolder folder("tied");
    const auto snapshots = folder.path().parent_path() / "models--Some--Tiny-Llama" / "snapshots";
    std::filesystem::create_directories(snapshots);
    std::filesystem::rename(folder.path(), snapshots / "0123abc");
    EXPECT_EQ(read_hugging_face(snapshots / "0123abc").name, "Tiny-Llama");
}

// Bad input
// -------------------------------------------------------------------------------------------------

struct Bad {
    const char* name;
    std::function<void(const HuggingFaceFolder&)> spoil;
    const char *file, *field, *found, *expected;  // parts of what the error says
};

void PrintTo(const Bad& bad, std::ostream* out) {
    *out << bad.name;
}

std::function<void(const HuggingFaceFolder&)> config(const Json& change) {
    return [change](const HuggingFaceFolder& folder) {
        folder.edit("config.json", [&](Json& json) { json.update(change, true); });
    };
}

std::function<void(const HuggingFaceFolder&)> tokenizer(const std::function<void(Json&)>& change) {
    return [change](const HuggingFaceFolder& folder) { folder.edit("tokenizer.json", change); };
}

std::function<void(const HuggingFaceFolder&)> header(const std::function<void(Json&)>& change) {
    return [change](const HuggingFaceFolder& folder) { folder.edit_header(kFirst, change); };
}

std::function<void(const HuggingFaceFolder&)> index(const std::function<void(Json&)>& change) {
    return [change](const HuggingFaceFolder& folder) { folder.edit(kIndex, change); };
}

std::function<void(const HuggingFaceFolder&)> file(const char* name, const std::string& bytes) {
    return [=](const HuggingFaceFolder& folder) { folder.write(name, bytes); };
}

std::function<void(const HuggingFaceFolder&)> gone(const char* name) {
    return [=](const HuggingFaceFolder& folder) { folder.remove(name); };
}

void swap_for_a_pipe(const HuggingFaceFolder& folder) {
    folder.remove(kFirst);
    mkfifo((folder.path() / kFirst).c_str(), 0600);
}

void shorten(const HuggingFaceFolder& folder) {
    const std::string bytes = folder.bytes(kFirst);
    folder.write(kFirst, std::string_view(bytes).substr(0, bytes.size() - 1));
}

void lengthen(const HuggingFaceFolder& folder) {
    folder.write(kFirst, folder.bytes(kFirst) + "!");
}

Json& first_tensor(Json& header) {
    for (auto& [name, entry] : header.items()) {
        if (name != "__metadata__" && entry["data_offsets"][0] == 0) return entry;
    }
    throw Error("no first tensor");
}

class BadFolder : public testing::TestWithParam<Bad> {};

TEST_P(BadFolder, IsRefusedByName) {
    const HuggingFaceFolder folder("grouped");
    const Bad& bad = GetParam();
    bad.spoil(folder);
    for (const bool weights : {false, true}) {
        try {
            read_hugging_face(folder.path(), weights);
            FAIL() << "read";
        } catch (const Error& error) {
            const ErrorDetails& details = error.details();
            EXPECT_NE(details.file.find(bad.file), std::string::npos) << error.what();
            EXPECT_NE(details.field.find(bad.field), std::string::npos) << error.what();
            EXPECT_NE(details.found.find(bad.found), std::string::npos) << error.what();
            EXPECT_NE(details.expected.find(bad.expected), std::string::npos) << error.what();
        }
    }
}

std::string name_of(const testing::TestParamInfo<Bad>& test) {
    return test.param.name;
}

constexpr const char* kConfig = "config.json";
constexpr const char* kTokenizer = "tokenizer.json";

INSTANTIATE_TEST_SUITE_P(
    Config, BadFolder,
    testing::Values(
        Bad{"absent", gone(kConfig), kConfig, "", "no such file", "Hugging Face"},
        Bad{"empty", file(kConfig, ""), kConfig, "file", "an empty file", "JSON object"},
        Bad{"cut", file(kConfig, "{\"model_type\": \"lla"), kConfig, "file", "at byte 19 of 19",
            "JSON object"},
        Bad{"no_object", file(kConfig, "[1]"), kConfig, "file", "[1]", "JSON object"},
        Bad{"no_utf8", file(kConfig, "{\"a\": \"\xC3\x28\"}"), kConfig, "file", "no JSON at byte",
            "JSON object"},
        Bad{"deep",
            file(kConfig, "{\"a\":" + std::string(100000, '[') + std::string(100000, ']') + "}"),
            kConfig, "file", "nesting", ""},
        Bad{"twice", file(kConfig, R"({"model_type": "llama", "model_type": "llama"})"), kConfig,
            "file", "\"model_type\" twice", "each key once"},
        Bad{"architecture", config({{"architectures", {"Qwen2ForCausalLM"}}}), kConfig,
            "architectures", "Qwen2ForCausalLM", "LlamaForCausalLM"},
        Bad{"model_type", config({{"model_type", "mistral"}}), kConfig, "model_type", "mistral",
            "llama"},
        Bad{"quantised", config({{"quantization_config", {{"quant_method", "gptq"}}}}), kConfig,
            "quantization_config", "gptq", "null"},
        Bad{"biases", config({{"attention_bias", true}}), kConfig, "attention_bias", "true",
            "false"},
        Bad{"activation", config({{"hidden_act", "gelu"}}), kConfig, "hidden_act", "gelu", "silu"},
        Bad{"no_heads", config({{"num_attention_heads", 0}}), kConfig, "num_attention_heads", "0",
            "from 1"},
        Bad{"kv_heads", config({{"num_key_value_heads", 3}}), kConfig, "num_key_value_heads", "3",
            "divisor of the 4"},
        Bad{"head_dim", config({{"head_dim", 7}}), kConfig, "head_dim", "7", "even"},
        Bad{"head_share", config({{"head_dim", nullptr}, {"num_attention_heads", 6}}), kConfig,
            "num_attention_heads", "6", "divisor of hidden_size, 32"},
        Bad{"text", config({{"hidden_size", "32"}}), kConfig, "hidden_size", "\"32\"",
            "an integer"},
        Bad{"real", config({{"num_hidden_layers", 2.5}}), kConfig, "num_hidden_layers", "2.5",
            "an integer"},
        Bad{"huge", config({{"vocab_size", 18446744073709551615U}}), kConfig, "vocab_size",
            "18446744073709551615", "an integer"},
        Bad{"epsilon", config({{"rms_norm_eps", 0.0}}), kConfig, "rms_norm_eps", "0.0", "above 0"},
        Bad{"theta", config({{"rope_parameters", {{"rope_theta", -1.0}}}}), kConfig,
            "rope_parameters.rope_theta", "-1.0", "above 0"},
        Bad{"yarn", config({{"rope_scaling", {{"rope_type", "yarn"}, {"factor", 4.0}}}}), kConfig,
            "rope_scaling.rope_type", "yarn", "linear or llama3"},
        Bad{"dynamic", config({{"rope_scaling", {{"type", "dynamic"}, {"factor", 4.0}}}}), kConfig,
            "rope_scaling.type", "dynamic", "linear or llama3"},
        Bad{"no_factor", config({{"rope_scaling", {{"type", "linear"}}}}), kConfig,
            "rope_scaling.factor", "nothing", "a number"},
        Bad{"more_layers", config({{"num_hidden_layers", 3}}), kIndex,
            "tensor 'model.layers.2.input_layernorm.weight'", "no such tensor", "3 layers"},
        Bad{"fewer_layers", config({{"num_hidden_layers", 1}}), "safetensors",
            "tensor 'model.layers.1.", "not used", "1 layers"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Tokenizer, BadFolder,
    testing::Values(
        Bad{"absent", gone(kTokenizer), kTokenizer, "", "no such file", ""},
        Bad{"unigram", tokenizer([](Json& json) { json["model"]["type"] = "Unigram"; }), kTokenizer,
            "model.type", "Unigram", "BPE"},
        Bad{"fallback", tokenizer([](Json& json) { json["model"]["byte_fallback"] = true; }),
            kTokenizer, "model.byte_fallback", "true", "false"},
        Bad{"normalizer", tokenizer([](Json& json) {
                json["normalizer"] = {{"type", "NFKC"}};
            }),
            kTokenizer, "normalizer", "NFKC", "none"},
        Bad{"other_split", tokenizer([](Json& json) {
                json["pre_tokenizer"] = {{"type", "Metaspace"}};
            }),
            kTokenizer, "pre_tokenizer", "Metaspace", "SmolLM2"},
        Bad{"space_in_front", tokenizer([](Json& json) {
                json["pre_tokenizer"]["pretokenizers"][1]["add_prefix_space"] = true;
            }),
            kTokenizer, "pre_tokenizer", "Digits", "SmolLM2"},
        Bad{"whole_words", tokenizer([](Json& json) { json["model"]["ignore_merges"] = true; }),
            kTokenizer, "model.ignore_merges", "true", "false with this pre_tokenizer"},
        Bad{"id_beyond", tokenizer([](Json& json) { json["model"]["vocab"]["!"] = 324; }),
            kTokenizer, "model.vocab.!", "324", "below config.json's vocab_size, 324"},
        Bad{"id_negative", tokenizer([](Json& json) { json["model"]["vocab"]["!"] = -1; }),
            kTokenizer, "model.vocab.!", "-1", "an id"},
        Bad{"id_twice", tokenizer([](Json& json) { json["model"]["vocab"]["!"] = 4; }), kTokenizer,
            "model.vocab.", "id 4", "each id once"},
        Bad{"added", tokenizer([](Json& json) { json["added_tokens"][0].erase("content"); }),
            kTokenizer, "added_tokens[0]", "special", "a content"},
        Bad{"merge", tokenizer([](Json& json) {
                json["model"]["merges"][3] = {"!", "nothing"};
            }),
            kTokenizer, "model.merges[3]", "nothing", "two tokens of the vocabulary"},
        Bad{"no_merges", tokenizer([](Json& json) { json["model"].erase("merges"); }), kTokenizer,
            "model.merges", "nothing", "pairs"},
        Bad{"unknown_end",
            [](const HuggingFaceFolder& folder) {
                folder.edit("tokenizer_config.json",
                            [](Json& json) { json["eos_token"] = "<|none|>"; });
            },
            "tokenizer_config.json", "eos_token", "<|none|>", "a token of tokenizer.json"},
        Bad{"bos_beyond", config({{"bos_token_id", 400}}), kConfig, "bos_token_id", "400",
            "below vocab_size, 324"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Weights, BadFolder,
    testing::Values(
        Bad{"none", [](const HuggingFaceFolder& folder) { folder.remove(kIndex); }, "", "weights",
            "neither", ""},
        Bad{"shard_absent", gone(kFirst), kFirst, "", "no such file", "safetensors"},
        Bad{"shard_pipe", swap_for_a_pipe, kFirst, "", "not a regular file", "safetensors"},
        Bad{"shard_empty", file(kFirst, ""), kFirst, "header length", "an empty file",
            "safetensors"},
        Bad{"shard_seven_bytes", file(kFirst, "\x01\x02\x03\x04\x05\x06\x07"), kFirst,
            "header length", "the end of the file", "8 B"},
        Bad{"shard_pointer", file(kFirst, "version https://git-lfs.github.com/spec/v1\n"), kFirst,
            "header", "Git LFS pointer", ""},
        Bad{"header_huge", file(kFirst, std::string(8, '\xFF') + "{}"), kFirst, "header length",
            "18446744073709551615", "at most"},
        Bad{"header_no_json", file(kFirst, std::string("\x02\0\0\0\0\0\0\0{]", 10)), kFirst,
            "header", "no JSON", ""},
        Bad{"truncated", shorten, kFirst, "data_offsets", "after the header's end",
            "no more than the file's"},
        Bad{"trailing", lengthen, kFirst, "file", "1 B after the last tensor", ""},
        Bad{"type", header([](Json& json) { first_tensor(json)["dtype"] = "F8_E4M3"; }), kFirst,
            "dtype", "F8_E4M3", "F32, F16 or BF16"},
        Bad{"no_type", header([](Json& json) { first_tensor(json).erase("dtype"); }), kFirst,
            "dtype", "nothing", ""},
        Bad{"wider_type", header([](Json& json) { first_tensor(json)["dtype"] = "F32"; }), kFirst,
            "data_offsets", " B", "by its shape and type"},
        Bad{"overflow", header([](Json& json) {
                first_tensor(json)["shape"] = {1099511627776, 1099511627776, 1099511627776};
            }),
            kFirst, "data_offsets", "", "can be counted"},
        Bad{"no_size", header([](Json& json) { first_tensor(json)["shape"][0] = 0; }), kFirst,
            "shape", "0", "1 to 2^40"},
        Bad{"real_size", header([](Json& json) { first_tensor(json)["shape"][0] = 1.5; }), kFirst,
            "shape", "1.5", "1 to 2^40"},
        Bad{"many_sizes", header([](Json& json) {
                first_tensor(json)["shape"] = {1, 1, 1, 1, 1};
            }),
            kFirst, "shape", "[1,1,1,1,1]", "at most 4"},
        Bad{"backwards", header([](Json& json) {
                first_tensor(json)["data_offsets"] = {64, 0};
            }),
            kFirst, "data_offsets", "[64,0]", "begin ≤ end"},
        Bad{"negative", header([](Json& json) {
                first_tensor(json)["data_offsets"] = {-64, 0};
            }),
            kFirst, "data_offsets", "[-64,0]", "begin ≤ end"},
        Bad{"beyond", header([](Json& json) {
                Json& offsets = first_tensor(json)["data_offsets"];
                offsets[1] = 1000000 + offsets[1].get<int>();
                offsets[0] = 1000000;
            }),
            kFirst, "data_offsets", "", "where the data before it ends"},
        Bad{"overlapping", header([](Json& json) {
                for (auto& [name, entry] : json.items()) {
                    if (name == "__metadata__" || entry["data_offsets"][0] == 0) continue;
                    entry["data_offsets"][0] = entry["data_offsets"][0].get<int>() - 2;
                    entry["data_offsets"][1] = entry["data_offsets"][1].get<int>() - 2;
                }
            }),
            kFirst, "data_offsets", "inside tensor", "where the data before it ends"},
        Bad{"metadata", header([](Json& json) {
                json["__metadata__"] = {{"format", 1}};
            }),
            kFirst, "__metadata__", "1", "texts"},
        Bad{"shape", header([](Json& json) {
                Json& shape = json["model.layers.0.self_attn.q_proj.weight"]["shape"];
                shape = {shape[0].get<int>() / 8, shape[1].get<int>() * 8};
            }),
            kFirst, "q_proj.weight' shape", "[8, 256]", "whole heads of 16"},
        Bad{"map_absent", index([](Json& json) { json.erase("weight_map"); }), kIndex, "weight_map",
            "nothing", "an object"},
        Bad{"map_number", index([](Json& json) { json["weight_map"]["lm_head.weight"] = 1; }),
            kIndex, "weight_map.lm_head.weight", "1", "name of a file"},
        Bad{"outside",
            index([](Json& json) { json["weight_map"]["lm_head.weight"] = "../config.json"; }),
            kIndex, "weight_map '../config.json'", "outside the model's folder", ""},
        Bad{"absolute",
            index([](Json& json) { json["weight_map"]["lm_head.weight"] = "/etc/passwd"; }), kIndex,
            "weight_map '/etc/passwd'", "outside the model's folder", ""},
        Bad{"elsewhere", index([](Json& json) { json["weight_map"]["extra.weight"] = kFirst; }),
            kFirst, "tensor 'extra.weight'", "no such tensor", kIndex},
        Bad{"unused", header([](Json& json) {
                json["model.layers.0.self_attn.q_proj.bias"] = first_tensor(json);
                json.erase("model.embed_tokens.weight");
            }),
            kFirst, "tensor '", "", ""}),
    name_of);

// Whatever is cut off or flipped, reading ends in an Error or in a checkpoint, never in a crash.
TEST(HuggingFaceDamage, EveryTruncationIsRefused) {
    const HuggingFaceFolder folder("tied");
    const std::string whole = folder.bytes("model.safetensors");
    for (std::size_t size = 0; size < whole.size(); size += size < 3000 ? 7 : 997) {
        folder.write("model.safetensors", std::string_view(whole).substr(0, size));
        EXPECT_THROW(read_hugging_face(folder.path()), Error) << size;
    }
}

TEST(HuggingFaceDamage, FlippedBitsOfTheHeaderDoNoHarm) {
    const std::string whole = HuggingFaceFolder("tied").bytes("model.safetensors");
    std::uint64_t length = 0;
    std::memcpy(&length, whole.data(), sizeof length);
    int refused = 0;
    for (std::size_t byte = 0; byte < sizeof length + length; ++byte) {
        std::string flipped = whole;
        flipped[byte] = static_cast<char>(flipped[byte] ^ (1 << (byte % 8)));
        try {
            const auto header =
                hf::read_safetensors_header(std::as_bytes(std::span(flipped)), "model.safetensors");
            for (const hf::SafetensorsEntry& entry : header.tensors)
                EXPECT_LE(entry.begin + entry.bytes, flipped.size());
        } catch (const Error&) {
            ++refused;
        }
    }
    EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace hone
