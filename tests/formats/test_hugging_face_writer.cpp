// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <set>

#include "engine/core/error.h"
#include "engine/formats/file_format.h"
#include "engine/formats/gguf.h"
#include "engine/formats/hugging_face.h"
#include "engine/formats/hugging_face/safetensors_header.h"
#include "engine/formats/synthetic.h"
#include "engine/tokenizer/tokenizer.h"
#include "engine/weights/weight_format.h"
#include "kernels/cpu/thread_pool.h"
#include "tests/formats/hugging_face_folder.h"

namespace hone {
namespace {

using Json = nlohmann::json;

Checkpoint fixture(const char* name, const Json& config = Json::object()) {
    const HuggingFaceFolder folder(name);
    if (!config.empty()) folder.edit("config.json", [&](Json& json) { json.update(config); });
    return read_hugging_face(folder.path());
}

Checkpoint in_type(Checkpoint checkpoint, DType type) {
    kernels::ThreadPool pool(1);
    kernels::Workspace workspace(1);
    for (StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.shape.size() == 2 && row_fits(type, tensor.cols()))
            tensor = convert_tensor(tensor, type, {kernels::best_isa(), pool, workspace}, {});
    }
    return checkpoint;
}

void expect_same_tensors(const Checkpoint& is, const Checkpoint& was) {
    ASSERT_EQ(is.tensors.size(), was.tensors.size());
    for (const StoredTensor& tensor : was.tensors) {
        const StoredTensor* found = is.find(tensor.name);
        ASSERT_NE(found, nullptr) << tensor.name;
        EXPECT_EQ(found->type, tensor.type) << tensor.name;
        EXPECT_EQ(found->shape, tensor.shape) << tensor.name;
        ASSERT_EQ(found->data.size(), tensor.data.size()) << tensor.name;
        EXPECT_EQ(std::memcmp(found->data.data(), tensor.data.data(), tensor.data.size()), 0)
            << tensor.name;
    }
}

class HuggingFaceWriter : public testing::Test {
protected:
    std::set<std::string> names(const std::filesystem::path& place) const {
        std::set<std::string> result;
        for (const auto& entry : std::filesystem::directory_iterator(place))
            result.insert(entry.path().filename().string());
        return result;
    }
    std::int64_t bytes_in(const std::filesystem::path& place) const {
        std::int64_t sum = 0;
        for (const auto& entry : std::filesystem::directory_iterator(place))
            sum += static_cast<std::int64_t>(entry.file_size());
        return sum;
    }
    TestFolder folder;
    std::filesystem::path out = folder.path() / "out";
};

struct Variant {
    const char* name;
    const char* fixture;
    Json config;
};

void PrintTo(const Variant& variant, std::ostream* stream) {
    *stream << variant.name;
}

class EveryVariant : public HuggingFaceWriter, public testing::WithParamInterface<Variant> {};

TEST_P(EveryVariant, KeepsEveryBitFromGgufAndBackAgain) {
    const Checkpoint source = fixture(GetParam().fixture, GetParam().config);
    write_gguf(source, folder.path() / "first.gguf", {});
    const Checkpoint first = read_gguf(folder.path() / "first.gguf");
    for (const DType type : {DType::bf16, DType::f16, DType::f32}) {
        const Checkpoint typed = in_type(first, type);
        EXPECT_EQ(write_hugging_face(typed, out, {}), hugging_face_size(typed));
        EXPECT_EQ(bytes_in(out), hugging_face_size(typed));
        const Checkpoint back = read_hugging_face(out);
        expect_same_tensors(back, typed);
        write_gguf(back, folder.path() / "second.gguf", {});
        expect_same_tensors(read_gguf(folder.path() / "second.gguf"), typed);
        for (const auto& [key, value] : back.metadata) {
            ASSERT_NE(first.metadata_find(key), nullptr) << key;
            EXPECT_EQ(value, *first.metadata_find(key)) << key;
        }
        EXPECT_EQ(back.metadata.size() + 2, first.metadata.size())
            << "all but file_type and alignment";
    }
    EXPECT_EQ(names(folder.path()), (std::set<std::string>{"first.gguf", "out", "second.gguf"}));
}

const Json kLinear{{"rope_scaling", {{"rope_type", "linear"}, {"factor", 2.5}}}};
const Json kLlama3{{"rope_scaling",
                    {{"rope_type", "llama3"},
                     {"factor", 8.0},
                     {"low_freq_factor", 1.5},
                     {"high_freq_factor", 3.0},
                     {"original_max_position_embeddings", 64}}}};

INSTANTIATE_TEST_SUITE_P(Variants, EveryVariant,
                         testing::Values(Variant{"grouped", "grouped", Json::object()},
                                         Variant{"tied", "tied", Json::object()},
                                         Variant{"linear", "grouped", kLinear},
                                         Variant{"llama3", "grouped", kLlama3}),
                         [](const auto& test) { return std::string(test.param.name); });

TEST_F(HuggingFaceWriter, WritesTheRowsThatWereRead) {
    const HuggingFaceFolder original("tied");
    write_hugging_face(read_hugging_face(original.path()), out, {});
    const std::string was = original.bytes("model.safetensors"),
                      is = bytes_of_file(out / "model.safetensors");
    const auto header_was = hf::read_safetensors_header(std::as_bytes(std::span(was)), "was");
    const auto header_is = hf::read_safetensors_header(std::as_bytes(std::span(is)), "is");
    ASSERT_EQ(header_is.tensors.size(), header_was.tensors.size());
    for (const hf::SafetensorsEntry& expected : header_was.tensors) {
        for (const hf::SafetensorsEntry& found : header_is.tensors) {
            if (found.name == expected.name) {
                EXPECT_EQ(is.substr(found.begin, found.bytes),
                          was.substr(expected.begin, expected.bytes))
                    << expected.name;
            }
        }
    }
}

TEST_F(HuggingFaceWriter, AlignsTensorsToTheirElements) {
    write_hugging_face(fixture("grouped"), out, {});
    const std::string file = bytes_of_file(out / "model.safetensors");
    for (const hf::SafetensorsEntry& entry :
         hf::read_safetensors_header(std::as_bytes(std::span(file)), "model").tensors)
        EXPECT_EQ(entry.begin % static_cast<std::uint64_t>(row_bytes(entry.type, 1)), 0U)
            << entry.name;
}

TEST_F(HuggingFaceWriter, SplitsLargeModelsWithAnIndex) {
    const Checkpoint checkpoint = fixture("grouped");
    constexpr std::int64_t kShard = 30000;
    const std::int64_t bytes = write_hugging_face(checkpoint, out, {}, kShard);
    EXPECT_EQ(bytes_in(out), bytes);
    const auto index = Json::parse(bytes_of_file(out / "model.safetensors.index.json"));
    EXPECT_EQ(index["metadata"]["total_size"], checkpoint.bytes());
    std::set<std::string> files;
    for (const auto& [tensor, file] : index["weight_map"].items()) files.insert(file);
    EXPECT_GT(files.size(), 2U);
    for (const std::string& file : files)
        EXPECT_LT(std::filesystem::file_size(out / file), kShard + 4000) << file;
    EXPECT_FALSE(std::filesystem::exists(out / "model.safetensors"));
    expect_same_tensors(read_hugging_face(out), checkpoint);
}

TEST_F(HuggingFaceWriter, SaysWhatTransformersReads) {
    const Checkpoint checkpoint = fixture("tied");
    write_hugging_face(checkpoint, out, {});
    const auto config = Json::parse(bytes_of_file(out / "config.json"));
    EXPECT_EQ(config["architectures"], Json({"LlamaForCausalLM"}));
    EXPECT_EQ(config["rms_norm_eps"], 1e-5) << "as people write it, not as a float's digits";
    EXPECT_EQ(config["torch_dtype"], "float32");
    EXPECT_TRUE(config["rope_scaling"].is_null());
    EXPECT_EQ(config["tie_word_embeddings"], true);
    const auto settings = Json::parse(bytes_of_file(out / "tokenizer_config.json"));
    EXPECT_EQ(settings["eos_token"], "<|im_end|>");
    EXPECT_EQ(settings["chat_template"], "{{ messages[0]['content'] }}");
    const auto original = Json::parse(HuggingFaceFolder("tied").bytes("tokenizer.json"));
    const auto tokenizer = Json::parse(bytes_of_file(out / "tokenizer.json"));
    EXPECT_EQ(tokenizer["pre_tokenizer"], original["pre_tokenizer"]);
    EXPECT_EQ(tokenizer["model"]["vocab"], original["model"]["vocab"]);
    EXPECT_EQ(tokenizer["model"]["ignore_merges"], true);
    EXPECT_EQ(tokenizer["added_tokens"], original["added_tokens"]);
    EXPECT_EQ(tokenizer["post_processor"]["single"], original["post_processor"]["single"]);
    EXPECT_EQ(Json::parse(bytes_of_file(out / "generation_config.json"))["eos_token_id"], 2);
}

// Llama 3's instruction models end an answer with any of three tokens.
TEST_F(HuggingFaceWriter, KeepsEveryEndOfAnAnswer) {
    const HuggingFaceFolder original("tied");
    original.edit("generation_config.json", [](Json& json) { json["eos_token_id"] = {2, 5, 7}; });
    const Checkpoint checkpoint = read_hugging_face(original.path());
    EXPECT_EQ(checkpoint.integer("tokenizer.ggml.eos_token_id"), 2);
    const Tokenizer tokenizer = Tokenizer::from_checkpoint(checkpoint);
    for (const TokenId end : {2, 5, 7}) EXPECT_TRUE(tokenizer.is_end_of_generation(end)) << end;
    EXPECT_FALSE(tokenizer.is_end_of_generation(6));
    write_hugging_face(checkpoint, out, {});
    EXPECT_EQ(Json::parse(bytes_of_file(out / "generation_config.json"))["eos_token_id"],
              Json({2, 5, 7}));
}

// GGUF files by other programs have the factors alone; those of Llama 3.1 are known.
TEST_F(HuggingFaceWriter, FindsLlama3sScalingInItsFactors) {
    Json config = kLlama3;
    config["rope_scaling"]["low_freq_factor"] = 1.0;
    config["rope_scaling"]["high_freq_factor"] = 4.0;
    config["rope_scaling"]["original_max_position_embeddings"] = 8192;
    Checkpoint checkpoint = fixture("grouped", config);
    std::erase_if(checkpoint.metadata, [](const auto& entry) {
        return entry.first.find("rope.scaling") != std::string::npos;
    });
    write_hugging_face(checkpoint, out, {});
    EXPECT_EQ(Json::parse(bytes_of_file(out / "config.json"))["rope_scaling"],
              config["rope_scaling"]);
    Checkpoint other = fixture("grouped", kLlama3);
    other.metadata.erase("llama.rope.scaling.low_freq_factor");
    try {
        (void)hugging_face_size(other);
        FAIL() << "factors of a scaling that nobody named";
    } catch (const Error& error) {
        EXPECT_NE(error.details().field.find("rope_freqs.weight"), std::string::npos)
            << error.what();
    }
}

TEST_F(HuggingFaceWriter, RefusesWhatAFolderCannotHold) {
    const auto refused = [&](const Checkpoint& checkpoint, std::string_view text) {
        for (const bool planned : {true, false}) {
            try {
                planned ? hugging_face_size(checkpoint) : write_hugging_face(checkpoint, out, {});
                ADD_FAILURE() << text;
            } catch (const Error& error) {
                EXPECT_NE(error.details().message.find(text), std::string::npos) << error.what();
            }
        }
        EXPECT_TRUE(names(folder.path()).empty());
    };
    refused(in_type(fixture("grouped"), DType::q8_0),
            "choose the type f32, f16 or bf16, or the format gguf");
    refused(in_type(fixture("grouped"), DType::i8_channel), "16 of int8 per channel");
    refused(make_synthetic("tiny", true), "tokenizer.ggml.model");
    Checkpoint checkpoint = fixture("grouped");
    checkpoint.metadata["llama.rope.dimension_count"] = std::uint32_t{8};
    refused(checkpoint, "rope.dimension_count");
    checkpoint = fixture("grouped");
    checkpoint.metadata["tokenizer.ggml.pre"] = std::string("tekken");
    refused(checkpoint, "'tekken'");
    checkpoint = fixture("grouped");
    checkpoint.tensors.pop_back();
    checkpoint.tensors.pop_back();
    refused(checkpoint, "'output_norm.weight': found no such tensor");
    checkpoint = fixture("grouped");
    checkpoint.tensors.push_back(checkpoint.tensors.back());
    checkpoint.tensors.back().name = "blk.0.attn_q.bias";
    refused(checkpoint, "found 22, expected 21");
    EXPECT_THROW(file_format("onnx"), Error);
}

TEST_F(HuggingFaceWriter, ReplacesAModelAndNothingElse) {
    const Checkpoint checkpoint = fixture("tied");
    write_hugging_face(fixture("grouped"), out, {}, 30000);
    write_hugging_face(checkpoint, out, {});
    EXPECT_EQ(names(out),
              (std::set<std::string>{"config.json", "generation_config.json", "model.safetensors",
                                     "tokenizer.json", "tokenizer_config.json"}));
    EXPECT_EQ(names(folder.path()), std::set<std::string>{"out"});
    // A model may be written over the folder that it is read from.
    write_hugging_face(read_hugging_face(out), out, {});
    expect_same_tensors(read_hugging_face(out), checkpoint);
    const auto refused = [&](const std::filesystem::path& target, std::string_view text) {
        try {
            write_hugging_face(checkpoint, target, {});
            ADD_FAILURE() << target;
        } catch (const Error& error) {
            EXPECT_NE(error.details().message.find(text), std::string::npos) << error.what();
        }
    };
    folder.file("out/notes.txt", "mine");
    refused(out, "also holds 'notes.txt'");
    EXPECT_EQ(bytes_of_file(out / "notes.txt"), "mine");
    folder.file("file", "mine");
    refused(folder.path() / "file", "found a file");
    refused(folder.path() / "absent" / "out", "no folder");
    refused("/", "no name");
}

TEST_F(HuggingFaceWriter, RemovesWhatAKilledWriterLeft) {
    const auto left = folder.path() / "out.partial-99-0";
    std::filesystem::create_directory(left);
    folder.file("out.partial-99-0/model.safetensors", "left by a process that is gone");
    write_hugging_face(fixture("tied"), out, {});
    EXPECT_EQ(names(folder.path()), std::set<std::string>{"out"});
}

// Names that only look like a leftover, and leftovers that hold what an export never writes.
TEST_F(HuggingFaceWriter, CleansUpNothingThatIsNotItsOwn) {
    const std::vector<std::string> mine{
        "out.partial-backup/thesis.txt", "out.partial-1/config.json",
        "out.partial-12-0/thesis.txt",   "out.partial-13-0/deep/config.json",
        "out.partial-14-0.old/x",        "out.kept-1-0/config.json"};
    for (const std::string& name : mine) {
        std::filesystem::create_directories((folder.path() / name).parent_path());
        folder.file(name, "mine");
    }
    folder.file("out.partial-12-0/config.json", "left by an export that was killed");
    write_hugging_face(fixture("tied"), out, {});
    for (const std::string& name : mine)
        EXPECT_EQ(bytes_of_file(folder.path() / name), "mine") << name;
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "out.partial-12-0/config.json"));
}

// What is put into the folder while the new one is being written: seconds to minutes.
TEST_F(HuggingFaceWriter, KeepsAFolderThatGotMoreMeanwhile) {
    const Checkpoint checkpoint = fixture("tied");
    for (const char* what : {"thesis.txt", "config.json", "generation_config.json/x",
                             "model-99999-of-99999.safetensors"}) {
        write_hugging_face(checkpoint, out, {});
        const Written written = prepare_hugging_face(checkpoint, out, Existing::replace, {});
        const auto file = out / what;
        if (file.parent_path() != out) std::filesystem::remove(file.parent_path());
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << "mine";
        const auto kept = written.place->commit();
        ASSERT_FALSE(kept.empty()) << what;
        EXPECT_EQ(bytes_of_file(kept / what), "mine") << what;
        EXPECT_FALSE(std::filesystem::exists(out / "thesis.txt"));
        expect_same_tensors(read_hugging_face(out), checkpoint);
        EXPECT_EQ(names(folder.path()).size(), 2U);
        std::filesystem::remove_all(kept);
    }
    std::filesystem::remove_all(out);
    const Written written = prepare_hugging_face(checkpoint, out, Existing::refuse, {});
    std::filesystem::create_directory(out);
    folder.file("out/thesis.txt", "mine");
    EXPECT_THROW(written.place->commit(), Error);
    EXPECT_EQ(bytes_of_file(out / "thesis.txt"), "mine");
    EXPECT_THROW(prepare_hugging_face(checkpoint, out, Existing::refuse, {}), Error);
}

TEST_F(HuggingFaceWriter, KeepsItsPromisesWhereRenamesKnowNoFlags) {
    const auto before = rename_with_flags;
    rename_with_flags = [](const char*, const char*, unsigned) {
        errno = EINVAL;
        return -1;
    };
    const Checkpoint checkpoint = fixture("tied");
    for (const Existing existing : {Existing::refuse, Existing::replace})
        EXPECT_TRUE(prepare_hugging_face(checkpoint, out, existing, {}).place->commit().empty());
    EXPECT_EQ(names(folder.path()), std::set<std::string>{"out"});
    const Written written = prepare_hugging_face(checkpoint, out, Existing::replace, {});
    folder.file("out/thesis.txt", "mine");
    const auto kept = written.place->commit();
    EXPECT_EQ(bytes_of_file(kept / "thesis.txt"), "mine");
    expect_same_tensors(read_hugging_face(out), checkpoint);
    std::filesystem::remove_all(out);
    const Written refused = prepare_hugging_face(checkpoint, out, Existing::refuse, {});
    std::filesystem::create_directory(out);
    folder.file("out/thesis.txt", "mine");
    EXPECT_THROW(refused.place->commit(), Error);
    EXPECT_EQ(bytes_of_file(out / "thesis.txt"), "mine");
    rename_with_flags = before;
}

TEST_F(HuggingFaceWriter, KeepsTheModesOfWhatItReplaces) {
    const auto mode = [](const std::filesystem::path& path) {
        return static_cast<unsigned>(std::filesystem::status(path).permissions());
    };
    const Checkpoint checkpoint = fixture("tied");
    write_hugging_face(checkpoint, out, {});
    std::filesystem::permissions(out, std::filesystem::perms(0750));
    std::filesystem::permissions(out / "model.safetensors", std::filesystem::perms(0600));
    write_hugging_face(checkpoint, out, {});
    EXPECT_EQ(mode(out), 0750U);
    EXPECT_EQ(mode(out / "model.safetensors"), 0600U);
}

// Behind a link, ".." is another folder than the path looks like.
TEST_F(HuggingFaceWriter, WritesWhereThePathLeads) {
    std::filesystem::create_directories(folder.path() / "far/away");
    std::filesystem::create_directory_symlink("far/away", folder.path() / "link");
    write_hugging_face(fixture("tied"), folder.path() / "link/../out", {});
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "far/out/config.json"));
    std::filesystem::create_directory_symlink("far/new", out);
    write_hugging_face(fixture("tied"), out, {});
    EXPECT_TRUE(std::filesystem::is_symlink(out));
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "far/new/config.json"));
}

TEST_F(HuggingFaceWriter, LeavesTheOldFolderWhenTheDiskIsFull) {
    write_hugging_face(fixture("tied"), out, {});
    const std::string before = bytes_of_file(out / "model.safetensors");
    const Checkpoint checkpoint = in_type(fixture("grouped"), DType::f32);
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit tight = limit;
    tight.rlim_cur = 100000;
    setrlimit(RLIMIT_FSIZE, &tight);
    std::string message, file;
    try {
        write_hugging_face(checkpoint, out, {});
    } catch (const Error& error) {
        message = error.details().message;
        file = error.details().file;
    }
    setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, handler);
    EXPECT_NE(message.find("cannot write"), std::string::npos) << message;
    EXPECT_EQ(file, (out / "model.safetensors").string());
    EXPECT_EQ(message.find("partial"), std::string::npos) << message;
    EXPECT_EQ(bytes_of_file(out / "model.safetensors"), before);
    EXPECT_EQ(names(folder.path()), std::set<std::string>{"out"});
}

TEST_F(HuggingFaceWriter, LeavesNothingWhenItIsCancelled) {
    const Checkpoint checkpoint = fixture("grouped");
    std::stop_source stop;
    Progress progress;
    progress.stop = stop.get_token();
    double last = 0;
    progress.report = [&](double fraction, std::string_view) {
        EXPECT_GE(fraction, last);
        last = fraction;
        if (fraction > 0.7) stop.request_stop();
    };
    EXPECT_THROW(write_hugging_face(checkpoint, out, progress), Cancelled);
    EXPECT_TRUE(names(folder.path()).empty());
}

}  // namespace
}  // namespace hone
