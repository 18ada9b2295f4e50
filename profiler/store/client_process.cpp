// SPDX-License-Identifier: Apache-2.0
#include "profiler/store/client_process.h"

#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <system_error>

namespace hone::profiler {
namespace {

std::string read_file(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string line_of(const std::string& path) {
    std::string text = read_file(path);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

std::string boot() {
    return line_of("/proc/sys/kernel/random/boot_id");
}

std::string host_name() {
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

// The machine's id is nobody else's business (machine-id(5)); a hash tells machines apart as well.
// Empty where there is none.
std::string machine() {
    const std::string id = line_of("/etc/machine-id");
    if (id.empty()) return {};
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : "hone " + id)
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    std::ostringstream text;
    text << std::hex << hash;
    return text.str();
}

// "pid:[4026531836]"
std::string process_numbers() {
    std::error_code error;
    return std::filesystem::read_symlink("/proc/self/ns/pid", error).string();
}

// In clock ticks since the boot; empty where there is no such process, or only a zombie of it.
std::string start_ticks(std::int64_t pid) {
    const std::string stat = read_file("/proc/" + std::to_string(pid) + "/stat");
    // Field 2 is the program's name in brackets and may itself hold spaces and brackets.
    const std::size_t name_end = stat.rfind(')');
    if (name_end == std::string::npos) return {};
    std::istringstream fields(stat.substr(name_end + 1));
    std::string field, state;
    fields >> state;
    for (int number = 4; number <= 22; ++number) fields >> field;
    return !fields || state == "Z" || state == "X" ? std::string() : field;
}

// The part of `text` before `mark`, which is taken off with it; all of it where there is no mark.
std::string take(std::string& text, char mark) {
    const std::size_t at = text.find(mark);
    std::string part = text.substr(0, at);
    text = at == std::string::npos ? std::string() : text.substr(at + 1);
    return part;
}

}  // namespace

ClientProcess this_process() {
    const std::int64_t pid = ::getpid();
    const std::string id = machine();
    return {pid, boot() + ":" + start_ticks(pid) + ":" + process_numbers(),
            host_name() + (id.empty() ? "" : " " + id)};
}

bool is_running(const ClientProcess& process) {
    std::string started = process.started, host = process.host;
    const std::string its_boot = take(started, ':'), ticks = take(started, ':');
    const std::string its_name = take(host, ' ');
    const bool same_name = its_name == host_name();
    const bool same_machine = host.empty() ? same_name : host == machine();
    // Nothing of an earlier boot of this machine runs any more; what another machine does is not
    // known here.
    if (its_boot != boot() || ticks.empty()) return !same_machine;
    // One boot is one machine, whatever its name is by now. Numbers of another container mean other
    // processes.
    const bool same_numbers = started.empty() ? same_name : started == process_numbers();
    return !same_numbers || start_ticks(process.pid) == ticks;
}

}  // namespace hone::profiler
