// SPDX-License-Identifier: Apache-2.0
// bench_verdicts HONE CHECKPOINT [COMPARISONS]: how often a verdict on decode speed is wrong.
// Compares a model with itself, and with itself slowed down by 5 % (a fault of the worker), in
// turn, so many times each, through the same client that users measure with. Prints a line a
// comparison, then the counts; exits with 1 where they miss what docs/measurements/truth.md
// promises.
#include <cstdio>
#include <filesystem>
#include <string>

#include "engine/experiment/client/client.h"

namespace hone {
namespace {

constexpr double kSlowDown = 0.05;

struct Tally {
    int comparisons = 0, cannot_tell = 0, faster = 0, slower = 0, repetitions = 0, noisy = 0;
};

MeasureRequest request_for(const std::string& checkpoint, bool slowed) {
    MeasureRequest request;
    request.experiment.checkpoint = checkpoint;
    request.experiment.workload.prompt_tokens = 4;
    request.experiment.workload.generated_tokens = 12;
    request.experiment.workload.text = "none";
    request.against = MeasureRequest::Against::baseline;
    if (slowed) request.fault = {{"slow_down", kSlowDown}};
    return request;
}

void compare_once(const MeasureRequest& request, const WorkerLaunch& launch,
                  const std::filesystem::path& file, Tally& tally) {
    profiler::Store store(file);
    const MeasureResult result = measure(request, store, launch, {}, {});
    for (const profiler::ComparedMetric& metric : result.comparisons.front().metrics) {
        if (metric.id != "decode_tokens_per_second") continue;
        ++tally.comparisons;
        tally.cannot_tell += metric.verdict == "cannot tell" ? 1 : 0;
        tally.faster += metric.verdict == "faster" ? 1 : 0;
        tally.slower += metric.verdict == "slower" ? 1 : 0;
        tally.repetitions += static_cast<int>(metric.ratio.n);
        std::printf("%3d %-11s  ratio %.4f  95 %% %.4f-%.4f  %2d repetitions  %s\n",
                    tally.comparisons, request.fault.empty() ? "with itself" : "slowed down",
                    metric.ratio.value, metric.ratio.low, metric.ratio.high,
                    static_cast<int>(metric.ratio.n), metric.verdict.c_str());
        std::fflush(stdout);
    }
}

int run(const std::string& hone, const std::string& checkpoint, int times) {
    const WorkerLaunch launch{hone, {"worker", "--allow-faults"}};
    const auto folder = std::filesystem::temp_directory_path() / "hone-verdicts";
    std::filesystem::create_directories(folder);
    // In turn, so that the lines of a bench that was stopped early count for both.
    Tally same, slowed;
    for (int i = 0; i < times; ++i) {
        compare_once(request_for(checkpoint, false), launch, folder / "runs.sqlite", same);
        compare_once(request_for(checkpoint, true), launch, folder / "runs.sqlite", slowed);
    }
    std::filesystem::remove_all(folder);
    const int wrong = same.comparisons - same.cannot_tell;
    std::printf("false verdicts: %d of %d (%.1f repetitions on average)\n", wrong, same.comparisons,
                static_cast<double>(same.repetitions) / same.comparisons);
    std::printf("slowdowns found: %d of %d (%.1f repetitions on average), %d called faster\n",
                slowed.slower, slowed.comparisons,
                static_cast<double>(slowed.repetitions) / slowed.comparisons, slowed.faster);
    return wrong * 20 <= same.comparisons && slowed.slower * 20 >= slowed.comparisons * 19 ? 0 : 1;
}

}  // namespace
}  // namespace hone

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "bench_verdicts HONE CHECKPOINT [COMPARISONS]\n");
        return 2;
    }
    return hone::run(argv[1], argv[2], argc > 3 ? std::stoi(argv[3]) : 100);
}
