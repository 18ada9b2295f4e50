// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "engine/base/small_file.h"

namespace hone {
namespace {

class SmallFile : public testing::Test {
protected:
    SmallFile() { std::filesystem::create_directories(folder_); }
    ~SmallFile() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path file(const std::string& bytes) const {
        std::ofstream(folder_ / "file", std::ios::binary) << bytes;
        return folder_ / "file";
    }
    static std::string problem(const std::filesystem::path& path, std::size_t limit = 100) {
        try {
            read_small_file(path, limit);
        } catch (const FileProblem& found) {
            return found.what();
        }
        return "none";
    }

    std::filesystem::path folder_ =
        std::filesystem::temp_directory_path() / ("hone-small-file-" + std::to_string(getpid()));
};

TEST_F(SmallFile, IsReadToTheByte) {
    const std::string bytes("a\0\xFF\n", 4);
    EXPECT_EQ(read_small_file(file(bytes), 4), bytes);
    EXPECT_EQ(read_small_file(file(""), 0), "");
    EXPECT_EQ(problem(file("12345"), 4), "5 B, more than 4");
}

TEST_F(SmallFile, IsNothingElse) {
    EXPECT_EQ(problem(folder_), "a folder");
    EXPECT_EQ(problem(folder_ / "absent"), "nothing of that name");
    EXPECT_EQ(problem(""), "nothing of that name");
    EXPECT_EQ(problem("/dev/zero"), "a device");
    EXPECT_EQ(problem(folder_ / std::string(300, 'n')), "a name that is too long");
    const std::filesystem::path pipe = folder_ / "pipe", circle = folder_ / "circle";
    ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
    EXPECT_EQ(problem(pipe), "a pipe");
    std::filesystem::create_symlink(circle, circle);
    EXPECT_EQ(problem(circle), "links that lead in a circle");
    // What grows while it is read: files of /proc say that they hold nothing.
    EXPECT_NE(problem("/proc/cpuinfo", 10).find("more than 10"), std::string::npos);
}

}  // namespace
}  // namespace hone
