// SPDX-License-Identifier: Apache-2.0
#include "engine/core/system_memory.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

namespace hone {
namespace {

// "KEY:   123 kB" of /proc/meminfo and /proc/self/status, in bytes.
std::int64_t field_bytes(const char* file, const std::string& key) {
    std::ifstream stream(file);
    std::string line;
    while (std::getline(stream, line)) {
        if (line.rfind(key + ":", 0) != 0) continue;
        std::istringstream words(line.substr(key.size() + 1));
        std::int64_t kilobytes = 0;
        words >> kilobytes;
        return kilobytes * 1024;
    }
    return 0;
}

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

struct GroupMemory {
    std::int64_t limit, used;
};

// The tightest limit on the way from this process's group up to the root.
std::optional<GroupMemory> tightest(const std::filesystem::path& root, std::filesystem::path group,
                                    const char* limit_file, const char* used_file, const char* idle_key) {
    constexpr std::int64_t kNoLimit = std::int64_t{1} << 60;  // v1 writes a huge number for "none"
    std::optional<GroupMemory> result;
    while (true) {
        const std::filesystem::path folder = root / group.relative_path();
        const auto limit = number_in(folder / limit_file);
        if (limit && *limit < kNoLimit) {
            // Pages of files that nobody used lately count as used, and are given up before the limit bites.
            const std::int64_t charged = number_in(folder / used_file).value_or(0);
            const std::int64_t used =
                std::max<std::int64_t>(0, charged - stat_in(folder / "memory.stat", idle_key));
            if (!result || *limit - used < result->limit - result->used) result = GroupMemory{*limit, used};
        }
        if (!group.has_relative_path()) return result;
        group = group.parent_path();
    }
}

std::optional<GroupMemory> group_memory() {
    std::ifstream stream("/proc/self/cgroup");
    std::string line;
    std::optional<GroupMemory> result;
    while (std::getline(stream, line)) {
        const std::size_t first = line.find(':');
        const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const std::string controllers = line.substr(first + 1, second - first - 1);
        const std::filesystem::path group = line.substr(second + 1);
        std::optional<GroupMemory> found;
        if (controllers.empty())
            found = tightest("/sys/fs/cgroup", group, "memory.max", "memory.current", "inactive_file");
        else if (("," + controllers + ",").find(",memory,") != std::string::npos)
            found = tightest("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes", "memory.usage_in_bytes",
                             "total_inactive_file");
        if (found && (!result || found->limit - found->used < result->limit - result->used)) result = found;
    }
    return result;
}

}  // namespace

std::int64_t available_memory_bytes() {
    std::int64_t available = field_bytes("/proc/meminfo", "MemAvailable");
    if (const auto group = group_memory())
        available = std::min(available, std::max<std::int64_t>(0, group->limit - group->used));
    return available;
}

std::optional<std::int64_t> cgroup_memory_limit() {
    const auto group = group_memory();
    return group ? std::optional(group->limit) : std::nullopt;
}

std::int64_t resident_bytes() {
    return field_bytes("/proc/self/status", "VmRSS");
}
std::int64_t resident_anonymous_bytes() {
    return field_bytes("/proc/self/status", "RssAnon");
}
std::int64_t peak_resident_bytes() {
    return field_bytes("/proc/self/status", "VmHWM");
}

std::vector<FileMapping> file_mappings() {
    std::vector<FileMapping> mappings;
    std::ifstream stream("/proc/self/smaps");
    std::string line;
    bool of_file = false;
    while (std::getline(stream, line)) {
        std::istringstream words(line);
        std::string first;
        words >> first;
        if (first.empty() || first.back() != ':') {  // "BEGIN-END rights offset device inode   path"
            FileMapping mapping;
            std::string rights, offset, device;
            std::uint64_t inode = 0;
            words >> rights >> offset >> device >> inode >> std::ws;
            of_file = inode != 0;
            if (!of_file) continue;
            std::getline(words, mapping.path);
            char* after = nullptr;
            mapping.begin = std::strtoull(first.c_str(), &after, 16);
            mapping.end = std::strtoull(after + 1, nullptr, 16);
            mappings.push_back(std::move(mapping));
        } else if (of_file && first == "Rss:") {
            std::int64_t kilobytes = 0;
            words >> kilobytes;
            mappings.back().resident = kilobytes * 1024;
        }
    }
    return mappings;
}

bool reset_peak_resident() {
    std::ofstream stream("/proc/self/clear_refs");
    stream << "5";
    return static_cast<bool>(stream.flush());
}

}  // namespace hone
