// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <ctime>
#include <optional>
#include <string>

#include "engine/core/system_memory.h"
#include "engine/experiment/worker/experiment_plan.h"
#include "engine/experiment/worker/requests.h"
#include "engine/prediction/calibrate.h"
#include "engine/prediction/calibration_cache.h"
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

nlohmann::json calibrate_machine(const nlohmann::json& request, const Progress& progress) {
    const int threads = resolved_threads(target_from_json(request.value("target", nlohmann::json::object())));
    std::optional<Calibration> kept;
    if (!request.value("refresh", false)) kept = kept_calibration(calibrated_machine(), threads);
    const bool measured = !kept.has_value();
    if (measured) {
        kernels::ThreadPool pool(threads);
        kernels::Workspace workspace(threads);
        // Where memory is scarce, caches will hold some of what is read; it is a guess, but not one that kills the worker.
        constexpr std::int64_t kShare = 8;
        const std::int64_t available = available_memory_bytes();
        kept = calibrate({kernels::best_isa(), pool, workspace}, progress,
                         available == 0 ? kStreamedBytes : std::min(kStreamedBytes, available / kShare));
        kept->machine = calibrated_machine();
        kept->created = now_in_utc();
        keep_calibration(*kept);
    }
    nlohmann::json types = nlohmann::json::array();
    for (std::size_t i = 0; i < kDTypes; ++i) {
        const DTypeInfo& type = info(static_cast<DType>(i));
        if (kept->read_bandwidth(type.type) <= 0) continue;
        types.push_back({{"type", type.name},
                         {"read_bytes_per_second", kept->read_bandwidth(type.type)},
                         {"flops_per_second", kept->product_rate(type.type)}});
    }
    return {{"calibration", to_json(*kept)},
            {"types", std::move(types)},
            {"measured", measured},
            {"file", calibration_file(threads).string()}};
}

}  // namespace hone
