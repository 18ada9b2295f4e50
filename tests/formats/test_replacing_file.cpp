// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include "engine/core/error.h"
#include "engine/formats/gguf.h"
#include "engine/formats/replacing_file.h"
#include "engine/formats/synthetic.h"
#include "tests/formats/gguf_bytes.h"

namespace hone {
namespace {

std::string bytes_of(const std::filesystem::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

class Replacing : public testing::Test {
protected:
    std::size_t files() const {
        return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder.path()),
                                                      std::filesystem::directory_iterator()));
    }
    void replace(std::string_view bytes) const {
        ReplacingFile file(path, static_cast<std::int64_t>(bytes.size()));
        file.write(bytes.data(), bytes.size());
        file.sync();
        file.commit();
    }
    TestFolder folder;
    std::filesystem::path path = folder.path() / "out.gguf";
};

TEST_F(Replacing, ShowsNothingUntilItIsComplete) {
    folder.file("out.gguf", "old");
    {
        ReplacingFile file(path, 3);
        file.write("new", 3);
        EXPECT_EQ(bytes_of(path), "old");
        EXPECT_EQ(bytes_of(file.temporary()), "new");
    }
    EXPECT_EQ(bytes_of(path), "old") << "never committed";
    EXPECT_EQ(files(), 1U);
    replace("new");
    EXPECT_EQ(bytes_of(path), "new");
    EXPECT_EQ(files(), 1U);
}

TEST_F(Replacing, RemovesWhatAKilledWriterLeft) {
    folder.file("out.gguf.partial-99-0", "left by a process that is gone");
    folder.file("other.gguf.partial-99-0", "of another target");
    replace("new");
    EXPECT_FALSE(std::filesystem::exists(folder.path() / "out.gguf.partial-99-0"));
    EXPECT_TRUE(std::filesystem::exists(folder.path() / "other.gguf.partial-99-0"));
}

TEST_F(Replacing, LetsTwoWriteAtOnce) {
    ReplacingFile first(path, 5);
    first.write("first", 5);
    replace("second");
    EXPECT_EQ(bytes_of(first.temporary()), "first") << "its writer still lives";
    first.commit();
    EXPECT_EQ(bytes_of(path), "first");
    EXPECT_EQ(files(), 1U);
}

TEST_F(Replacing, FollowsALink) {
    const auto real = folder.file("real.gguf", "old");
    std::filesystem::create_symlink(real, path);
    replace("new");
    EXPECT_TRUE(std::filesystem::is_symlink(path));
    EXPECT_EQ(bytes_of(real), "new");
}

TEST_F(Replacing, WritesIntoTheCurrentFolder) {
    const auto before = std::filesystem::current_path();
    std::filesystem::current_path(folder.path());
    path = "here.gguf";
    replace("new");
    std::filesystem::current_path(before);
    EXPECT_EQ(bytes_of(folder.path() / "here.gguf"), "new");
}

TEST_F(Replacing, RefusesAFolderThatIsReadOnly) {
    folder.file("out.gguf", "old");
    std::filesystem::permissions(folder.path(), std::filesystem::perms(0555));
    constexpr uid_t kNobody = 65534;
    const uid_t user = geteuid();
    // Permissions do not bind root: become somebody else for a moment.
    if (user == 0 && seteuid(kNobody) != 0) GTEST_SKIP() << "root that cannot become another user";
    std::string message;
    try {
        replace("new");
    } catch (const Error& error) {
        message = error.details().message;
        EXPECT_EQ(error.details().file, path.string());
    }
    if (user == 0) {
        ASSERT_EQ(seteuid(0), 0);
    }
    std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
    EXPECT_NE(message.find("cannot create"), std::string::npos) << message;
    EXPECT_EQ(bytes_of(path), "old");
}

// Killed at any of its reports, a writer leaves the old file; the next one tidies up and completes.
TEST_F(Replacing, SurvivesKilledWriters) {
    const Checkpoint checkpoint = make_synthetic("tiny", true);
    folder.file("out.gguf", "precious");
    int killed = 0;
    for (int last = 1;; last += 3) {
        const pid_t child = fork();
        ASSERT_GE(child, 0);
        if (child == 0) {
            int reports = 0;
            const auto report = [&](double, std::string_view) {
                if (++reports == last) raise(SIGKILL);
            };
            write_gguf(checkpoint, path, {report, {}});
            _exit(0);
        }
        int status = 0;
        ASSERT_EQ(waitpid(child, &status, 0), child);
        if (!WIFSIGNALED(status)) break;
        ++killed;
        ASSERT_EQ(bytes_of(path), "precious") << last;
        ASSERT_EQ(files(), 2U) << "the old file and one leftover, not one for each killed writer";
    }
    EXPECT_GT(killed, 10);
    EXPECT_EQ(static_cast<std::int64_t>(std::filesystem::file_size(path)), gguf_size(checkpoint));
    EXPECT_EQ(files(), 1U);
}

}  // namespace
}  // namespace hone
