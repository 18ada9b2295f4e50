// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>

#include "engine/core/error.h"
#include "engine/formats/checkpoint.h"
#include "engine/formats/gguf.h"
#include "engine/formats/synthetic.h"
#include "engine/weights/weight_format.h"
#include "kernels/cpu/thread_pool.h"
#include "tests/formats/gguf_bytes.h"

namespace hone {
namespace {

std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

Checkpoint in_type(DType type) {
    kernels::ThreadPool pool(1);
    kernels::Workspace workspace(1);
    Checkpoint checkpoint = make_synthetic("tiny", true);
    for (StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.shape.size() == 2)
            tensor = convert_tensor(tensor, type, {kernels::best_isa(), pool, workspace}, {});
    }
    return checkpoint;
}

class GgufWriter : public testing::Test {
protected:
    // Nothing else may lie in the folder once a write is over.
    std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator(folder.path()),
                          std::filesystem::directory_iterator()));
    }
    TestFolder folder;
    std::filesystem::path path = folder.path() / "out.gguf";
};

// What a reader answered itself is the reader's: a file is not to say it, however often it is
// opened and written.
TEST_F(GgufWriter, WritesNoKeyThatAReaderAnswered) {
    Checkpoint checkpoint = make_synthetic("tiny", true);
    checkpoint.metadata["tokenizer.ggml.model"] = std::string("gpt2");
    checkpoint.metadata["tokenizer.ggml.pre"] = std::string("gpt-2");
    checkpoint.metadata["tokenizer.ggml.merges"] = MetadataArray(std::vector<std::string>{});
    write_gguf(checkpoint, path, {});
    const Checkpoint file = read_gguf(path), opened = open_checkpoint(path.string());
    ASSERT_FALSE(opened.answered.empty()) << "nothing was left to answer: this test is of no use";
    for (const std::string& key : opened.answered) {
        EXPECT_TRUE(opened.metadata.contains(key)) << key;
        EXPECT_FALSE(file.metadata.contains(key)) << key;
    }
    const std::filesystem::path again = folder.path() / "again.gguf";
    EXPECT_EQ(write_gguf(opened, again, {}), gguf_size(opened));
    EXPECT_EQ(bytes_of(again), bytes_of(path));
    // A key that the file has is written, whatever a reader would have answered.
    Checkpoint said = opened;
    const std::string key = *said.answered.begin();
    said.answered.erase(key);
    write_gguf(said, again, {});
    EXPECT_TRUE(read_gguf(again).metadata.contains(key)) << key;
}

class EveryType : public GgufWriter, public testing::WithParamInterface<DType> {};

TEST_P(EveryType, ComesBackToTheBit) {
    const Checkpoint checkpoint = in_type(GetParam());
    EXPECT_EQ(write_gguf(checkpoint, path, {}), gguf_size(checkpoint));
    EXPECT_EQ(static_cast<std::int64_t>(std::filesystem::file_size(path)), gguf_size(checkpoint));
    const Checkpoint back = read_gguf(path);
    ASSERT_EQ(back.tensors.size(), checkpoint.tensors.size());
    for (std::size_t i = 0; i < back.tensors.size(); ++i) {
        const StoredTensor &is = back.tensors[i], &was = checkpoint.tensors[i];
        EXPECT_EQ(is.name, was.name);
        EXPECT_EQ(is.shape, was.shape);
        EXPECT_EQ(is.type, hone::info(was.type).gguf_carrier);
        const std::vector<float> ours = expand_tensor(was), theirs = expand_tensor(is);
        EXPECT_EQ(std::memcmp(ours.data(), theirs.data(), ours.size() * sizeof(float)), 0)
            << was.name;
    }
    EXPECT_EQ(files(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Types, EveryType,
                         testing::Values(DType::f32, DType::f16, DType::bf16, DType::q8_0,
                                         DType::q4_0, DType::q4_1, DType::q5_0, DType::q5_1,
                                         DType::i8_channel, DType::i4_g32, DType::i4_g64,
                                         DType::e4m3_channel),
                         [](const auto& type) { return std::string(hone::info(type.param).id); });

StoredTensor random_matrix(const std::string& name, std::int64_t rows, std::int64_t cols) {
    std::mt19937 random(7);
    std::normal_distribution<float> normal(0, 0.02F);
    auto values = std::make_shared<std::vector<float>>(static_cast<std::size_t>(rows * cols));
    for (float& value : *values) value = normal(random);
    StoredTensor tensor;
    tensor.name = name;
    tensor.shape = {rows, cols};
    tensor.data = std::as_bytes(std::span(*values));
    tensor.owner = std::move(values);
    return tensor;
}

// More than the writer takes at a time, and a number of rows that no such piece divides.
TEST_F(GgufWriter, CarriesLargeMatricesToTheBit) {
    kernels::ThreadPool pool(1);
    kernels::Workspace workspace(1);
    const StoredTensor plain = random_matrix("w", 5003, 1024);
    for (const DType type : {DType::f32, DType::i8_channel, DType::i4_g32, DType::i4_g64,
                             DType::i4_g128, DType::e4m3_channel}) {
        Checkpoint checkpoint;
        checkpoint.tensors = {
            convert_tensor(plain, type, {kernels::best_isa(), pool, workspace}, {}),
            convert_tensor(random_matrix("v", 3, 128), type, {kernels::best_isa(), pool, workspace},
                           {})};
        EXPECT_EQ(write_gguf(checkpoint, path, {}), gguf_size(checkpoint));
        const Checkpoint back = read_gguf(path);
        for (std::size_t i = 0; i < 2; ++i)
            EXPECT_TRUE(expand_tensor(back.tensors[i]) == expand_tensor(checkpoint.tensors[i]))
                << info(type).name << ' ' << back.tensors[i].name;
    }
}

TEST_F(GgufWriter, RefusesWhatGgufCannotHold) {
    const auto refused = [&](const StoredTensor& tensor, std::string_view field,
                             std::string_view text) {
        Checkpoint checkpoint;
        checkpoint.source = "memory";
        checkpoint.tensors = {tensor};
        try {
            write_gguf(checkpoint, path, {});
            ADD_FAILURE() << field;
        } catch (const Error& error) {
            EXPECT_NE(error.details().field.find(field), std::string::npos)
                << error.details().message;
            EXPECT_NE(error.details().message.find(text), std::string::npos)
                << error.details().message;
            EXPECT_EQ(error.details().file, "memory");
        }
        EXPECT_EQ(files(), 0U);
    };
    const StoredTensor good = random_matrix("w", 2, 33);
    const auto changed = [&good](const auto& change) {
        StoredTensor tensor = good;
        change(tensor);
        return tensor;
    };
    refused(changed([](StoredTensor& tensor) { tensor.name.clear(); }), "name", "1 to 63 B");
    refused(changed([](StoredTensor& tensor) { tensor.name.assign(64, 'n'); }), "name",
            "1 to 63 B");
    refused(changed([](StoredTensor& tensor) { tensor.shape.clear(); }), "'w' dimensions",
            "1 to 4");
    refused(changed([](StoredTensor& tensor) {
                tensor.shape = {1, 1, 1, 2, 33};
            }),
            "'w' dimensions", "1 to 4");
    refused(changed([](StoredTensor& tensor) {
                tensor.shape = {0, 33};
            }),
            "'w' shape", "at least 1");
    // Int8 takes rows of any length, the Q8_0 that carries it does not.
    refused(changed([](StoredTensor& tensor) { tensor.type = DType::i8_channel; }), "'w' row",
            "multiple of 32");
    refused(changed([](StoredTensor& tensor) { tensor.data = {}; }), "'w' data",
            "found 0 B, expected 264 B");
}

TEST_F(GgufWriter, NamesTheTargetWhenAFileCannotBeReadBack) {
    Checkpoint checkpoint;
    checkpoint.tensors = {random_matrix("twice", 1, 32), random_matrix("twice", 1, 32)};
    try {
        write_gguf(checkpoint, path, {});
        FAIL() << "two tensors have one name";
    } catch (const Error& error) {
        EXPECT_EQ(error.details().file, path.string());
        EXPECT_EQ(error.details().message.find("partial"), std::string::npos)
            << error.details().message;
        EXPECT_NE(error.details().message.find("'twice'"), std::string::npos)
            << error.details().message;
    }
    EXPECT_EQ(files(), 0U);
}

TEST_F(GgufWriter, KeepsNumbersThatAreNone) {
    Checkpoint checkpoint;
    checkpoint.metadata["a.nan"] = std::numeric_limits<float>::quiet_NaN();
    checkpoint.metadata["a.infinity"] = std::numeric_limits<double>::infinity();
    write_gguf(checkpoint, path, {});
    const Checkpoint back = read_gguf(path);
    EXPECT_TRUE(std::isnan(back.real("a.nan")));
    EXPECT_TRUE(std::isinf(back.real("a.infinity")));
}

TEST_F(GgufWriter, TakesTheAlignmentOfNoSource) {
    GgufBytes source;
    source.header(2, 1).key("general.alignment", 4).number(std::uint32_t{64});
    source.tensor("a", {4}, 0, 0).tensor("b", {4}, 0, 64).pad(64).data(80);
    const Checkpoint wide = read_gguf(folder.file("wide.gguf", source.bytes()));
    write_gguf(wide, path, {});
    const Checkpoint back = read_gguf(path);
    EXPECT_EQ(back.integer("general.alignment"), 32);
    for (std::size_t i = 0; i < 2; ++i)
        EXPECT_EQ(std::memcmp(back.tensors[i].data.data(), wide.tensors[i].data.data(), 16), 0);
}

TEST_F(GgufWriter, KeepsEveryKindOfMetadata) {
    Checkpoint checkpoint;
    checkpoint.metadata = {{"general.architecture", std::string("llama")},
                           {"a.u8", std::uint8_t{200}},
                           {"a.i8", std::int8_t{-5}},
                           {"a.u16", std::uint16_t{65535}},
                           {"a.i16", std::int16_t{-300}},
                           {"a.u32", std::uint32_t{4000000000U}},
                           {"a.i32", std::int32_t{-7}},
                           {"a.u64", std::uint64_t{1} << 63U},
                           {"a.i64", std::int64_t{-1} << 40},
                           {"a.f32", 0.1F},
                           {"a.f64", 0.1},
                           {"a.flag", true},
                           {"a.text", std::string("Grüße\n\0 end", 13)},
                           {"b.texts", MetadataArray(std::vector<std::string>{"", "two"})},
                           {"b.flags", MetadataArray(std::vector<bool>{true, false, true})},
                           {"b.floats", MetadataArray(std::vector<float>{1.5F, -2})},
                           {"b.none", MetadataArray(std::vector<std::int32_t>{})}};
    write_gguf(checkpoint, path, {});
    Checkpoint back = read_gguf(path);
    for (const auto& [key, value] : checkpoint.metadata)
        EXPECT_EQ(back.metadata.at(key), value) << key;
    EXPECT_EQ(bytes_of(path).find("general.architecture"), 32U) << "the first key";
}

TEST_F(GgufWriter, SaysWhatTheFileMostlyHolds) {
    const std::pair<DType, int> cases[] = {
        {DType::f32, 0},        {DType::f16, 1},    {DType::q4_0, 2},         {DType::q4_1, 3},
        {DType::q8_0, 7},       {DType::bf16, 32},  {DType::q5_0, 8},         {DType::q5_1, 9},
        {DType::i8_channel, 7}, {DType::i4_g64, 2}, {DType::e4m3_channel, 32}};
    for (const auto& [type, number] : cases) {
        write_gguf(in_type(type), path, {});
        const Checkpoint back = read_gguf(path);
        EXPECT_EQ(back.integer("general.file_type"), number) << info(type).name;
        EXPECT_EQ(back.integer("general.alignment"), 32);
        EXPECT_EQ(back.metadata_find("general.quantization_version") != nullptr,
                  !info(info(type).gguf_carrier).floating);
    }
}

TEST_F(GgufWriter, WritesTheSameFileTwice) {
    const Checkpoint checkpoint = in_type(DType::q8_0);
    write_gguf(checkpoint, path, {});
    const std::string first = bytes_of(path);
    write_gguf(read_gguf(path), folder.path() / "again.gguf", {});
    EXPECT_EQ(bytes_of(folder.path() / "again.gguf"), first)
        << "reading and writing a file is the identity";
}

TEST_F(GgufWriter, MayReplaceTheFileItReadsFrom) {
    write_gguf(in_type(DType::f32), path, {});
    Checkpoint mapped = read_gguf(path);
    mapped.metadata["general.name"] = std::string("another name");
    write_gguf(mapped, path, {});
    EXPECT_EQ(read_gguf(path).name, "another name");
}

TEST_F(GgufWriter, LeavesTheOldFileWhenCancelled) {
    folder.file("out.gguf", "precious");
    std::stop_source stop;
    int reports = 0;
    const Progress progress{[&](double, std::string_view) {
                                if (++reports == 3) stop.request_stop();
                            },
                            stop.get_token()};
    EXPECT_THROW(write_gguf(in_type(DType::f32), path, progress), Cancelled);
    EXPECT_EQ(bytes_of(path), "precious");
    EXPECT_EQ(files(), 1U) << "no temporary is left";
}

// Wherever it is cancelled, while writing or while reading back.
TEST_F(GgufWriter, CanBeCancelledAtEveryStep) {
    folder.file("out.gguf", "precious");
    const Checkpoint checkpoint = in_type(DType::q8_0);
    for (int last = 1;; ++last) {
        std::stop_source stop;
        int reports = 0;
        const auto report = [&](double, std::string_view) {
            if (++reports == last) stop.request_stop();
        };
        try {
            write_gguf(checkpoint, path, {report, stop.get_token()});
            ASSERT_LT(reports, last) << "asked to stop, and went on";
            EXPECT_GT(last, static_cast<int>(2 * checkpoint.tensors.size()));
            break;
        } catch (const Cancelled&) {
            ASSERT_EQ(bytes_of(path), "precious") << last;
            ASSERT_EQ(files(), 1U) << last;
        }
    }
    EXPECT_EQ(static_cast<std::int64_t>(std::filesystem::file_size(path)), gguf_size(checkpoint));
}

TEST_F(GgufWriter, ReportsItsWay) {
    double last = 0;
    write_gguf(in_type(DType::f32), path,
               {[&](double fraction, std::string_view) {
                    EXPECT_GE(fraction, last);
                    last = fraction;
                },
                {}});
    EXPECT_GT(last, 0.9);
    EXPECT_LE(last, 1.0);
}

// A file-size limit stands for a disk that fills up while the file is written.
TEST_F(GgufWriter, LeavesTheOldFileWhenTheDiskIsFull) {
    folder.file("out.gguf", "precious");
    const Checkpoint checkpoint = in_type(DType::f32);
    rlimit before{};
    getrlimit(RLIMIT_FSIZE, &before);
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit tight = before;
    tight.rlim_cur = 100000;
    setrlimit(RLIMIT_FSIZE, &tight);
    std::string message;
    try {
        write_gguf(checkpoint, path, {});
    } catch (const Error& error) {
        message = error.details().message;
        EXPECT_EQ(error.details().file, path.string());
    }
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    EXPECT_NE(message.find("cannot write"), std::string::npos) << message;
    EXPECT_EQ(bytes_of(path), "precious");
    EXPECT_EQ(files(), 1U);
}

TEST_F(GgufWriter, RefusesPlacesThatCannotBeWritten) {
    const Checkpoint checkpoint = in_type(DType::f32);
    const auto refused = [&](const std::filesystem::path& target, std::string_view text) {
        try {
            write_gguf(checkpoint, target, {});
            ADD_FAILURE() << target;
        } catch (const Error& error) {
            EXPECT_NE(error.details().message.find(text), std::string::npos)
                << error.details().message;
            EXPECT_EQ(error.details().file, target.string());
        }
    };
    refused(folder.path() / "absent" / "out.gguf", "no folder");
    refused(folder.path(), "folder");
    refused("/dev/null", "no regular file");
    refused("/proc/out.gguf", "");  // a file system that takes no files
}

TEST_F(GgufWriter, RefusesWhatTheDiskCannotHold) {
    Checkpoint checkpoint;
    StoredTensor tensor;
    tensor.name = "w";
    tensor.shape = {std::int64_t{1} << 22,
                    std::int64_t{1} << 22};  // 64 TiB, of which nothing is there
    checkpoint.tensors = {tensor};
    try {
        write_gguf(checkpoint, path, {});
        FAIL() << "64 TiB were written";
    } catch (const Error& error) {
        EXPECT_EQ(error.details().field, "disk space");
    }
    EXPECT_EQ(files(), 0U);
}

TEST_F(GgufWriter, CopiesTheSampleModel) {
    const char* sample = std::getenv("HONE_SAMPLE_DIR");
    if (sample == nullptr) GTEST_SKIP() << "needs the sample model";
    const Checkpoint checkpoint =
        read_gguf(std::filesystem::path(sample) / "SmolLM2-135M-Instruct.Q4_1.gguf");
    write_gguf(checkpoint, path, {});
    const Checkpoint back = read_gguf(path);
    for (const auto& [key, value] : checkpoint.metadata) {
        if (key != "general.file_type" && key != "general.alignment") {
            EXPECT_EQ(back.metadata.at(key), value) << key;
        }
    }
    ASSERT_EQ(back.tensors.size(), checkpoint.tensors.size());
    for (std::size_t i = 0; i < back.tensors.size(); ++i) {
        ASSERT_EQ(back.tensors[i].data.size(), checkpoint.tensors[i].data.size());
        EXPECT_EQ(std::memcmp(back.tensors[i].data.data(), checkpoint.tensors[i].data.data(),
                              back.tensors[i].data.size()),
                  0);
    }
}

}  // namespace
}  // namespace hone
