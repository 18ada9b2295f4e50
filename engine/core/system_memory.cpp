// SPDX-License-Identifier: Apache-2.0
#include "engine/core/system_memory.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "engine/core/control_group.h"

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

}  // namespace

std::int64_t available_memory_bytes() {
    std::int64_t available = field_bytes("/proc/meminfo", "MemAvailable");
    if (const auto group = control_group_memory())
        available = std::min(available, std::max<std::int64_t>(0, group->left()));
    return available;
}

std::int64_t total_memory_bytes() {
    const std::int64_t machine = field_bytes("/proc/meminfo", "MemTotal");
    return std::min(machine, cgroup_memory_limit().value_or(machine));
}

std::optional<std::int64_t> cgroup_memory_limit() {
    const auto group = control_group_memory();
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
        if (first.empty() || first.back() != ':') {  // "BEGIN-END rights offset device inode path"
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
