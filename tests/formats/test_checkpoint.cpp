// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>

#include "engine/core/error.h"
#include "engine/formats/checkpoint.h"
#include "tests/formats/gguf_bytes.h"

namespace hone {
namespace {

Checkpoint with(std::string_view key, MetadataValue value) {
    Checkpoint checkpoint;
    checkpoint.source = "model.gguf";
    checkpoint.metadata.emplace(key, std::move(value));
    return checkpoint;
}

// What `access` throws names the source and the key, and says `found`.
template <typename Access>
void expect_error(const Access& access, std::string_view found, std::string_view expected) {
    try {
        access();
        ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& error) {
        EXPECT_EQ(error.details().file, "model.gguf");
        EXPECT_EQ(error.details().field, "metadata 'key'");
        EXPECT_NE(error.details().found.find(found), std::string::npos) << error.details().message;
        EXPECT_EQ(error.details().expected, expected);
    }
}

TEST(CheckpointMetadata, ConvertsIntegersOfEveryWidth) {
    const MetadataValue ones[] = {std::uint8_t{1},  std::int8_t{1},   std::uint16_t{1},
                                  std::int16_t{1},  std::uint32_t{1}, std::int32_t{1},
                                  std::uint64_t{1}, std::int64_t{1}};
    for (const MetadataValue& one : ones) {
        EXPECT_EQ(with("key", one).integer("key"), 1);
        EXPECT_EQ(with("key", one).real("key"), 1.0);
    }
    EXPECT_EQ(with("key", std::int8_t{-1}).integer("key"), -1);
    expect_error([] { with("key", std::numeric_limits<std::uint64_t>::max()).integer("key"); },
                 "18446744073709551615", "an integer");
}

TEST(CheckpointMetadata, RefusesOtherTypes) {
    expect_error([] { with("key", std::string("two")).integer("key"); }, "the text 'two'",
                 "an integer");
    expect_error([] { with("key", true).integer("key"); }, "a flag", "an integer");
    expect_error([] { with("key", 1.5F).integer("key"); }, "1.5", "an integer");
    expect_error([] { with("key", std::string("x")).real("key"); }, "the text", "a number");
    expect_error([] { with("key", std::uint32_t{1}).text("key"); }, "the integer 1", "a text");
    expect_error([] { with("key", std::uint32_t{1}).flag_or("key", false); }, "the integer 1",
                 "true or false");
    const MetadataArray bytes = std::vector<std::uint8_t>{1, 2};
    expect_error([&] { with("key", bytes).integers("key"); }, "an array",
                 "an array of 32-bit integers");
    expect_error([&] { with("key", bytes).texts("key"); }, "an array", "an array of texts");
    expect_error([] { with("key", std::string("x")).texts("key"); }, "the text",
                 "an array of texts");
}

TEST(CheckpointMetadata, FallsBackOnlyWhereTheKeyIsMissing) {
    const Checkpoint nothing = with("another", std::uint32_t{1});
    EXPECT_EQ(nothing.integer_or("key", 7), 7);
    EXPECT_EQ(nothing.real_or("key", 0.5), 0.5);
    EXPECT_EQ(nothing.text_or("key", "x"), "x");
    EXPECT_TRUE(nothing.flag_or("key", true));
    EXPECT_EQ(nothing.texts("key"), nullptr);
    EXPECT_EQ(nothing.integers("key"), nullptr);
    expect_error([&] { static_cast<void>(nothing.integer("key")); }, "nothing", "an integer");
    expect_error([] { with("key", std::string("x")).integer_or("key", 7); }, "the text",
                 "an integer");
    expect_error([] { with("key", std::string("x")).real_or("key", 7); }, "the text", "a number");
    expect_error([] { with("key", 1.0F).text_or("key", ""); }, "the number 1", "a text");
}

TEST(OpenCheckpoint, TellsFilesFromShapesAndFolders) {
    EXPECT_TRUE(open_checkpoint("synthetic:tiny", false).synthetic);
    EXPECT_THROW(open_checkpoint("synthetic:elephant", false), Error);
    const TestFolder folder;
    const auto file = folder.file("model.gguf", GgufBytes().header(0, 0).bytes());
    EXPECT_EQ(open_checkpoint(file.string()).source, file.string());
    try {
        open_checkpoint(folder.path().string());
        FAIL() << "a folder is no checkpoint";
    } catch (const Error& error) {
        EXPECT_EQ(error.details().found, "no config.json there, but 1 GGUF file");
        EXPECT_EQ(error.details().file, folder.path().string());
    }
}

}  // namespace
}  // namespace hone
