// SPDX-License-Identifier: Apache-2.0
#include "engine/prediction/machine_load.h"

#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>

namespace hone {
namespace {

// user, nice, system, idle, iowait, irq, softirq, steal; guests' time is part of the first two
// (proc(5)).
constexpr std::size_t kFields = 8, kIdle = 3, kWaiting = 4, kStolen = 7;

std::string read_stat() {
    std::ifstream file("/proc/stat");
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

double own_seconds() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The number that `text` begins with, which is then cut off with the spaces before it.
std::optional<std::int64_t> take_number(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return number;
}

void add_line(std::string_view line, std::span<const int> processors, ProcessorTicks& ticks,
              bool& any) {
    constexpr std::string_view kPrefix = "cpu";
    if (!line.starts_with(kPrefix) || line.starts_with("cpu ")) return;
    line.remove_prefix(kPrefix.size());
    const auto number = take_number(line);
    if (!number || std::find(processors.begin(), processors.end(), *number) == processors.end())
        return;
    std::array<std::int64_t, kFields> fields{};
    for (std::int64_t& field : fields) field = take_number(line).value_or(0);
    for (std::size_t i = 0; i < kFields; ++i) {
        ticks.all += fields[i];
        if (i != kIdle && i != kWaiting && i != kStolen) ticks.busy += fields[i];
    }
    ticks.stolen += fields[kStolen];
    any = true;
}

}  // namespace

std::vector<int> allowed_processors() {
    std::vector<int> processors;
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        for (int i = 0; i < CPU_SETSIZE; ++i) {
            if (CPU_ISSET(i, &set)) processors.push_back(i);
        }
    }
    if (processors.empty()) processors.push_back(0);
    return processors;
}

std::optional<ProcessorTicks> processor_ticks(std::string_view stat,
                                              std::span<const int> processors) {
    ProcessorTicks ticks;
    bool any = false;
    while (!stat.empty()) {
        const std::size_t end = std::min(stat.find('\n'), stat.size());
        add_line(stat.substr(0, end), processors, ticks, any);
        stat.remove_prefix(std::min(end + 1, stat.size()));
    }
    return any && ticks.all > 0 ? std::optional(ticks) : std::nullopt;
}

std::string MachineLoad::text() const {
    const std::string of = fmt::format("{} processor{}", processors, processors == 1 ? "" : "s");
    if (stolen > others)
        return fmt::format("the hypervisor gives {:.0f} % of {} to other guests", 100 * stolen, of);
    return fmt::format("other programs take {:.0f} % of {}", 100 * others, of);
}

LoadWatch::LoadWatch()
    : processors_(allowed_processors()),
      start_(processor_ticks(read_stat(), processors_)),
      own_start_(own_seconds()) {}

MachineLoad LoadWatch::load() const {
    MachineLoad load;
    load.processors = static_cast<int>(processors_.size());
    const double own = own_seconds() - own_start_;
    const auto now = processor_ticks(read_stat(), processors_);
    if (!start_ || !now || now->all <= start_->all) return load;
    const auto all = static_cast<double>(now->all - start_->all);
    const double ours = own * static_cast<double>(sysconf(_SC_CLK_TCK));
    load.others =
        std::clamp((static_cast<double>(now->busy - start_->busy) - ours) / all, 0.0, 1.0);
    load.stolen = std::clamp(static_cast<double>(now->stolen - start_->stolen) / all, 0.0, 1.0);
    return load;
}

}  // namespace hone
