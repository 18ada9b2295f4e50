// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/experiment/worker/lost_page.h"
#include "engine/formats/mapped_file.h"

namespace hone {
namespace {

// In a process of its own: maps `file`, cuts it short and reads what is gone. Returns what it
// wrote, and how it ended.
std::pair<std::string, int> read_past_the_cut(const std::filesystem::path& file) {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe(ends.data()), 0);
    const pid_t child = fork();
    if (child == 0) {
        report_lost_pages(ends[1]);
        lost_pages_end_request(42);
        const auto mapped = MappedFile::open(file);
        if (truncate(file.c_str(), 4096) != 0) _exit(3);
        const volatile std::byte* const bytes = mapped->bytes().data();
        _exit(bytes[65536] == std::byte{7} ? 4 : 5);
    }
    close(ends[1]);
    std::string written;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = read(ends[0], buffer.data(), buffer.size())) > 0;)
        written.append(buffer.data(), static_cast<std::size_t>(got));
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    return {written, status};
}

TEST(LostPage, EndsTheRequestWithAnErrorThatNamesTheFile) {
    const auto file = std::filesystem::temp_directory_path() /
                      ("hone \"lost\"\x1b " + std::to_string(getpid()) + ".gguf");
    std::ofstream(file, std::ios::binary) << std::string(1 << 17, '\7');
    const auto [written, status] = read_past_the_cut(file);
    std::filesystem::remove(file);
    ASSERT_TRUE(WIFEXITED(status)) << status;
    EXPECT_EQ(WEXITSTATUS(status), 1);
    ASSERT_EQ(written.back(), '\n');
    const nlohmann::json reply = nlohmann::json::parse(written);
    EXPECT_EQ(reply.at("id"), 42);
    EXPECT_EQ(reply.at("type"), "error");
    const nlohmann::json& error = reply.at("error");
    EXPECT_EQ(error.at("file"), file.string());
    EXPECT_EQ(error.at("summary"), "The file was cut short while it was in use.");
    EXPECT_NE(error.at("message").get<std::string>().find(file.string()), std::string::npos);
}

TEST(LostPage, IsNamedOnlyWhileItsFileIsMapped) {
    const auto file =
        std::filesystem::temp_directory_path() / ("hone-mapped-" + std::to_string(getpid()));
    std::ofstream(file) << "abc";
    const std::byte* address = nullptr;
    {
        const auto mapped = MappedFile::open(file);
        address = mapped->bytes().data();
        ASSERT_NE(quoted_path_of_mapping(address), nullptr);
        EXPECT_EQ(quoted_path_of_mapping(address), '"' + file.string() + '"');
        EXPECT_EQ(quoted_path_of_mapping(address + 3), nullptr);
    }
    EXPECT_EQ(quoted_path_of_mapping(address), nullptr);
    std::filesystem::remove(file);
}

}  // namespace
}  // namespace hone
