// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <limits>

#include "engine/core/error.h"
#include "engine/formats/gguf.h"
#include "tests/formats/gguf_bytes.h"

namespace hone {
namespace {

constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint32_t kF32 = 0, kQ40 = 2;

// One of each kind of value, two tensors.
std::string good_file(std::uint32_t version = 3) {
    GgufBytes file;
    file.header(2, 5, version)
        .text_key("general.architecture", "llama")
        .key("llama.block_count", 4)
        .number(std::uint32_t{2})
        .key("llama.rope.freq_base", 6)
        .number(10000.0F)
        .key("tokenizer.ggml.add_bos_token", 7)
        .number(std::uint8_t{1})
        .key("tokenizer.ggml.tokens", 9)
        .number(std::uint32_t{8})
        .number(std::uint64_t{2})
        .text("a")
        .text("Ġb");
    file.tensor("output_norm.weight", {8}, kF32, 0)
        .tensor("blk.0.attn_q.weight", {32, 2}, kQ40, 32)
        .pad();
    return file.data(32 + 36).bytes();
}

class GgufReader : public testing::Test {
protected:
    Checkpoint read(std::string_view bytes) { return read_gguf(folder.file("model.gguf", bytes)); }

    ErrorDetails error_of(std::string_view bytes) {
        try {
            read(bytes);
        } catch (const Error& error) {
            EXPECT_NE(error.details().message.find("model.gguf"), std::string::npos)
                << error.details().message;
            return error.details();
        }
        ADD_FAILURE() << "the file was read";
        return {};
    }

    // The error names `field`, and what was found or expected there contains `text`.
    void expect_refused(std::string_view bytes, std::string_view field, std::string_view text) {
        const ErrorDetails details = error_of(bytes);
        EXPECT_NE(details.field.find(field), std::string::npos) << details.message;
        EXPECT_NE((details.found + " | " + details.expected).find(text), std::string::npos)
            << details.message;
    }

    TestFolder folder;
};

TEST_F(GgufReader, ReadsMetadataAndTensorsOfBothVersions) {
    for (const std::uint32_t version : {2U, 3U}) {
        const Checkpoint checkpoint = read(good_file(version));
        EXPECT_EQ(checkpoint.text("general.architecture"), "llama");
        EXPECT_EQ(checkpoint.integer("llama.block_count"), 2);
        EXPECT_EQ(checkpoint.real("llama.rope.freq_base"), 10000.0);
        EXPECT_TRUE(checkpoint.flag_or("tokenizer.ggml.add_bos_token", false));
        EXPECT_EQ(*checkpoint.texts("tokenizer.ggml.tokens"),
                  (std::vector<std::string>{"a", "Ġb"}));
        ASSERT_EQ(checkpoint.tensors.size(), 2U);
        EXPECT_EQ(checkpoint.tensors[0].shape, (std::vector<std::int64_t>{8}));
        EXPECT_EQ(checkpoint.tensors[1].shape, (std::vector<std::int64_t>{2, 32})) << "rows first";
        EXPECT_EQ(checkpoint.tensors[1].type, DType::q4_0);
        EXPECT_EQ(checkpoint.tensors[1].data.size(), 36U);
        EXPECT_EQ(checkpoint.tensors[1].data[0], std::byte{32});
    }
}

TEST_F(GgufReader, RefusesEveryTruncation) {
    const std::string whole = good_file();
    for (std::size_t length = 0; length < whole.size(); ++length) {
        const ErrorDetails details = error_of(std::string_view(whole).substr(0, length));
        EXPECT_FALSE(details.field.empty()) << length;
    }
}

TEST_F(GgufReader, SurvivesEveryFlippedBit) {
    const std::string whole = good_file();
    int read_anyway = 0, refused = 0;
    for (std::size_t i = 0; i < whole.size(); ++i) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            std::string damaged = whole;
            damaged[i] = static_cast<char>(damaged[i] ^ static_cast<char>(1U << bit));
            try {
                const Checkpoint checkpoint = read(damaged);
                for (const StoredTensor& tensor : checkpoint.tensors)
                    ASSERT_EQ(static_cast<std::int64_t>(tensor.data.size()),
                              tensor.rows() * row_bytes(tensor.type, tensor.cols()));
                ++read_anyway;
            } catch (const Error&) {
                ++refused;
            }
        }
    }
    EXPECT_GT(refused, 500);      // sizes, types, offsets
    EXPECT_GT(read_anyway, 500);  // names, values, weights
}

TEST_F(GgufReader, SaysWhatAFileIsThatIsNoGguf) {
    expect_refused("", "magic", "empty");
    expect_refused("GGUF", "version", "end of the file");
    expect_refused("<!DOCTYPE html><html>", "magic", "web page");
    expect_refused("version https://git-lfs.github.com/spec/v1\noid", "magic", "Git LFS pointer");
    expect_refused("PK\x03\x04 and more of a zip archive", "magic", "zip");
    expect_refused(std::string("\x10\0\0\0\0\0\0\0{\"a\":1}", 15), "magic", "safetensors");
    expect_refused("ELEPHANTS NEVER FORGET", "magic", "a text ('ELEPHANTS");
    expect_refused("\x01\x02\x03\x04\x05", "magic", "01 02 03 04");
}

TEST_F(GgufReader, RefusesOtherVersions) {
    for (const std::uint32_t version : {0U, 1U, 4U, 77U})
        expect_refused(GgufBytes().header(0, 0, version).bytes(), "version",
                       std::to_string(version));
    expect_refused(GgufBytes().header(0, 0, 0x03000000U).bytes(), "version", "big-endian");
}

TEST_F(GgufReader, RefusesCountsThatTheFileCannotHold) {
    expect_refused(GgufBytes().header(std::uint64_t{1} << 63U, 0).data(100).bytes(), "tensor count",
                   "9223372036854775808");
    expect_refused(GgufBytes().header(0, std::uint64_t{1} << 63U).data(100).bytes(),
                   "metadata count", "9223372036854775808");
    expect_refused(GgufBytes().header(0, 1).number(kHuge).data(100).bytes(), "key length",
                   "18446744073709551615");
    expect_refused(GgufBytes()
                       .header(0, 1)
                       .key("general.name", 8)
                       .number(std::uint64_t{1} << 30U)
                       .data(100)
                       .bytes(),
                   "general.name", "1073741824");
    expect_refused(GgufBytes()
                       .header(0, 1)
                       .key("scores", 9)
                       .number(std::uint32_t{6})
                       .number(kHuge / 2)
                       .data(64)
                       .bytes(),
                   "scores", "elements of 4 B");
    expect_refused(GgufBytes()
                       .header(0, 1)
                       .key("flags", 9)
                       .number(std::uint32_t{7})
                       .number(kHuge)
                       .data(64)
                       .bytes(),
                   "flags", "18446744073709551615");
    expect_refused(GgufBytes()
                       .header(0, 1)
                       .key("tokens", 9)
                       .number(std::uint32_t{8})
                       .number(kHuge / 8)
                       .data(64)
                       .bytes(),
                   "tokens", "texts");
}

TEST_F(GgufReader, RefusesBadKeysAndValues) {
    expect_refused(GgufBytes().header(0, 1).key("", 4).number(std::uint32_t{1}).data(9).bytes(),
                   "metadata[0]", "empty key");
    expect_refused(GgufBytes().header(0, 2).text_key("same", "x").text_key("same", "y").bytes(),
                   "'same'", "0x18 and 0x");
    expect_refused(GgufBytes().header(0, 1).key("odd", 13).data(40).bytes(), "'odd' type", "13");
    expect_refused(GgufBytes().header(0, 1).key("odd", 7).number(std::uint8_t{2}).data(9).bytes(),
                   "'odd'", "0 or 1");
    expect_refused(
        GgufBytes().header(0, 1).key("deep", 9).number(std::uint32_t{9}).data(40).bytes(), "'deep'",
        "array");
}

TEST_F(GgufReader, RefusesBadAlignments) {
    for (const std::uint32_t alignment : {0U, 13U, 1U << 31U})
        expect_refused(
            GgufBytes().header(0, 1).key("general.alignment", 4).number(alignment).bytes(),
            "general.alignment", std::to_string(alignment));
    expect_refused(
        GgufBytes().header(0, 1).key("general.alignment", 5).number(std::int32_t{32}).bytes(),
        "general.alignment", "UINT32");
}

TEST_F(GgufReader, TakesAnotherAlignment) {
    GgufBytes file;
    file.header(2, 1).key("general.alignment", 4).number(std::uint32_t{64});
    file.tensor("a", {4}, kF32, 0).tensor("b", {4}, kF32, 64).pad(64).data(80);
    const Checkpoint checkpoint = read(file.bytes());
    EXPECT_EQ(checkpoint.tensors[1].data[0], std::byte{64});
}

// The header of a file with one tensor, which the caller may spoil.
std::string one_tensor(std::initializer_list<std::uint64_t> ne, std::uint32_t type,
                       std::uint64_t offset = 0) {
    return GgufBytes().header(1, 0).tensor("w", ne, type, offset).pad().data(64).bytes();
}

TEST_F(GgufReader, RefusesBadShapes) {
    expect_refused(GgufBytes().header(1, 0).text("w").number(0xFFFFFFFFU).data(64).bytes(),
                   "'w' dimensions", "1 to 4");
    expect_refused(GgufBytes().header(1, 0).text("w").number(0U).data(64).bytes(), "'w' dimensions",
                   "1 to 4");
    expect_refused(one_tensor({0}, kF32), "ne[0]", "0");
    expect_refused(one_tensor({4, static_cast<std::uint64_t>(-1)}, kF32), "ne[1]", "-1");
    constexpr std::uint64_t k40 = std::uint64_t{1} << 40U;
    expect_refused(one_tensor({k40, k40}, kF32), "shape", "more bytes than a number can say");
    expect_refused(one_tensor({k40, std::uint64_t{1} << 24U}, kF32), "shape",
                   "more bytes than a number can say");
    expect_refused(one_tensor({k40, k40, k40, k40}, kF32), "shape",
                   "more bytes than a number can say");
    expect_refused(one_tensor({1000, 1000}, kF32), "offset", "0 + 4000000 B");
    expect_refused(one_tensor({33}, kQ40), "ne[0]", "multiple of 32");
}

TEST_F(GgufReader, RefusesTypesItDoesNotRead) {
    for (const auto& [type, name] :
         {std::pair{13U, "Q5_K"}, std::pair{4U, "4"}, std::pair{99U, "99"}}) {
        expect_refused(one_tensor({256}, type), "'w' type", name);
        expect_refused(one_tensor({256}, type), "'w' type", "Q8_0");
    }
}

TEST_F(GgufReader, RefusesBadPlaces) {
    expect_refused(one_tensor({4}, kF32, 8), "'w' offset", "multiple of 32");
    expect_refused(one_tensor({4}, kF32, 64), "'w' offset", "64 + 16 B");
    expect_refused(one_tensor({4}, kF32, kHuge - 31), "'w' offset", "18446744073709551584");
    GgufBytes overlapping;
    overlapping.header(2, 0)
        .tensor("first", {16}, kF32, 0)
        .tensor("second", {4}, kF32, 32)
        .pad()
        .data(64);
    expect_refused(overlapping.bytes(), "'second'", "'first'");
    GgufBytes twice;
    twice.header(2, 0).tensor("w", {4}, kF32, 0).tensor("w", {4}, kF32, 32).pad().data(64);
    expect_refused(twice.bytes(), "tensor[1]", "tensor[0]");
}

TEST_F(GgufReader, RefusesTextThatIsNoUtf8) {
    expect_refused(GgufBytes().header(0, 1).text_key("general.n\xFFme", "x").bytes(),
                   "metadata[0] key", "0xFF at its byte 9");
    expect_refused(GgufBytes().header(0, 1).text_key("general.name", "a\xC3").bytes(),
                   "'general.name'", "0xC3 at its byte 1");
    GgufBytes tokens;
    tokens.header(0, 1).key("tokens", 9).number(8U).number(std::uint64_t{2}).text("a").text("\x80");
    expect_refused(tokens.bytes(), "'tokens'[1]", "0x80 at its byte 0");
    expect_refused(
        GgufBytes().header(1, 0).tensor("w\xED\xA0\x80", {8}, kF32, 0).pad().data(32).bytes(),
        "tensor[0] name", "valid UTF-8");
}

TEST_F(GgufReader, RefusesNamesThatAreTooLong) {
    const std::string longest(65535, 'k');
    EXPECT_EQ(read(GgufBytes().header(0, 1).text_key(longest, "x").bytes()).text(longest), "x");
    expect_refused(GgufBytes().header(0, 1).text_key(longest + 'k', "x").bytes(),
                   "metadata[0] key length", "at most 65535 B");
    const std::string name(63, 'n');
    const auto one = [](const std::string& called) {
        return GgufBytes().header(1, 0).tensor(called, {8}, kF32, 0).pad().data(32).bytes();
    };
    EXPECT_NE(read(one(name)).find(name), nullptr);
    expect_refused(one(name + 'n'), "tensor[0] name length", "at most 63 B");
}

TEST_F(GgufReader, RefusesOnePartOfSeveral) {
    const auto part = [](std::uint16_t number, std::uint16_t count) {
        return GgufBytes()
            .header(0, 2)
            .key("split.no", 2)
            .number(number)
            .key("split.count", 2)
            .number(count)
            .bytes();
    };
    expect_refused(part(1, 3), "'split.count'", "part 2 of 3");
    EXPECT_EQ(read(part(0, 1)).integer("split.count"), 1) << "a model in one part is whole";
    expect_refused(GgufBytes().header(0, 1).text_key("split.count", "three").bytes(),
                   "'split.count'", "an integer");
}

TEST_F(GgufReader, RefusesPaddingThatTheFileLacks) {
    GgufBytes file;
    file.header(1, 1).key("general.alignment", 4).number(std::uint32_t{1} << 20U);
    file.tensor("w", {4}, kF32, 0).data(64);
    expect_refused(file.bytes(), "'w' offset", "after the data's start at 1048576");
}

TEST_F(GgufReader, ReadsAFileWithoutTensors) {
    const Checkpoint checkpoint =
        read(GgufBytes().header(0, 1).text_key("general.name", "empty").bytes());
    EXPECT_TRUE(checkpoint.tensors.empty());
    EXPECT_EQ(checkpoint.name, "empty");
    EXPECT_EQ(read(GgufBytes().header(0, 0).bytes()).name, "model") << "named after its file";
}

TEST_F(GgufReader, DoesNotDescendIntoArraysOfArrays) {
    GgufBytes file;
    file.header(0, 1).key("deep", 9);
    for (int depth = 0; depth < 100000; ++depth) file.number(9U).number(std::uint64_t{1});
    expect_refused(file.bytes(), "'deep' element type", "no array of arrays");
}

TEST_F(GgufReader, RefusesWhatIsNoRegularFile) {
    const auto expect_error = [](const std::filesystem::path& path, std::string_view text) {
        try {
            read_gguf(path);
            ADD_FAILURE() << path;
        } catch (const Error& error) {
            EXPECT_NE(error.details().message.find(text), std::string::npos)
                << error.details().message;
            EXPECT_EQ(error.details().file, path.string());
        }
    };
    expect_error(folder.path() / "absent.gguf", "absent.gguf");
    expect_error(folder.path(), "regular file");
    const std::filesystem::path fifo = folder.path() / "fifo";
    ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
    expect_error(fifo, "regular file");  // and it does not wait for a writer
}

}  // namespace
}  // namespace hone
