// SPDX-License-Identifier: Apache-2.0
// Hugging Face folders as they are found in the wild. The reference is transformers 5:
// configuration_llama.py and modeling_rope_utils.py (RotaryEmbeddingConfigMixin), and
// modeling_utils.py for weights.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <numbers>
#include <utility>
#include <vector>

#include "engine/core/error.h"
#include "engine/experiment/worker/hashing.h"
#include "engine/experiment/worker/prepared.h"
#include "engine/formats/hugging_face.h"
#include "engine/formats/hugging_face/json_file.h"
#include "engine/formats/hugging_face/safetensors_header.h"
#include "engine/model/model.h"
#include "tests/formats/hugging_face_folder.h"

namespace hone {
namespace {

using Json = nlohmann::json;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kConfig = "config.json";
constexpr const char* kWeights = "model.safetensors";

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

Checkpoint with_config(const std::function<void(Json&)>& change) {
    const HuggingFaceFolder folder("tied");
    folder.edit(kConfig, change);
    return read_hugging_face(folder.path(), false);
}

ErrorDetails refusal_of_config(const Json& change) {
    return refusal([&] { with_config([&](Json& config) { config.update(change); }); });
}

// Where the rotation's base and scaling stand (s02)
// -------------------------------------------------------------------------------------------------

const Json kScaling{{"rope_type", "llama3"},
                    {"factor", 8.0},
                    {"low_freq_factor", 1.0},
                    {"high_freq_factor", 4.0},
                    {"original_max_position_embeddings", 64}};

Json with(Json object, const Json& more) {
    object.update(more);
    return object;
}

struct Rope {
    const char* name;
    Json config;
    double theta;
    double original;   // context of llama3's scaling; 0: no scaling
    const char* note;  // part of one; "" where there is none about the rotation
};

// transformers' _compute_llama3_parameters, written anew.
double llama3_factor(double theta, int i, int dim, double original) {
    const double frequency = std::pow(theta, -2.0 * i / dim),
                 wave = 2 * std::numbers::pi / frequency;
    if (wave < original / 4) return 1;
    if (wave > original / 1) return 8;
    const double smooth = (original / wave - 1) / (4 - 1);
    return 1 / ((1 - smooth) / 8 + smooth);
}

TEST(FolderRope, IsReadWhereverItStands) {
    const Json theta{{"rope_theta", 500000.0}};
    const Json plain{{"rope_type", "default"}};
    const Rope forms[] = {
        {"old", with(theta, {{"rope_scaling", kScaling}}), 500000, 64, ""},
        {"new", {{"rope_parameters", with(kScaling, theta)}}, 500000, 64, ""},
        {"new_default", {{"rope_parameters", with(plain, theta)}}, 500000, 0, ""},
        {"both_null",
         {{"rope_scaling", nullptr}, {"rope_parameters", with(kScaling, theta)}},
         500000,
         64,
         ""},
        // {} is false in Python: the object beside it counts.
        {"empty_scaling",
         {{"rope_scaling", Json::object()}, {"rope_parameters", with(kScaling, theta)}},
         500000,
         64,
         ""},
        {"empty_parameters",
         {{"rope_theta", 500000.0},
          {"rope_scaling", kScaling},
          {"rope_parameters", Json::object()}},
         500000,
         64,
         ""},
        {"both_empty",
         {{"rope_scaling", Json::object()}, {"rope_parameters", Json::object()}},
         10000,
         0,
         "rope_theta: 10000"},
        // rope_scaling counts whole: the base in rope_parameters is not looked at.
        {"both",
         {{"rope_scaling", kScaling}, {"rope_parameters", with(plain, theta)}},
         10000,
         64,
         "rope_scaling counts"},
        {"both_llama3",
         {{"rope_scaling", kScaling}, {"rope_parameters", with(kScaling, theta)}},
         10000,
         64,
         "rope_scaling counts"},
        {"no_theta", Json::object(), 10000, 0, "rope_theta: 10000"},
        {"null_theta",
         {{"rope_theta", nullptr}, {"rope_parameters", with(kScaling, theta)}},
         500000,
         64,
         ""},
        {"int_theta", {{"rope_theta", 500000}, {"rope_scaling", nullptr}}, 500000, 0, ""},
        {"two_thetas",
         {{"rope_theta", 7000.0}, {"rope_parameters", with(plain, theta)}},
         500000,
         0,
         "two bases"},
        {"original_beside",
         with(theta, {{"rope_scaling", kScaling}, {"original_max_position_embeddings", 32}}),
         500000, 32, "two original contexts"},
        {"attention_factor_of_one",
         with(theta, {{"rope_scaling", with(kScaling, {{"attention_factor", 1.0}})}}), 500000, 64,
         ""},
        {"unused_key",
         {{"rope_parameters", with(theta, {{"rope_type", "default"}, {"factor", 8.0}})}},
         500000,
         0,
         "does not use"},
    };
    for (const Rope& form : forms) {
        SCOPED_TRACE(form.name);
        const Checkpoint checkpoint = with_config([&](Json& config) {
            for (const char* key : {"rope_theta", "rope_scaling", "rope_parameters"})
                config.erase(key);
            config.update(form.config);
        });
        EXPECT_EQ(checkpoint.real("llama.rope.freq_base"), form.theta);
        const StoredTensor* factors = checkpoint.find("rope_freqs.weight");
        ASSERT_EQ(factors != nullptr, form.original > 0);
        for (std::int64_t i = 0; factors != nullptr && i < factors->cols(); ++i) {
            float factor = 0;
            std::memcpy(&factor, factors->data.data() + static_cast<std::size_t>(i) * sizeof factor,
                        sizeof factor);
            EXPECT_NEAR(static_cast<double>(factor),
                        llama3_factor(form.theta, static_cast<int>(i),
                                      static_cast<int>(2 * factors->cols()), form.original),
                        1e-5);
        }
        if (*form.note == '\0')
            EXPECT_THAT(checkpoint.notes, Not(Contains(HasSubstr("rope"))));
        else
            EXPECT_THAT(checkpoint.notes, Contains(HasSubstr(form.note)));
    }
}

// transformers 5 puts the model's context for it (standardize_rope_params).
TEST(FolderRope, TakesTheModelsContextForAnOriginalOneThatIsNotSaid) {
    Json scaling = kScaling;
    scaling.erase("original_max_position_embeddings");
    const Checkpoint checkpoint = with_config([&](Json& config) {
        config.erase("rope_parameters");
        config["rope_scaling"] = scaling;
    });
    EXPECT_EQ(checkpoint.integer("llama.rope.scaling.original_context_length"),
              checkpoint.integer("llama.context_length"));
    EXPECT_THAT(checkpoint.notes, Contains(HasSubstr("stands in")));
}

TEST(FolderRope, IsRefusedWhereItIsNotKnown) {
    const auto field = [](const Json& scaling) {
        return refusal_of_config({{"rope_scaling", scaling}}).field;
    };
    EXPECT_EQ(field({{"type", "yarn"}, {"factor", 4.0}}), "rope_scaling.type");
    EXPECT_EQ(field({{"type", "dynamic"}, {"factor", 2.0}}), "rope_scaling.type");
    EXPECT_EQ(field({{"rope_type", "longrope"}}), "rope_scaling.rope_type");
    EXPECT_EQ(field({{"type", "linear"}}), "rope_scaling.factor");
    EXPECT_EQ(field(with(kScaling, {{"attention_factor", 0.5}})), "rope_scaling.attention_factor");
    EXPECT_EQ(field(with(kScaling, {{"partial_rotary_factor", 0.5}})),
              "rope_scaling.partial_rotary_factor");
    EXPECT_EQ(field(with(kScaling, {{"whirl", 1}})), "rope_scaling.whirl");
    // One object a kind of layer.
    EXPECT_EQ(refusal_of_config({{"rope_parameters", {{"full_attention", kScaling}}}}).field,
              "rope_parameters.full_attention");
    EXPECT_EQ(refusal_of_config({{"rope_theta", "500000"}, {"rope_parameters", nullptr}}).field,
              "rope_theta");
}

// Keys that change the graph
// -------------------------------------------------------------------------------------------------

TEST(FolderConfig, RefusesEveryKeyThatChangesTheComputation) {
    const Json changes{{"attention_bias", true},
                       {"mlp_bias", true},
                       {"sliding_window", 4096},
                       {"partial_rotary_factor", 0.5},
                       {"attention_multiplier", 0.02},
                       {"residual_multiplier", 0.22},
                       {"embedding_multiplier", 12.0},
                       {"logits_scaling", 8.0},
                       {"logit_scale", 0.0625},
                       {"scale_emb", 12},
                       {"scale_depth", 1.4},
                       {"dim_model_base", 256},
                       {"final_logit_softcapping", 30.0},
                       {"attn_logit_softcapping", 50.0},
                       {"query_pre_attn_scalar", 256},
                       {"use_qk_norm", true},
                       {"qk_layernorm", true},
                       {"clip_qkv", 8},
                       {"num_local_experts", 8},
                       {"n_routed_experts", 64},
                       {"num_experts", 4},
                       {"layer_types", {"sliding_attention", "full_attention"}},
                       {"no_rope_layers", {1, 0}},
                       {"use_bidirectional_attention", true},
                       {"is_encoder_decoder", true},
                       {"attention_chunk_size", 8192},
                       {"parallel_attn", true},
                       {"alibi", true},
                       {"rotary_pct", 0.25},
                       {"use_bias", true},
                       {"hidden_act", "gelu"},
                       {"quantization_config", {{"quant_method", "awq"}}},
                       {"pruned_heads", {{"0", {1}}}},
                       {"model_type", "mistral"},
                       {"architectures", {"MistralForCausalLM"}}};
    for (const auto& [key, value] : changes.items()) {
        const ErrorDetails error = refusal_of_config({{key, value}});
        EXPECT_EQ(error.field, key);
        EXPECT_EQ(error.fault, Fault::unsupported) << key;
    }
}

TEST(FolderConfig, TakesWhatChangesNothing) {
    const Json neutral{{"attention_bias", nullptr},
                       {"mlp_bias", false},
                       {"sliding_window", nullptr},
                       {"residual_multiplier", 1.0},
                       {"logits_scaling", 1},
                       {"num_local_experts", 0},
                       {"layer_types", {"full_attention", "full_attention"}},
                       {"pruned_heads", Json::object()},
                       {"architectures", nullptr},
                       {"hidden_act", "swish"},
                       {"pretraining_tp", 1},
                       {"use_cache", true},
                       {"attention_dropout", 0.1},
                       {"quantization_config", nullptr}};
    const Checkpoint checkpoint = with_config([&](Json& config) { config.update(neutral); });
    EXPECT_THAT(checkpoint.notes, IsEmpty());
}

// The defaults are LlamaConfig's.
TEST(FolderConfig, SaysWhatADefaultAnswersAndWhatIsNotKnown) {
    const Checkpoint checkpoint = with_config([](Json& config) {
        for (const char* key : {"rms_norm_eps", "max_position_embeddings", "hidden_act"})
            config.erase(key);
        config["whirl"] = {{"y", {1, nullptr}}};
    });
    EXPECT_NEAR(checkpoint.real("llama.attention.layer_norm_rms_epsilon"), 1e-6, 1e-12);
    EXPECT_EQ(checkpoint.integer("llama.context_length"), 2048);
    for (const char* part :
         {"rms_norm_eps: 1e-06", "max_position_embeddings: 2048", "hidden_act: silu", "whirl"})
        EXPECT_THAT(checkpoint.notes, Contains(HasSubstr(part)));
}

// Tied, and an output matrix is stored all the same
// -------------------------------------------------------------------------------------------------

// transformers 5 ties only where no other matrix is stored (modeling_utils.py, tie_weights).
TEST(FolderOutput, ThatIsStoredIsUsedThoughItIsSaidToBeTied) {
    const HuggingFaceFolder folder("grouped");
    const Checkpoint untied = read_hugging_face(folder.path());
    folder.edit(kConfig, [](Json& config) { config["tie_word_embeddings"] = true; });
    const Checkpoint tied = read_hugging_face(folder.path());
    ASSERT_NE(tied.find("output.weight"), nullptr);
    EXPECT_EQ(tied.find("output.weight")->data.size(), untied.find("output.weight")->data.size());
    EXPECT_FALSE(read_config(tied).tied_embeddings);
    EXPECT_THAT(tied.notes, Contains(HasSubstr("lm_head.weight is stored")));
    EXPECT_THAT(untied.notes, Not(Contains(HasSubstr("lm_head"))));
}

// Costs
// -------------------------------------------------------------------------------------------------

std::string header_of_many(int tensors) {
    std::string text = "{";
    for (int i = 0; i < tensors; ++i)
        text +=
            (i == 0 ? "" : ",") + ("\"model.layers." + std::to_string(i) +
                                   ".weight\":{\"dtype\":\"F32\",\"shape\":[1],"
                                   "\"data_offsets\":[" +
                                   std::to_string(4 * i) + "," + std::to_string(4 * i + 4) + "]}");
    text += "}";
    std::string bytes(8, '\0');
    const std::uint64_t length = text.size();
    std::memcpy(bytes.data(), &length, sizeof length);
    return bytes + text + std::string(static_cast<std::size_t>(tensors) * 4, '\0');
}

// Row 37: 60,000 tensors in a header in less than 2 s.
TEST(FolderCosts, AHeaderOfManyTensorsIsReadInLinearTime) {
    const std::string file = header_of_many(60000);
    const auto start = std::chrono::steady_clock::now();
    EXPECT_EQ(
        hf::read_safetensors_header(std::as_bytes(std::span(file)), "m.safetensors").tensors.size(),
        60000U);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

TEST(FolderCosts, AKeyTwiceIsStillRefused) {
    std::string file = header_of_many(1000);
    file.replace(file.find("layers.999."), 11, "layers.000.");
    EXPECT_NO_THROW(hf::read_safetensors_header(std::as_bytes(std::span(file)), "m.safetensors"));
    std::string twice = header_of_many(1000);
    twice.replace(twice.find("layers.999."), 11, "layers.998.");
    EXPECT_THAT(refusal([&] {
                    hf::read_safetensors_header(std::as_bytes(std::span(twice)), "m.safetensors");
                }).found,
                HasSubstr("twice"));
    for (const char* text :
         {R"({"a":1,"b":{"c":1,"c":2}})", R"({"a":[{"b":1,"b":1}]})", R"({"a":1,"a":1})"})
        EXPECT_THAT(refusal([&] { hf::JsonObject::parse(text, "f", "file"); }).found,
                    HasSubstr("twice"));
}

// What is built must be what nlohmann's own parser builds.
TEST(FolderCosts, JsonIsBuiltAsItStands) {
    for (
        const char* text :
        {R"({})",
         R"({"a":[],"b":{},"c":[[1,2],[{"d":null}]],"e":-1,"f":1.5,"g":true,"h":"x","i":18446744073709551615})",
         R"({"z":{"y":{"x":[1,[2,[3,{"w":"v"}]],4]}},"a":0})"})
        EXPECT_EQ(hf::JsonObject::parse(text, "f", "file").json(), Json::parse(text));
    Json members = Json::object();
    hf::JsonObject::each_member(
        R"({"a":[1,{"b":2}],"c":{"d":{"e":[]}},"f":7})", "f", "file",
        [&](const std::string& key, const Json& value) { members[key] = value; });
    EXPECT_EQ(members, Json::parse(R"({"a":[1,{"b":2}],"c":{"d":{"e":[]}},"f":7})"));
}

// M7: a vector is compared with the model's width before anything is made of it, and inspecting
// makes nothing.
TEST(FolderCosts, VectorsAreNotWidenedToInspect) {
    const HuggingFaceFolder folder("grouped");
    const Checkpoint checkpoint = read_hugging_face(folder.path(), false);
    const StoredTensor* norm = checkpoint.find("output_norm.weight");
    ASSERT_NE(norm, nullptr);
    EXPECT_EQ(norm->type, DType::f32);
    EXPECT_TRUE(norm->data.empty());
    EXPECT_EQ(norm->unread.size(), 2U * static_cast<std::size_t>(norm->elements()));
    const HuggingFaceFolder wide("tied");
    std::uint64_t end = 0;
    wide.edit_header(kWeights, [&](Json& header) {
        for (auto& [name, entry] : header.items())
            if (name != "__metadata__")
                end = std::max(end, entry["data_offsets"][1].get<std::uint64_t>());
        for (auto& [name, entry] : header.items()) {
            if (name != "model.norm.weight") continue;
            entry["dtype"] = "BF16";
            entry["shape"] = {500000000};
            entry["data_offsets"] = {end, end + 1000000000};
        }
    });
    // The old place of the norm is a gap now: the format's own rule comes first, and costs nothing
    // either.
    std::filesystem::resize_file(wide.path() / kWeights,
                                 std::filesystem::file_size(wide.path() / kWeights) + 1000000000);
    EXPECT_EQ(refusal([&] { read_hugging_face(wide.path()); }).fault, Fault::damaged);
}

// Links (s04, row 39, M6)
// -------------------------------------------------------------------------------------------------

// All files of a snapshot are links into the repository's blobs.
TEST(FolderLinks, OfACacheAreFollowed) {
    const HuggingFaceFolder folder("grouped");
    const auto repository = folder.path().parent_path() / "models--heron--tiny",
               snapshot = repository / "snapshots" / "0123";
    std::filesystem::create_directories(repository / "blobs");
    std::filesystem::create_directories(snapshot);
    int number = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
        const std::string blob = std::to_string(number++);
        std::filesystem::copy_file(entry.path(), repository / "blobs" / blob);
        std::filesystem::create_symlink("../../blobs/" + blob, snapshot / entry.path().filename());
    }
    const std::size_t tensors = read_hugging_face(folder.path()).tensors.size();
    EXPECT_EQ(read_hugging_face(snapshot).tensors.size(), tensors);
    std::filesystem::create_directory_symlink(repository, folder.path().parent_path() / "linked");
    EXPECT_EQ(read_hugging_face(folder.path().parent_path() / "linked" / "snapshots" / "0123")
                  .tensors.size(),
              tensors);
    const ErrorDetails error = refusal([&] { open_checkpoint(repository.string()); });
    EXPECT_EQ(error.summary, "This is a repository of the Hugging Face cache.");
}

TEST(FolderLinks, LeadNowhereElseForAnyFile) {
    for (const char* name :
         {"config.json", "tokenizer.json", "tokenizer_config.json", "generation_config.json",
          "chat_template.jinja", "special_tokens_map.json", "model.safetensors",
          "model.safetensors.index.json"}) {
        SCOPED_TRACE(name);
        const HuggingFaceFolder folder("tied");
        const auto outside = folder.path().parent_path() / "blobs";
        std::filesystem::create_directory(outside);
        if (std::filesystem::exists(folder.path() / name))
            std::filesystem::rename(folder.path() / name, outside / "abc");
        else
            std::ofstream(outside / "abc") << "{}";
        std::filesystem::create_symlink("../blobs/abc", folder.path() / name);
        const ErrorDetails error = refusal([&] { read_hugging_face(folder.path(), false); });
        EXPECT_THAT(error.file, HasSubstr(name));
        EXPECT_THAT(error.found, HasSubstr("outside the model's folder"));
        EXPECT_EQ(error.summary,
                  std::string(name) + " is a link that leads out of the model's folder.");
    }
}

TEST(FolderLinks, InsideTheFolderAndDanglingOnes) {
    const HuggingFaceFolder folder("tied");
    std::filesystem::create_directory(folder.path() / "weights");
    std::filesystem::rename(folder.path() / kWeights, folder.path() / "weights" / "w");
    std::filesystem::create_symlink("weights/w", folder.path() / kWeights);
    EXPECT_NO_THROW(read_hugging_face(folder.path()));
    for (const char* name : {kWeights, kConfig}) {
        folder.remove(name);
        std::filesystem::create_symlink("../nowhere/blob", folder.path() / name);
        const ErrorDetails error = refusal([&] { open_checkpoint(folder.path().string()); });
        EXPECT_EQ(error.summary, std::string(name) + " is a link that leads nowhere.");
        EXPECT_EQ(error.fault, Fault::missing);
        EXPECT_THAT(error.found, HasSubstr("../nowhere/blob"));
        folder.remove(name);
        std::filesystem::create_symlink("weights/w", folder.path() / name);
    }
}

// Folders that are no model (s09), and files that lie about (s03)
// -------------------------------------------------------------------------------------------------

TEST(FolderKinds, SayWhatIsThereInstead) {
    const auto summary = [](const std::vector<const char*>& gone,
                            const std::vector<std::pair<const char*, const char*>>& written) {
        const HuggingFaceFolder folder("tied");
        for (const char* name : gone) folder.remove(name);
        for (const auto& [name, bytes] : written) folder.write(name, bytes);
        return refusal([&] { open_checkpoint(folder.path().string()); }).summary;
    };
    EXPECT_EQ(summary({kConfig}, {{"adapter_config.json", "{}"}}),
              "This folder holds an adapter (LoRA), not a model.");
    EXPECT_EQ(summary({kConfig}, {{"m.gguf", "GGUF"}}), "This folder holds GGUF files.");
    EXPECT_EQ(summary({kConfig}, {}),
              "This folder holds weights, but not the files that describe them.");
    EXPECT_EQ(summary({kWeights}, {{"pytorch_model.bin", "PK"}}),
              "The folder's weights are PyTorch's, which Hone does not read.");
    EXPECT_EQ(summary({kWeights}, {}), "The folder holds no weights that Hone reads.");
    EXPECT_EQ(summary({}, {{kWeights, "version https://git-lfs.github.com/spec/v1\n"}}),
              "This is a Git LFS pointer, not a model.");
    EXPECT_EQ(summary({}, {{kWeights, "<!doctype html>"}}), "This is a web page, not a model.");
    EXPECT_EQ(summary({}, {{kWeights, "GGUF\3\0\0\0"}}),
              "This is a GGUF file, not a safetensors file.");
    EXPECT_EQ(summary({}, {{kConfig, "<html>"}}), "This is a web page, not a model.");
    const TestFolder empty;
    EXPECT_EQ(refusal([&] { open_checkpoint(empty.path().string()); }).summary,
              "The folder is empty.");
}

// Rights do not bind root, who becomes nobody for as long as this lives.
class WithoutRights {
public:
    WithoutRights() : root_(geteuid() == 0) { bound_ = !root_ || seteuid(65534) == 0; }
    ~WithoutRights() {
        if (root_ && seteuid(0) != 0) std::abort();
    }
    WithoutRights(const WithoutRights&) = delete;
    WithoutRights& operator=(const WithoutRights&) = delete;
    bool bound() const { return bound_; }

private:
    bool root_, bound_ = false;
};

// A folder's rights for as long as this lives.
class Rights {
public:
    Rights(std::filesystem::path path, unsigned mode) : path_(std::move(path)) {
        std::filesystem::permissions(path_, std::filesystem::perms(mode));
    }
    ~Rights() { std::filesystem::permissions(path_, std::filesystem::perms(0755)); }
    Rights(const Rights&) = delete;
    Rights& operator=(const Rights&) = delete;

private:
    std::filesystem::path path_;
};

TEST(FolderKinds, ThatMayNotBeReadAreNamed) {
    const HuggingFaceFolder folder("tied");
    const std::filesystem::path model = folder.path();
    std::filesystem::create_directory(model / "inner");
    std::ofstream(model / "inner" / "a.gguf") << "GGUF";
    const Rights parent(model.parent_path(), 0755), everybody(model, 0755);
    {
        const WithoutRights nobody;
        if (!nobody.bound()) GTEST_SKIP() << "root that cannot become another user";
        std::error_code error;
        if (!std::filesystem::exists(model / kConfig, error))
            GTEST_SKIP() << "nobody may not enter " << model.parent_path();
        EXPECT_NO_THROW(open_checkpoint(model.string(), false));
    }
    const auto expect_named = [&](const std::filesystem::path& asked,
                                  const std::filesystem::path& named) {
        const WithoutRights nobody;
        const ErrorDetails details = refusal([&] { open_checkpoint(asked.string(), false); });
        EXPECT_EQ(details.summary, "The folder may not be read.") << asked;
        EXPECT_EQ(details.file, named.string()) << asked;
        EXPECT_EQ(details.found, "Permission denied") << asked;
    };
    for (const unsigned mode : {0000U, 0444U}) {
        const Rights none(model, mode);
        for (const std::filesystem::path& asked :
             {model, model / kConfig, model / kWeights, model / "inner", model / "inner" / "a.gguf",
              model / "none.gguf"})
            expect_named(asked, model);
    }
    {
        const Rights none(model / "inner", 0000);
        for (const std::filesystem::path& asked : {model / "inner", model / "inner" / "a.gguf"})
            expect_named(asked, model / "inner");
    }
    const Rights none(model / kConfig, 0000);
    const WithoutRights nobody;
    const ErrorDetails file = refusal([&] { open_checkpoint(model.string(), false); });
    EXPECT_EQ(file.summary, "The file may not be read.");
    EXPECT_EQ(file.file, (model / kConfig).string());
}

TEST(FolderKinds, FilesThatNothingNamesAreSaid) {
    const HuggingFaceFolder folder("tied");
    folder.write("consolidated.safetensors", folder.bytes(kWeights));
    EXPECT_THAT(read_hugging_face(folder.path()).notes,
                Contains(HasSubstr("consolidated.safetensors")));
    const ErrorDetails error =
        refusal([&] { open_checkpoint((folder.path() / "consolidated.safetensors").string()); });
    EXPECT_EQ(error.summary, "This file is not part of the model beside it.");
    EXPECT_NO_THROW(open_checkpoint((folder.path() / kWeights).string()));
}

TEST(FolderEnds, SayHowMuchIsThere) {
    const HuggingFaceFolder folder("tied");
    const std::string whole = folder.bytes(kWeights);
    folder.write(kWeights, std::string_view(whole).substr(0, whole.size() / 2));
    ErrorDetails error = refusal([&] { read_hugging_face(folder.path()); });
    EXPECT_EQ(error.fault, Fault::cut_off);
    EXPECT_THAT(error.summary, HasSubstr(" kB of about "));
    folder.write(kWeights, std::string_view(whole).substr(0, 100));
    EXPECT_EQ(refusal([&] { read_hugging_face(folder.path()); }).fault, Fault::cut_off);
}

// The metadata may be null, as in the reference implementation (Option<HashMap>).
TEST(FolderHeaders, MetadataMayBeNull) {
    const HuggingFaceFolder folder("tied");
    folder.edit_header(kWeights, [](Json& header) { header["__metadata__"] = nullptr; });
    EXPECT_NO_THROW(read_hugging_face(folder.path()));
}

// Identity (H5, row 53)
// -------------------------------------------------------------------------------------------------

TEST(Identity, TellsAFileThatWasSwapped) {
    const HuggingFaceFolder folder("tied");
    const std::vector<SourceFile> before = read_hugging_face(folder.path(), false).files;
    EXPECT_NO_THROW(require_same_files(before, read_hugging_face(folder.path()).files));
    for (const char* name : {kConfig, kWeights, "tokenizer.json", "generation_config.json"}) {
        const std::string bytes = folder.bytes(name);
        const std::vector<SourceFile> looked_at = read_hugging_face(folder.path(), false).files;
        std::ofstream(folder.path() / "new", std::ios::binary) << bytes;
        std::filesystem::rename(folder.path() / "new", folder.path() / name);
        const ErrorDetails error = refusal(
            [&] { require_same_files(looked_at, read_hugging_face(folder.path(), false).files); });
        EXPECT_EQ(error.fault, Fault::changed);
        EXPECT_THAT(error.file, HasSubstr(name));
    }
    const std::vector<SourceFile> looked_at = read_hugging_face(folder.path(), false).files;
    folder.write("special_tokens_map.json", "{}");
    EXPECT_THAT(refusal([&] {
                    require_same_files(looked_at, read_hugging_face(folder.path(), false).files);
                }).file,
                HasSubstr("special_tokens_map.json"));
}

// Between `inspect` and `prepare` of a run.
TEST(Identity, AFileThatWasSwappedIsNotPrepared) {
    const HuggingFaceFolder folder("tied");
    Experiment experiment;
    experiment.checkpoint = folder.path().string();
    experiment.target.threads = 1;
    const std::vector<SourceFile> looked_at = read_hugging_face(folder.path(), false).files;
    const std::string bytes = folder.bytes(kWeights);
    folder.write("new", bytes);
    std::filesystem::rename(folder.path() / "new", folder.path() / kWeights);
    const ErrorDetails error =
        refusal([&] { Prepared(experiment, "keep", InjectedFault(), {}, {}, looked_at); });
    EXPECT_EQ(error.fault, Fault::changed);
    EXPECT_THAT(error.file, HasSubstr(kWeights));
    EXPECT_EQ(error.summary, "The model was changed or replaced after Hone looked at it.");
}

TEST(Identity, HashesTellApartWhatComputesOtherNumbers) {
    const HuggingFaceFolder folder("grouped");
    const auto hash = [&] { return checkpoint_hash(read_hugging_face(folder.path(), false)); };
    const std::string plain = hash();
    EXPECT_EQ(hash(), plain);
    // Looking at a model and loading it give one hash only where a file says all of it; a run
    // stores the former.
    folder.edit(kConfig, [](Json& config) { config["rope_parameters"]["rope_theta"] = 20000.0; });
    const std::string other_base = hash();
    EXPECT_NE(other_base, plain);
    folder.edit("tokenizer.json", [](Json& json) {
        Json& merges = json["model"]["merges"];
        std::swap(merges[merges.size() - 1], merges[merges.size() - 2]);
    });
    EXPECT_NE(hash(), other_base) << "merges";
    // A name changes nothing.
    const HuggingFaceFolder same("grouped");
    const auto elsewhere = same.path().parent_path() / "another-name";
    std::filesystem::rename(same.path(), elsewhere);
    EXPECT_EQ(checkpoint_hash(read_hugging_face(elsewhere, false)), plain);
}

}  // namespace
}  // namespace hone
