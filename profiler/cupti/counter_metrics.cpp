// SPDX-License-Identifier: Apache-2.0
#include "profiler/cupti/counter_metrics.h"

#include <cupti_profiler_host.h>
#include <cupti_result.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace hone::profiler {

struct CounterMetrics::Functions {
    decltype(&::cuptiProfilerHostInitialize) initialise;
    decltype(&::cuptiProfilerHostDeinitialize) deinitialise;
    decltype(&::cuptiProfilerHostConfigAddMetrics) add;
    decltype(&::cuptiProfilerHostGetConfigImageSize) config_size;
    decltype(&::cuptiProfilerHostGetConfigImage) config;
    decltype(&::cuptiProfilerHostGetNumOfPasses) passes;
    decltype(&::cuptiProfilerHostEvaluateToGpuValues) evaluate;
};

namespace {

// Tensor cores by cycles in which there was work: of the cycles of a range, the gap before its
// kernels would be a part.
constexpr const char* kTensor = "sm__pipe_tensor_cycles_active.avg.pct_of_peak_sustained_active";
constexpr const char* kBusy = "sm__cycles_active.avg.pct_of_peak_sustained_elapsed";
constexpr const char* kTime = "gpu__time_duration.sum";

// In the order of HardwareCounters' members. Consumer chips of Blackwell (GB20x) have other names
// for their memory's counters.
constexpr std::array<CounterMetrics::Names, 2> kSets{{
    {"dram__bytes_read.sum", "dram__bytes_write.sum", kTensor, kBusy, kTime},
    {"dram__bytes_op_read.sum", "dram__bytes_op_write.sum", kTensor, kBusy, kTime},
}};

}  // namespace

bool CounterMetrics::fail(const CuptiLibrary& library, const char* what, int status) {
    problem_ = library.failure(what, status);
    return false;
}

void CounterMetrics::release() {
    if (host_ == nullptr) return;
    CUpti_Profiler_Host_Deinitialize_Params params{
        CUpti_Profiler_Host_Deinitialize_Params_STRUCT_SIZE, nullptr,
        std::exchange(host_, nullptr)};
    cupti_->deinitialise(&params);
}

bool CounterMetrics::choose(const CuptiLibrary& library, const std::string& chip,
                            std::vector<std::uint8_t> availability) {
    static Functions found;
    const bool whole = library.find("cuptiProfilerHostInitialize", found.initialise) &&
                       library.find("cuptiProfilerHostDeinitialize", found.deinitialise) &&
                       library.find("cuptiProfilerHostConfigAddMetrics", found.add) &&
                       library.find("cuptiProfilerHostGetConfigImageSize", found.config_size) &&
                       library.find("cuptiProfilerHostGetConfigImage", found.config) &&
                       library.find("cuptiProfilerHostGetNumOfPasses", found.passes) &&
                       library.find("cuptiProfilerHostEvaluateToGpuValues", found.evaluate);
    if (!whole) {
        problem_ = library.version() + " lacks the functions that choose counters";
        return false;
    }
    cupti_ = &found;
    availability_ = std::move(availability);
    return std::any_of(kSets.begin(), kSets.end(),
                       [&](const Names& names) { return try_names(library, chip, names); });
}

bool CounterMetrics::try_names(const CuptiLibrary& library, const std::string& chip,
                               const Names& names) {
    release();
    CUpti_Profiler_Host_Initialize_Params made{};
    made.structSize = CUpti_Profiler_Host_Initialize_Params_STRUCT_SIZE;
    made.profilerType = CUPTI_PROFILER_TYPE_RANGE_PROFILER;
    made.pChipName = chip.c_str();
    made.pCounterAvailabilityImage = availability_.empty() ? nullptr : availability_.data();
    int status = cupti_->initialise(&made);
    if (status != CUPTI_SUCCESS) return fail(library, ("counters of " + chip).c_str(), status);
    host_ = made.pHostObject;

    Names wanted = names;  // its pointers are not const enough for CUPTI
    CUpti_Profiler_Host_ConfigAddMetrics_Params add{};
    add.structSize = CUpti_Profiler_Host_ConfigAddMetrics_Params_STRUCT_SIZE;
    add.pHostObject = host_;
    add.ppMetricNames = wanted.data();
    add.numMetrics = wanted.size();
    status = cupti_->add(&add);
    if (status != CUPTI_SUCCESS) return fail(library, ("metrics of " + chip).c_str(), status);

    CUpti_Profiler_Host_GetConfigImageSize_Params size{};
    size.structSize = CUpti_Profiler_Host_GetConfigImageSize_Params_STRUCT_SIZE;
    size.pHostObject = host_;
    status = cupti_->config_size(&size);
    if (status != CUPTI_SUCCESS) return fail(library, "the counters' configuration", status);
    config_.resize(size.configImageSize);
    CUpti_Profiler_Host_GetConfigImage_Params config{};
    config.structSize = CUpti_Profiler_Host_GetConfigImage_Params_STRUCT_SIZE;
    config.pHostObject = host_;
    config.configImageSize = config_.size();
    config.pConfigImage = config_.data();
    status = cupti_->config(&config);
    if (status != CUPTI_SUCCESS) return fail(library, "the counters' configuration", status);

    CUpti_Profiler_Host_GetNumOfPasses_Params passes{};
    passes.structSize = CUpti_Profiler_Host_GetNumOfPasses_Params_STRUCT_SIZE;
    passes.configImageSize = config_.size();
    passes.pConfigImage = config_.data();
    status = cupti_->passes(&passes);
    if (status != CUPTI_SUCCESS) return fail(library, "the counters' passes", status);
    if (passes.numOfPasses != 1) {
        problem_ = "the counters of " + chip + " need " + std::to_string(passes.numOfPasses) +
                   " passes; one is all that is run";
        return false;
    }
    names_ = &names;
    problem_.clear();
    return true;
}

bool CounterMetrics::evaluate(std::span<const std::uint8_t> image, std::size_t range,
                              HardwareCounters& counters) const {
    Names wanted = *names_;
    std::array<double, kCount> values{};
    CUpti_Profiler_Host_EvaluateToGpuValues_Params params{};
    params.structSize = CUpti_Profiler_Host_EvaluateToGpuValues_Params_STRUCT_SIZE;
    params.pHostObject = host_;
    params.pCounterDataImage = image.data();
    params.counterDataImageSize = image.size();
    params.rangeIndex = range;
    params.ppMetricNames = wanted.data();
    params.numMetrics = wanted.size();
    params.pMetricValues = values.data();
    if (cupti_->evaluate(&params) != CUPTI_SUCCESS) return false;
    if (!std::all_of(values.begin(), values.end(),
                     [](double value) { return std::isfinite(value); }))
        return false;
    constexpr double kPercent = 0.01;
    counters = {values[0], values[1], values[2] * kPercent, values[3] * kPercent, values[4]};
    return true;
}

}  // namespace hone::profiler
