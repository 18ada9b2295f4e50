// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "engine/core/control_group.h"

namespace hone {
namespace {

// A made-up /sys/fs/cgroup and /proc/self/cgroup.
class ControlGroups : public testing::Test {
protected:
    ControlGroups() {
        const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
        folder_ =
            std::filesystem::path(testing::TempDir()) / (std::string("groups_") + test->name());
        std::filesystem::remove_all(folder_);
        tree = {folder_ / "cgroup", folder_ / "membership"};
        std::filesystem::create_directories(tree.root);
    }
    ~ControlGroups() override { std::filesystem::remove_all(folder_); }

    void write(const std::string& name, const std::string& text) const {
        // Relative always: "/memory.max", the root group's, would else lead out of the tree.
        const std::filesystem::path file = tree.root / std::filesystem::path(name).relative_path();
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << text << "\n";
    }
    void belong_to(const std::string& lines) const { std::ofstream(tree.membership) << lines; }
    void version_2(const std::string& group, const std::string& limit, const std::string& used,
                   const std::string& idle) const {
        write(group + "/memory.max", limit);
        write(group + "/memory.current", used);
        write(group + "/memory.stat", "anon 7\nfile 9\ninactive_file " + idle + "\nactive_file 5");
    }
    void version_1(const std::string& group, const std::string& limit, const std::string& used,
                   const std::string& idle) const {
        write("memory/" + group + "/memory.limit_in_bytes", limit);
        write("memory/" + group + "/memory.usage_in_bytes", used);
        // Without "total_" it is the group's own alone, and a process in a group below is not in
        // it.
        write("memory/" + group + "/memory.stat", "inactive_file 1\ntotal_inactive_file " + idle);
    }
    void expect(std::int64_t limit, std::int64_t used) const {
        const auto found = control_group_memory(tree);
        ASSERT_TRUE(found.has_value());
        EXPECT_EQ(found->limit, limit);
        EXPECT_EQ(found->used, used);
    }

    ControlGroupTree tree;

private:
    std::filesystem::path folder_;
};

TEST_F(ControlGroups, Version2LeavesOutPagesOfFilesThatNobodyUsedLately) {
    belong_to("0::/a/b\n");
    write("cgroup.controllers", "cpu memory");
    version_2("a/b", "1000", "700", "300");
    expect(1000, 400);
}

TEST_F(ControlGroups, TheGroupAboveMayBeTheTighterOne) {
    belong_to("0::/a/b\n");
    write("cgroup.controllers", "cpu memory");
    version_2("a/b", "1000", "100", "0");
    version_2("a", "2000", "1900", "0");
    expect(2000, 1900);
}

TEST_F(ControlGroups, NoLimitIsNone) {
    belong_to("0::/a\n");
    write("cgroup.controllers", "cpu memory");
    version_2("a", "max", "100", "0");
    EXPECT_FALSE(control_group_memory(tree).has_value());
    belong_to("3:cpu,cpuacct:/\n4:memory:/a\n");
    version_1("a", "9223372036854771712", "100", "0");
    EXPECT_FALSE(control_group_memory(tree).has_value());
}

TEST_F(ControlGroups, Version1IsReadFromItsController) {
    belong_to("5:cpu,cpuacct:/elsewhere\n4:hugetlb,memory:/a/b\n1:name=systemd:/x\n");
    version_1("a/b", "5000", "3000", "500");
    version_1("a", "9223372036854771712", "4000", "0");
    expect(5000, 2500);
}

TEST_F(ControlGroups, AContainerSeesItsOwnGroupAtTheRoot) {
    belong_to("4:memory:/docker/0123\n");
    version_1("", "4000", "1000", "0");
    expect(4000, 1000);
    belong_to("0::/system.slice/docker-0123.scope\n");
    version_2("", "3000", "2500", "0");
    expect(3000, 2500);
}

// Hybrid: version 2 under "unified", as systemd mounts it, with or without the memory controller.
TEST_F(ControlGroups, HybridMachinesAreReadInBothVersions) {
    belong_to("4:memory:/a\n0::/a\n");
    version_1("a", "4000", "1000", "0");
    write("unified/cgroup.controllers", "");
    expect(4000, 1000);
    version_2("unified/a", "2000", "1500", "0");
    expect(2000, 1500);
    version_2("unified/a", "9000", "1500", "0");
    expect(4000, 1000);
}

TEST_F(ControlGroups, NothingThereIsNoLimit) {
    EXPECT_FALSE(control_group_memory(tree).has_value());
    belong_to("not a line of it\n0:\n");
    EXPECT_FALSE(control_group_memory(tree).has_value());
}

}  // namespace
}  // namespace hone
