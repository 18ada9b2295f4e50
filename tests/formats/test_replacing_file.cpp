// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "engine/core/error.h"
#include "engine/core/replacing_file.h"
#include "engine/formats/gguf.h"
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
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator(folder.path()),
                          std::filesystem::directory_iterator()));
    }
    void replace(std::string_view bytes) const { (void)replace_with(bytes, Existing::any); }
    std::filesystem::path replace_with(std::string_view bytes, Existing existing) const {
        ReplacingFile file(path, static_cast<std::int64_t>(bytes.size()), existing);
        file.write(bytes.data(), bytes.size());
        file.sync();
        return file.commit();
    }
    static unsigned mode(const std::filesystem::path& file) {
        return static_cast<unsigned>(std::filesystem::status(file).permissions());
    }
    TestFolder folder;
    std::filesystem::path path = folder.path() / "out.gguf";
};

TEST_F(Replacing, ShowsNothingUntilItIsComplete) {
    folder.file("out.gguf", "old");
    {
        ReplacingFile file(path, 3, Existing::replace);
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

// Names that nobody but a writer makes: whatever else begins like one is the user's.
TEST_F(Replacing, LeavesWhatOnlyLooksLikeALeftover) {
    const std::vector<std::string> others{"out.gguf.partial-backup", "out.gguf.partial-1",
                                          "out.gguf.partial-1-",     "out.gguf.partial-1-0.bak",
                                          "out.gguf.partial-",       "out.gguf.kept-1-0"};
    for (const std::string& name : others) folder.file(name, "mine");
    std::filesystem::create_directory(folder.path() / "out.gguf.partial-7-7");
    folder.file("out.gguf.partial-7-7/thesis.txt", "mine");
    replace("new");
    for (const std::string& name : others)
        EXPECT_EQ(bytes_of(folder.path() / name), "mine") << name;
    EXPECT_EQ(bytes_of(folder.path() / "out.gguf.partial-7-7/thesis.txt"), "mine");
}

TEST_F(Replacing, RefusesWhatIsThereOrAppears) {
    folder.file("out.gguf", "old");
    EXPECT_THROW(replace_with("new", Existing::refuse), Error);
    std::filesystem::remove(path);
    {
        ReplacingFile file(path, 3, Existing::refuse);
        file.write("new", 3);
        folder.file("out.gguf", "mine");
        try {
            file.commit();
            ADD_FAILURE() << "replaced";
        } catch (const Error& error) {
            EXPECT_NE(error.details().message.find("left as it is"), std::string::npos)
                << error.what();
        }
    }
    EXPECT_EQ(bytes_of(path), "mine");
    EXPECT_EQ(files(), 1U);
    // A folder or a link that appears is no less somebody's.
    std::filesystem::remove(path);
    for (const bool link : {false, true}) {
        ReplacingFile file(path, 3, Existing::refuse);
        link ? std::filesystem::create_symlink("nowhere", path)
             : (void)std::filesystem::create_directory(path);
        EXPECT_THROW(file.commit(), Error);
        EXPECT_TRUE(std::filesystem::remove(path));
    }
    EXPECT_TRUE(replace_with("new", Existing::refuse).empty());
    EXPECT_EQ(bytes_of(path), "new");
}

TEST_F(Replacing, KeepsWhatChangedSinceItWasLookedAt) {
    for (const char* how : {"written", "swapped", "appeared", "became a folder"}) {
        const bool appears = std::string(how) == "appeared";
        if (!appears) folder.file("out.gguf", "old");
        std::filesystem::path kept;
        {
            ReplacingFile file(path, 3, Existing::replace);
            file.write("new", 3);
            if (std::string(how) == "swapped")
                std::filesystem::rename(folder.file("other", "old"), path);
            if (std::string(how) == "became a folder") {
                std::filesystem::remove(path);
                std::filesystem::create_directory(path);
                folder.file("out.gguf/thesis.txt", "mine");
            } else if (std::string(how) != "swapped") {
                folder.file("out.gguf", "mine");
            }
            kept = file.commit();
        }
        EXPECT_EQ(bytes_of(path), "new") << how;
        ASSERT_FALSE(kept.empty()) << how;
        if (std::filesystem::is_directory(kept))
            EXPECT_EQ(bytes_of(kept / "thesis.txt"), "mine");
        else
            EXPECT_EQ(bytes_of(kept), std::string(how) == "swapped" ? "old" : "mine") << how;
        replace("next");  // cleans up, but not what is kept
        EXPECT_TRUE(std::filesystem::exists(kept)) << how;
        std::filesystem::remove_all(kept);
        std::filesystem::remove(path);
    }
    folder.file("out.gguf", "old");
    EXPECT_TRUE(replace_with("new", Existing::replace).empty()) << "as it was looked at";
    EXPECT_EQ(files(), 1U);
}

// Network folders and older kernels: the same promises, by links and by a name that is taken first.
TEST_F(Replacing, KeepsItsPromisesWhereRenamesKnowNoFlags) {
    const auto before = rename_with_flags;
    rename_with_flags = [](const char*, const char*, unsigned) {
        errno = EINVAL;
        return -1;
    };
    EXPECT_TRUE(replace_with("new", Existing::refuse).empty());
    EXPECT_EQ(bytes_of(path), "new");
    EXPECT_TRUE(replace_with("newer", Existing::replace).empty());
    EXPECT_EQ(bytes_of(path), "newer");
    {
        ReplacingFile file(path, 3, Existing::replace);
        folder.file("out.gguf", "mine");
        const auto kept = file.commit();
        EXPECT_EQ(bytes_of(kept), "mine");
        std::filesystem::remove(kept);
    }
    std::filesystem::remove(path);
    {
        ReplacingFile file(path, 3, Existing::refuse);
        folder.file("out.gguf", "mine");
        EXPECT_THROW(file.commit(), Error);
    }
    EXPECT_EQ(bytes_of(path), "mine");
    {
        ReplacingFile file(path, 3, Existing::replace);
        file.write("new", 3);
        std::filesystem::remove(path);
        EXPECT_TRUE(file.commit().empty()) << "nothing is there any more";
    }
    EXPECT_EQ(bytes_of(path), "new");
    EXPECT_EQ(files(), 1U);
    rename_with_flags = before;
}

TEST_F(Replacing, KeepsTheModeOfWhatItReplaces) {
    folder.file("out.gguf", "old");
    for (const unsigned wanted : {0600U, 0640U, 0444U, 0666U}) {
        std::filesystem::permissions(path, std::filesystem::perms(wanted));
        {
            ReplacingFile file(path, 3, Existing::replace);
            EXPECT_EQ(mode(file.temporary()) & 0077U, 0U)
                << "not readable to more people at any moment";
            file.commit();
        }
        EXPECT_EQ(mode(path), wanted);
    }
    std::filesystem::remove(path);
    const mode_t before = umask(0027);
    replace("new");
    umask(before);
    EXPECT_EQ(mode(path), 0640U) << "a new file follows the umask";
}

TEST_F(Replacing, WritesWhatALinkToNothingPointsTo) {
    std::filesystem::create_directory(folder.path() / "elsewhere");
    std::filesystem::create_symlink("elsewhere/real.gguf", path);
    for (const Existing existing : {Existing::refuse, Existing::replace}) {
        std::filesystem::remove(folder.path() / "elsewhere/real.gguf");
        replace_with("new", existing);
        EXPECT_TRUE(std::filesystem::is_symlink(path));
        EXPECT_EQ(bytes_of(folder.path() / "elsewhere/real.gguf"), "new");
    }
    std::filesystem::remove(path);
    std::filesystem::create_symlink("no/such/folder", path);
    EXPECT_THROW(replace("new"), Error);
    EXPECT_TRUE(std::filesystem::is_symlink(path));
    std::filesystem::remove(path);
    std::filesystem::create_symlink("out.gguf", path);
    EXPECT_THROW(replace("new"), Error) << "a circle";
}

TEST_F(Replacing, WritesNamesUpToTheLongest) {
    for (const std::size_t length : {1U, 200U, 240U, 250U, 255U}) {
        path = folder.path() / std::string(length, 'n');
        folder.file(std::string(length, 'n'), "old");
        replace_with("new", Existing::replace);
        EXPECT_EQ(bytes_of(path), "new") << length;
    }
    EXPECT_EQ(files(), 5U);
    path = folder.path() / std::string(256, 'n');
    EXPECT_THROW(replace("new"), Error) << "before anything is written";
    for (const char* none : {"", ".", "..", "/", "out.gguf/"}) {
        path = none;
        EXPECT_THROW(replace("new"), Error) << "'" << none << "'";
    }
}

TEST_F(Replacing, WritesTheVeryBytesOfAName) {
    path = folder.path() / "m\xFF\xC3.gguf";
    replace("new");
    EXPECT_EQ(bytes_of(path), "new");
    EXPECT_EQ(files(), 1U);
}

// `ulimit -f`: with SIGXFSZ ignored, as every program of Hone does, it is one more full disk.
TEST_F(Replacing, ALimitOnFilesIsAFullDisk) {
    folder.file("out.gguf", "old");
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const rlimit limit{4096, 4096};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        try {
            replace(std::string(100'000, 'x'));
        } catch (const Error& error) {
            _exit(std::string(error.what()).find("ulimit") != std::string::npos ? 3 : 4);
        }
        _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 3);
    EXPECT_EQ(bytes_of(path), "old");
    EXPECT_EQ(files(), 1U);
}

TEST_F(Replacing, LetsTwoWriteAtOnce) {
    ReplacingFile first(path, 5, Existing::any);
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
