// SPDX-License-Identifier: Apache-2.0
#include "profiler/store/client_process.h"

#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <sstream>

namespace hone::profiler {
namespace {

std::string read_file(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

// Empty where there is no such process, or only a zombie of it.
std::string start_time(std::int64_t pid) {
    const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
    // Field 2 is the program's name in brackets and may itself hold spaces and brackets.
    const std::size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos) return {};
    std::istringstream fields(stat.substr(name_end + 1));
    std::string field, state;
    fields >> state;
    for (int number = 4; number <= 22; ++number) fields >> field;
    if (!fields || state == "Z" || state == "X") return {};
    std::string boot = read_file("/proc/sys/kernel/random/boot_id");
    while (!boot.empty() && boot.back() == '\n') boot.pop_back();
    return boot + ":" + field;
}

}  // namespace

ClientProcess this_process() {
    const std::int64_t pid = ::getpid();
    return {pid, start_time(pid), host_name()};
}

bool is_running(const ClientProcess& process) {
    if (process.host != host_name()) return true;
    return start_time(process.pid) == process.started;
}

}  // namespace hone::profiler
