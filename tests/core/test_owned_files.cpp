// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <string>

#include "engine/base/owned_files.h"

namespace hone {
namespace {

class OwnedFiles : public testing::Test {
protected:
    OwnedFiles() {
        std::string name = testing::TempDir() + "hone-owned-XXXXXX";
        folder = mkdtemp(name.data());
    }
    ~OwnedFiles() override { std::filesystem::remove_all(folder); }
    std::filesystem::path file(const std::string& name) const {
        const auto path = folder / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path) << name;
        return path;
    }
    static bool model_file(std::string_view name) { return name == "config.json"; }
    std::filesystem::path folder;
};

TEST_F(OwnedFiles, NamesAreExactlyThoseThatAProcessMakes) {
    const std::string mine = partial_name("m.gguf");
    EXPECT_EQ(mine.find("m.gguf.partial-" + std::to_string(getpid()) + "-"), 0U);
    EXPECT_NE(mine, partial_name("m.gguf"));
    EXPECT_TRUE(is_partial_name_of(mine, "m.gguf"));
    EXPECT_TRUE(is_partial_name_of("m.partial-1-0", "m"));
    for (const char* other :
         {"m.partial-backup", "m.partial-", "m.partial-1", "m.partial-1-", "m.partial-1-0.txt",
          "m.partial-1-0x", "m.partial--1-0", "m.partial-01-0", "m.partial-1-00", "m.partial-1-0-0",
          "m.partial-99999999999-0", "m.partial-1 -0", "n.partial-1-0", "m", "m.kept-1-0",
          "mm.partial-1-0", ""})
        EXPECT_FALSE(is_partial_name_of(other, "m")) << other;
    EXPECT_FALSE(is_partial_name_of(kept_name("m"), "m")) << "what is kept is never cleaned up";
}

TEST_F(OwnedFiles, NamesOfAnyLengthFitAFolder) {
    for (const std::size_t length : {200U, 225U, 226U, 240U, 255U}) {
        const std::string name(length, 'x');
        const auto path = folder / partial_name(name);
        const int descriptor = create_owned_file(path, 0600);
        EXPECT_GE(descriptor, 0) << length << ": " << errno;
        EXPECT_TRUE(is_partial_name_of(path.filename().string(), name)) << length;
        EXPECT_FALSE(is_partial_name_of(path.filename().string(), name.substr(1) + "y")) << length;
        ::close(descriptor);
    }
}

TEST_F(OwnedFiles, OnlyWhatHasLostItsOwnerIsRemoved) {
    const auto held = folder / partial_name("m"), left = file("m.partial-1-0");
    const int descriptor = create_owned_file(held, 0600);
    ASSERT_GE(descriptor, 0);
    EXPECT_FALSE(remove_abandoned_file(held));
    EXPECT_TRUE(std::filesystem::exists(held));
    EXPECT_TRUE(remove_abandoned_file(left));
    ::close(descriptor);
    EXPECT_TRUE(remove_abandoned_file(held));
}

TEST_F(OwnedFiles, LinksPipesAndFoldersAreNoFiles) {
    const auto thesis = file("thesis.txt");
    std::filesystem::create_symlink(thesis, folder / "link");
    ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
    std::filesystem::create_directory(folder / "folder");
    for (const char* name : {"link", "pipe", "folder"})
        EXPECT_FALSE(remove_abandoned_file(folder / name)) << name;
    std::filesystem::create_directory_symlink(folder / "folder", folder / "link to a folder");
    EXPECT_FALSE(remove_abandoned_folder(folder / "link to a folder", model_file));
    EXPECT_TRUE(std::filesystem::exists(thesis));
    EXPECT_TRUE(std::filesystem::exists(folder / "pipe"));
}

TEST_F(OwnedFiles, WhatIsNotOursKeepsItsFolder) {
    file("left/config.json");
    file("left/thesis.txt");
    file("left/notes/more.txt");
    EXPECT_FALSE(remove_abandoned_folder(folder / "left", model_file));
    EXPECT_FALSE(std::filesystem::exists(folder / "left/config.json"));
    EXPECT_TRUE(std::filesystem::exists(folder / "left/thesis.txt"));
    EXPECT_TRUE(std::filesystem::exists(folder / "left/notes/more.txt"));
    file("plain/config.json");
    EXPECT_TRUE(remove_abandoned_folder(folder / "plain", model_file));
    EXPECT_FALSE(std::filesystem::exists(folder / "plain"));
}

TEST_F(OwnedFiles, AFolderBelongsToItsProcessUntilThatIsKilled) {
    const auto path = folder / partial_name("m");
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const bool made = create_owned_folder(path, 0700) >= 0;
        (void)!write(ready[1], made ? "y" : "n", 1);
        pause();
        _exit(0);
    }
    char answer = 0;
    ASSERT_EQ(read(ready[0], &answer, 1), 1);
    ASSERT_EQ(answer, 'y');
    EXPECT_FALSE(remove_abandoned_folder(path, model_file));
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(remove_abandoned_folder(path, model_file));
    EXPECT_FALSE(std::filesystem::exists(path));
    ::close(ready[0]);
    ::close(ready[1]);
}

}  // namespace
}  // namespace hone
