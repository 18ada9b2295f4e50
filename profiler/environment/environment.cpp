// SPDX-License-Identifier: Apache-2.0
#include "profiler/environment/environment.h"

#include <fmt/core.h>
#include <gnu/libc-version.h>
#include <sched.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <string>
#include <utility>

#include "profiler/environment/build_info.h"

namespace hone::profiler {
namespace {

nlohmann::json first_line(const std::string& file) {
    std::ifstream stream(file);
    std::string line;
    if (!std::getline(stream, line)) return nullptr;
    return line;
}

// The value of "key : value" or "KEY=value" in a file of such lines, without quotes.
nlohmann::json value_of(const std::string& file, const std::string& key, char separator) {
    std::ifstream stream(file);
    std::string line;
    while (std::getline(stream, line)) {
        const std::size_t at = line.find(separator);
        if (at == std::string::npos) continue;
        const std::size_t key_end = line.find_last_not_of(" \t", at - 1);
        if (line.substr(0, key_end + 1) != key) continue;
        const std::size_t begin = line.find_first_not_of(" \t\"", at + 1);
        const std::size_t end = line.find_last_not_of(" \t\"");
        return begin == std::string::npos ? "" : line.substr(begin, end + 1 - begin);
    }
    return nullptr;
}

cpu_set_t allowed_cpus() {
    cpu_set_t set;
    CPU_ZERO(&set);
    sched_getaffinity(0, sizeof set, &set);
    return set;
}

nlohmann::json load_average() {
    double loads[3];
    if (getloadavg(loads, 3) != 3) return nullptr;
    return nlohmann::json::array({loads[0], loads[1], loads[2]});
}

// What the measured code is linked with: a new C library can change how fast memory is copied.
nlohmann::json library_versions() {
    return {
        {"fmt",
         fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
        {"nlohmann_json", fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR,
                                      NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH)},
        {"glibc", gnu_get_libc_version()}};
}

nlohmann::json memory_total() {
    const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGE_SIZE);
    if (pages < 0 || size < 0) return nullptr;
    return static_cast<std::int64_t>(pages) * size;
}

}  // namespace

int physical_cores() {
    const cpu_set_t set = allowed_cpus();
    std::set<std::pair<std::string, std::string>> cores;  // package, core
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
        if (!CPU_ISSET(cpu, &set)) continue;
        const std::string topology = fmt::format("/sys/devices/system/cpu/cpu{}/topology/", cpu);
        const nlohmann::json package = first_line(topology + "physical_package_id"),
                             core = first_line(topology + "core_id");
        // A machine that does not say counts each of its processors.
        if (package.is_null() || core.is_null())
            cores.emplace("unknown", std::to_string(cpu));
        else
            cores.emplace(package.get<std::string>(), core.get<std::string>());
    }
    return std::max(1, static_cast<int>(cores.size()));
}

nlohmann::json describe_environment() {
    utsname system{};
    uname(&system);
    const cpu_set_t set = allowed_cpus();
    return {{"hone_version", kVersion},
            {"commit", kCommit},
            {"build_type", kBuildType},
            {"compiler", kCompiler},
            {"libraries", library_versions()},
            {"cpu", value_of("/proc/cpuinfo", "model name", ':')},
            {"logical_cores", CPU_COUNT(&set)},
            {"physical_cores", physical_cores()},
            {"memory_total", memory_total()},
            {"os", value_of("/etc/os-release", "PRETTY_NAME", '=')},
            {"kernel", system.release},
            {"hostname", system.nodename},
            {"governor", first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")},
            {"load_average", load_average()}};
}

}  // namespace hone::profiler
