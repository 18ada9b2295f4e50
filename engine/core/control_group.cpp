// SPDX-License-Identifier: Apache-2.0
#include "engine/core/control_group.h"

#include <algorithm>
#include <fstream>
#include <string>

namespace hone {
namespace {

std::optional<std::int64_t> number_in(const std::filesystem::path& file) {
    std::ifstream stream(file);
    std::int64_t number = 0;
    if (!(stream >> number)) return std::nullopt;  // absent, or "max"
    return number;
}

// "KEY 123" of a group's memory.stat.
std::int64_t stat_in(const std::filesystem::path& file, const std::string& key) {
    std::ifstream stream(file);
    std::string name;
    std::int64_t number = 0;
    while (stream >> name >> number) {
        if (name == key) return number;
    }
    return 0;
}

void keep_tighter(std::optional<GroupMemory>& tightest, const std::optional<GroupMemory>& other) {
    if (other && (!tightest || other->left() < tightest->left())) tightest = other;
}

// What a version of control groups calls its files.
struct Files {
    const char *limit, *used, *idle;
};
constexpr Files kVersion1{"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"};
constexpr Files kVersion2{"memory.max", "memory.current", "inactive_file"};

std::optional<GroupMemory> memory_of(const std::filesystem::path& folder, const Files& files) {
    constexpr std::int64_t kNoLimit = std::int64_t{1} << 60;  // v1 writes a huge number for "none"
    const auto limit = number_in(folder / files.limit);
    if (!limit || *limit >= kNoLimit) return std::nullopt;
    // Pages of files that nobody used lately count as used, and are given up before the limit
    // bites.
    const std::int64_t charged = number_in(folder / files.used).value_or(0);
    return GroupMemory{
        *limit, std::max<std::int64_t>(0, charged - stat_in(folder / "memory.stat", files.idle))};
}

// A container often sees its own group's files at the root, under the path that the group has
// outside: folders that are not there say nothing, and the walk goes on to the root.
std::optional<GroupMemory> up_to_root(const std::filesystem::path& root,
                                      std::filesystem::path group, const Files& files) {
    std::optional<GroupMemory> result;
    while (true) {
        keep_tighter(result, memory_of(root / group.relative_path(), files));
        if (!group.has_relative_path()) return result;
        group = group.parent_path();
    }
}

}  // namespace

std::optional<GroupMemory> control_group_memory(const ControlGroupTree& tree) {
    std::error_code ignored;
    const std::filesystem::path unified = tree.root / "unified";
    const std::filesystem::path& version_2 =
        std::filesystem::exists(unified / "cgroup.controllers", ignored) ? unified : tree.root;
    std::ifstream stream(tree.membership);
    std::string line;
    std::optional<GroupMemory> result;
    while (std::getline(stream, line)) {
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const std::filesystem::path group = line.substr(second + 1);
        if (controllers.empty())
            keep_tighter(result, up_to_root(version_2, group, kVersion2));
        else if (("," + controllers + ",").find(",memory,") != std::string::npos)
            keep_tighter(result, up_to_root(tree.root / "memory", group, kVersion1));
    }
    return result;
}

}  // namespace hone
