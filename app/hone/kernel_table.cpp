// SPDX-License-Identifier: Apache-2.0
#include "app/hone/kernel_table.h"

#include <fmt/format.h>

#include <tuple>

#include "app/hone/terminal.h"
#include "engine/base/printable.h"

namespace hone::cli {
namespace {

std::string name_of(const profiler::KernelGroup& group, profiler::GroupBy by) {
    if (by != profiler::GroupBy::layer) return group.name;
    return group.layer < 0 ? "outside the layers" : fmt::format("layer {}", group.layer);
}

std::string microseconds(double ns) {
    return fmt::format("{:.2f}", ns / 1e3);
}

// What there is no figure for is said with a dash.
std::string scaled(double value, double unit) {
    return value > 0 ? fmt::format("{:.1f}", value / unit) : "–";
}

std::string launch_text(const profiler::KernelLaunch& launch) {
    const auto& [grid, block, registers, shared, counters] = launch;
    if (block[0] == 0) return "–";
    return fmt::format("{}×{}×{} × {}", grid[0], grid[1], grid[2], block[0] * block[1] * block[2]);
}

std::string device_text(const profiler::CudaTraceFacts& facts) {
    if (facts.empty()) return {};
    std::string text = fmt::format("\n{}, recorded by {}", facts.device, facts.source);
    if (!facts.problem.empty()) text += fmt::format(": {}", facts.problem);
    text += fmt::format("\n{} kernels of {} launches", facts.kernels, facts.launches);
    if (facts.lost_records > 0) text += fmt::format(", {} records lost", facts.lost_records);
    if (facts.unknown_times > 0) text += fmt::format(", {} without times", facts.unknown_times);
    if (facts.kernel_time > 0)
        text += fmt::format("; {:.2f} % of their time has a layer, operation and phase",
                            100 * static_cast<double>(facts.attributed_time) /
                                static_cast<double>(facts.kernel_time));
    if (facts.peak_bandwidth > 0)
        text += fmt::format("\nmeasured peaks: {:.0f} GB/s copied, {:.1f} TFLOP/s in BF16",
                            facts.peak_bandwidth / 1e9, facts.peak_flops / 1e12);
    if (facts.memory_difference >= 0)
        text += fmt::format("\nits memory as {} saw it differs from Hone's account by at most {}",
                            facts.source, bytes_text(static_cast<double>(facts.memory_difference)));
    return text;
}

// Where the figures come from: said in so many words, because they look alike.
std::string source_text(const profiler::Trace& trace) {
    if (trace.device.empty()) return {};
    const auto& [source, problem] =
        std::tie(trace.device.counters_source, trace.device.counters_problem);
    std::string text =
        "\nBytes and FLOPs are the operations' own formulas, not counters of the hardware.";
    if (!source.empty())
        text += fmt::format(
            " DRAM MB, Tensor % and SM % were counted by {}, in a pass of its own: the prompt and "
            "two "
            "tokens.",
            source);
    if (!problem.empty())
        text += fmt::format("\n{}: {}", source.empty() ? "No counters" : "Counters", problem);
    return text;
}

std::string cost_text(const profiler::Trace& trace) {
    if (trace.slowdown <= 0) return {};
    return fmt::format("\nTracing: {:.3f} × the run's time a token", trace.slowdown);
}

// In per cent; a dash where nothing was counted.
std::string share_text(const profiler::KernelGroup& group, double share) {
    return group.counted() ? fmt::format("{:.1f}", 100 * share) : "–";
}

nlohmann::json counted_json(const profiler::KernelGroup& group, double figure) {
    return group.counted() ? nlohmann::json(figure) : nlohmann::json();
}

}  // namespace

std::string kernel_table(const profiler::Trace& trace, const KernelTableOptions& options) {
    const char* const first = options.by == profiler::GroupBy::operation ? "Operation"
                              : options.by == profiler::GroupBy::kernel  ? "Kernel"
                                                                         : "Layer";
    std::vector<std::vector<std::string>> rows{{first, "Count", "Time µs", "Share", "Mean µs", "MB",
                                                "GB/s", "MFLOP", "GFLOP/s", "Of peak"}};
    const bool counted = !trace.counters.empty();
    if (counted) rows[0].insert(rows[0].end(), {"DRAM MB", "Tensor %", "SM %"});
    rows[0].emplace_back("Launch");
    for (const profiler::KernelGroup& group :
         profiler::group_events(trace, options.by, options.filter)) {
        const auto total = static_cast<double>(group.total);
        const auto peak = profiler::share_of_peak(group, trace.device);
        rows.push_back({name_of(group, options.by), std::to_string(group.count),
                        microseconds(total), fmt::format("{:.1f} %", 100 * group.share),
                        microseconds(total / static_cast<double>(group.count)),
                        scaled(group.bytes, 1e6), scaled(group.bandwidth(), 1e9),
                        scaled(group.flops, 1e6), scaled(group.flops_rate(), 1e9),
                        peak ? fmt::format("{:.1f} %", 100 * *peak) : "–"});
        if (counted)
            rows.back().insert(
                rows.back().end(),
                {group.counted() ? fmt::format("{:.1f}", group.counted_bytes / 1e6) : "–",
                 share_text(group, group.tensor()), share_text(group, group.busy())});
        rows.back().push_back(launch_text(group.launch));
    }
    const std::string told =
        printable_lines(device_text(trace.device) + cost_text(trace) + source_text(trace));
    return table(rows) + (told.empty() ? told : told + "\n");
}

nlohmann::json kernel_document(const profiler::Trace& trace, const KernelTableOptions& options) {
    nlohmann::json groups = nlohmann::json::array();
    for (const profiler::KernelGroup& group :
         profiler::group_events(trace, options.by, options.filter)) {
        const auto peak = profiler::share_of_peak(group, trace.device);
        const auto& [grid, block, registers, shared, counters] = group.launch;
        groups.push_back(
            {{"name", name_of(group, options.by)},
             {"count", group.count},
             {"nanoseconds", group.total},
             {"shortest", group.shortest},
             {"longest", group.longest},
             {"share", group.share},
             {"bytes", group.bytes},
             {"flops", group.flops},
             {"share_of_peak", peak ? nlohmann::json(*peak) : nlohmann::json()},
             {"dram_bytes", counted_json(group, group.counted_bytes)},
             {"tensor_share", counted_json(group, group.tensor())},
             {"sm_share", counted_json(group, group.busy())},
             {"launch", block[0] == 0 ? nlohmann::json()
                                      : nlohmann::json{{"grid", grid},
                                                       {"block", block},
                                                       {"registers_per_thread", registers},
                                                       {"shared_bytes", shared}}}});
    }
    const nlohmann::json details = nlohmann::json::parse(profiler::details_of(trace));
    return {{"groups", std::move(groups)},
            {"device", details.value("device", nlohmann::json())},
            {"slowdown", details.value("slowdown", nlohmann::json())}};
}

}  // namespace hone::cli
