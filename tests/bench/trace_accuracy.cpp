// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/trace_accuracy.h"

#include <unordered_set>

#include "kernels/cuda/ops/elementwise.h"
#include "kernels/cuda/types.h"

namespace hone::cuda {
namespace {

using profiler::Activity;
using profiler::ActivityKind;

constexpr std::uint64_t kLead = 1, kMeasured = 2;  // marks

struct Spans {
    double events = 0, durations = 0, gaps = 0;  // seconds
    std::int64_t kernels = 0;
};

// Durations and gaps of the kernels of one mark, in the profiler's own clock.
void add_kernels(const profiler::CudaRecording& recording, std::uint64_t mark, Spans& spans) {
    std::unordered_set<std::uint32_t> launched;
    for (const auto& [activity, name] : recording.records)
        if (activity.kind == ActivityKind::correlation && activity.mark == mark)
            launched.insert(activity.correlation);
    std::vector<Activity> kernels;
    for (const auto& [activity, name] : recording.records)
        if (activity.kind == ActivityKind::kernel && activity.start >= 0 &&
            launched.count(activity.correlation) > 0)
            kernels.push_back(activity);
    std::sort(kernels.begin(), kernels.end(),
              [](const Activity& a, const Activity& b) { return a.start < b.start; });
    spans.kernels = std::ssize(kernels);
    std::int64_t until = kernels.empty() ? 0 : kernels.front().start;
    for (const Activity& kernel : kernels) {
        spans.gaps += static_cast<double>(std::max<std::int64_t>(0, kernel.start - until)) * 1e-9;
        spans.durations += static_cast<double>(kernel.end - std::max(kernel.start, until)) * 1e-9;
        until = std::max(until, kernel.end);
    }
}

// A kernel ahead of the first event keeps the device busy while the rest is queued: the span then
// holds no wait for the host.
Spans measure(Device& device, const std::function<void()>& work) {
    Spans spans;
    device.begin_trace();
    device.mark(kLead);
    work();
    device.mark(kMeasured);
    device.begin_timing();
    work();
    device.mark(0);
    spans.events = static_cast<double>(device.end_timing()) / 1e3;
    profiler::CudaRecording recording;
    device.end_trace(recording);
    add_kernels(recording, kMeasured, spans);
    return spans;
}

nlohmann::json compare(Device& device, int rounds, const std::function<void()>& work) {
    work();  // whatever is made once
    device.synchronise();
    std::vector<double> ratios, events, durations, gaps;
    Spans spans;
    for (int round = 0; round < rounds; ++round) {
        spans = measure(device, work);
        events.push_back(spans.events);
        durations.push_back(spans.durations);
        gaps.push_back(spans.gaps);
        ratios.push_back(spans.events > 0 ? (spans.durations + spans.gaps) / spans.events : 0);
    }
    return {{"kernels", spans.kernels},
            {"events_seconds", median(events)},
            {"durations_seconds", median(durations)},
            {"gaps_seconds", median(gaps)},
            {"ratio", median(ratios)}};
}

// As many rows as one product in fp32 takes long enough for.
nlohmann::json long_kernel(Device& device, const CudaSizes& sizes) {
    const std::int64_t n = sizes.dense;
    const Memory w(device, n * n * 4);
    for (std::int64_t tokens = n;; tokens *= 2) {
        const Memory x(device, tokens * n * 4), y(device, tokens * n * 4);
        const DenseProduct product{
            PlaneType::f32, x.as<void>(), w.as<void>(), y.as<void>(), tokens, n, n, n, false};
        const auto multiply = [&] { device.multiply(product); };
        multiply();
        device.begin_timing();
        multiply();
        if (static_cast<double>(device.end_timing()) / 1e3 >= 1.2 * sizes.long_kernel)
            return compare(device, sizes.rounds, multiply);
    }
}

nlohmann::json short_kernels(Device& device, const CudaSizes& sizes) {
    const Memory x(device, sizes.short_floats * 4), y(device, sizes.short_floats * 4);
    const AddParams add{y.as<float>(), x.as<float>(), sizes.short_floats};
    return compare(device, sizes.rounds, [&] {
        for (std::int64_t i = 0; i < sizes.short_kernels; ++i)
            device.launch({KernelId::add}, flat_launch(add.count), add);
    });
}

}  // namespace

nlohmann::json trace_accuracy(Device& device, const CudaSizes& sizes) {
    const bool sees_kernels = device.begin_trace();
    profiler::CudaRecording recording;
    device.end_trace(recording);
    if (!sees_kernels) return {{"source", recording.source}, {"problem", recording.problem}};
    return {{"source", recording.source},
            {"long_kernel", long_kernel(device, sizes)},
            {"short_kernels", short_kernels(device, sizes)}};
}

}  // namespace hone::cuda
