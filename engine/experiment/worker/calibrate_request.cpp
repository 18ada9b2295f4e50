// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>
#include <chrono>
#include <ctime>
#include <optional>
#include <string>
#include <thread>

#include "engine/core/error.h"
#include "engine/core/system_memory.h"
#include "engine/experiment/protocol/messages/machine.h"
#include "engine/experiment/worker/experiment_plan.h"
#include "engine/experiment/worker/requests.h"
#include "engine/prediction/calibrate.h"
#include "engine/prediction/calibration_cache.h"
#include "engine/prediction/cold_weights.h"
#include "engine/prediction/machine_load.h"
#include "kernels/cpu/isa.h"
#include "profiler/environment/environment.h"

namespace hone {
namespace {

std::string now_in_utc() {
    const std::time_t now = std::time(nullptr);
    std::tm parts{};
    gmtime_r(&now, &parts);
    std::array<char, 32> text{};
    return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string word(const nlohmann::json& environment, const char* key) {
    const auto found = environment.find(key);
    return found != environment.end() && found->is_string() ? found->get<std::string>() : "unknown";
}

constexpr double kMostSpread = 0.4;  // of repeats: a machine that jumps so is measured by chance

[[noreturn]] void refuse_busy(const std::string& found) {
    throw Error(ErrorDetails{
        .message = {},
        .file = {},
        .field = "calibration",
        .found = found,
        .expected = fmt::format("less than {:.0f} % of the processors used by others",
                                100 * MachineLoad::kMost),
        .fault = Fault::argument,
        .summary =
            "The machine is busy, so its speed was not measured and times are not predicted.",
        .action = "Measure it when it is quiet (hone doctor), or all the same (hone doctor "
                  "--even-if-busy)."});
}

// Looks for a moment before the seconds of work: on a machine that is busy they would be in vain,
// and a burden.
void wait_until_quiet(const Progress& progress) {
    constexpr int kLooks = 5;
    constexpr auto kLook = std::chrono::milliseconds(400);
    MachineLoad load;
    for (int look = 0; look < kLooks; ++look) {
        progress.update(
            0, look == 0 ? "looking whether the machine is quiet" : "waiting for a quiet machine");
        const LoadWatch watch;
        std::this_thread::sleep_for(kLook);
        load = watch.load();
        if (!load.busy()) return;
    }
    refuse_busy(load.text());
}

Calibration measured_calibration(int threads, bool even_if_busy, const Progress& progress) {
    constexpr int kTries = 2;
    kernels::ThreadPool pool(threads);
    kernels::Workspace workspace(threads);
    std::string found;
    for (int i = 0; i < kTries; ++i) {
        if (!even_if_busy) wait_until_quiet(progress);
        const LoadWatch watch;
        Calibration calibration = calibrate({kernels::best_isa(), pool, workspace}, progress,
                                            cold_bytes(available_memory_bytes()));
        const MachineLoad load = watch.load();
        if (even_if_busy || (!load.busy() && calibration.spread <= kMostSpread)) return calibration;
        found = load.busy()
                    ? load.text()
                    : fmt::format("repeats that differ by {:.0f} %", 100 * calibration.spread);
    }
    refuse_busy(found);
}

}  // namespace

// Another processor or another build's kernels would make other figures.
std::string calibrated_machine() {
    static const std::string kMachine = [] {
        const nlohmann::json environment = profiler::describe_environment();
        return word(environment, "cpu") + ", " + std::string(kernels::cpu_features()) + ", Hone " +
               word(environment, "hone_version") + " " + word(environment, "commit") + " " +
               word(environment, "build_type");
    }();
    return kMachine;
}

template <>
messages::CalibrateReply answer(const messages::Calibrate& request, WorkerContext& context) {
    const int threads = checked_threads(request.target, 1);
    std::optional<Calibration> kept;
    if (!request.refresh) kept = kept_calibration(calibrated_machine(), threads);
    messages::CalibrateReply reply;
    if (!kept && request.kept_only) return reply;
    reply.measured = !kept.has_value();
    if (reply.measured) {
        kept = measured_calibration(threads, request.even_if_busy, context.progress("calibrate"));
        kept->machine = calibrated_machine();
        kept->created = now_in_utc();
        keep_calibration(*kept);
    }
    for (std::size_t i = 0; i < kDTypes; ++i) {
        const DTypeInfo& type = info(static_cast<DType>(i));
        if (kept->read_bandwidth(type.type) <= 0) continue;
        reply.types.push_back({.type = std::string(type.name),
                               .read_bytes_per_second = kept->read_bandwidth(type.type),
                               .flops_per_second = kept->product_rate(type.type)});
    }
    reply.calibration = to_json(*kept);
    reply.file = calibration_file(threads).string();
    return reply;
}

}  // namespace hone
