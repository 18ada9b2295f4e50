// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <new>
#include <nlohmann/json.hpp>

#include "engine/base/told_error.h"
#include "engine/core/error.h"

namespace hone {
namespace {

TEST(Error, StartsWithASentenceForPeople) {
    const Error error(ErrorDetails{"", "models/m.gguf", "version", "4", "2 or 3"});
    EXPECT_STREQ(error.what(),
                 "m.gguf cannot be used. models/m.gguf: version: found 4, expected 2 or 3");
    EXPECT_EQ(error.details().message, error.what());
    EXPECT_EQ(error.details().summary, "m.gguf cannot be used.");
    EXPECT_EQ(detail(error.details()), "models/m.gguf: version: found 4, expected 2 or 3");
}

TEST(Error, SaysWhatItsKindSaysAndWhatToDo) {
    const Error error(ErrorDetails{"", "m.gguf", "size", "5 B", "at least 24 B", Fault::cut_off});
    EXPECT_STREQ(error.what(),
                 "The file is cut off. Download or copy it again. m.gguf: size: found 5 B, "
                 "expected at least 24 B");
    EXPECT_EQ(error.details().action, "Download or copy it again.");
}

TEST(Error, PrefersASentenceOfItsOwn) {
    const Error error(ErrorDetails{"", "m.gguf", "size", "5 B", "", Fault::cut_off,
                                   "The file is cut off: 5 MB of about 98 MB."});
    EXPECT_EQ(error.details().summary, "The file is cut off: 5 MB of about 98 MB.");
    EXPECT_EQ(error.details().action, "");
}

TEST(Error, TakesAWholeMessageAsItIs) {
    const Error error("The disk is full.");
    EXPECT_STREQ(error.what(), "The disk is full.");
    EXPECT_EQ(error.details().summary, "The disk is full.");
    EXPECT_EQ(detail(error.details()), "");
}

TEST(Error, KeepsTextsWholeAndShowsThemPrintable) {
    using namespace std::string_literals;
    const Error error(ErrorDetails{"", "a\nb.gguf", "tensor '\x1B[31m\0x'"s, "\u202Egpj", "text"});
    EXPECT_STREQ(error.what(),
                 "a\\nb.gguf cannot be used. a\\nb.gguf: tensor '\\x1B[31m\\x00x': found "
                 "\\u202Egpj, expected text");
    EXPECT_EQ(error.details().field, "tensor '\x1B[31m\0x'"s);
}

TEST(Error, SurvivesTheRoundTripThroughJson) {
    const Error error(ErrorDetails{"", "a", "b", "c", "d", Fault::damaged});
    const ErrorDetails back = error_details_from_json(to_json(error.details()));
    EXPECT_EQ(back.message, error.details().message);
    EXPECT_EQ(back.summary, error.details().summary);
    EXPECT_EQ(back.action, error.details().action);
    EXPECT_EQ(back.file, "a");
    EXPECT_EQ(back.field, "b");
    EXPECT_EQ(back.found, "c");
    EXPECT_EQ(back.expected, "d");
}

TEST(Error, TellsOfAnyExceptionWithoutALibrarysText) {
    const auto told = [](const std::exception& exception) { return details_of(exception).message; };
    EXPECT_EQ(told(Error(ErrorDetails{"", "m.gguf", "size", "5 B", "", Fault::cut_off})),
              "The file is cut off. Download or copy it again. m.gguf: size: found 5 B");
    EXPECT_EQ(
        told(std::filesystem::filesystem_error("directory iterator", "models",
                                               std::make_error_code(std::errc::permission_denied))),
        "models cannot be used. models: file or folder: found Permission denied, expected one that "
        "can "
        "be used");
    EXPECT_EQ(details_of(std::bad_alloc()).fault, Fault::no_memory);
    try {
        (void)nlohmann::json::object().at("absent");
    } catch (const std::exception& exception) {
        EXPECT_EQ(told(exception).find("json.exception"), std::string::npos);
        EXPECT_EQ(details_of(exception).fault, Fault::internal);
    }
    EXPECT_EQ(told(std::runtime_error("The trace is damaged.")), "The trace is damaged.");
}

TEST(Error, KeepsWhatLiesBelowSaysInItsParts) {
    const ErrorDetails details = details_of(
        ToldError("The run store is damaged.", "Choose another.", "run store a\n.sqlite: it is"));
    EXPECT_EQ(details.summary, "The run store is damaged.");
    EXPECT_EQ(details.action, "Choose another.");
    EXPECT_EQ(details.message,
              "The run store is damaged. Choose another. run store a\\n.sqlite: it is");
}

TEST(Error, KeepsItsKindInJson) {
    for (const Fault fault : {Fault::other, Fault::cut_off, Fault::no_memory, Fault::internal}) {
        const Error error(ErrorDetails{"", "a", "b", "c", "d", fault});
        EXPECT_EQ(error_details_from_json(to_json(error.details())).fault, fault);
    }
    EXPECT_EQ(fault_id(Fault::internal), "internal");
}

}  // namespace
}  // namespace hone
