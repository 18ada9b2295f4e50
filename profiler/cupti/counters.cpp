// SPDX-License-Identifier: Apache-2.0
#include "profiler/cupti/counters.h"

#include <cupti_profiler_target.h>
#include <cupti_range_profiler.h>
#include <cupti_result.h>
#include <cupti_target.h>

#include <charconv>
#include <cstring>

#include "profiler/cupti/session.h"

namespace hone::profiler {

struct CuptiCounters::Functions {
    decltype(&::cuptiProfilerInitialize) initialise;
    decltype(&::cuptiProfilerGetCounterAvailability) availability;
    decltype(&::cuptiDeviceGetChipName) chip_name;
    decltype(&::cuptiRangeProfilerEnable) enable;
    decltype(&::cuptiRangeProfilerDisable) disable;
    decltype(&::cuptiRangeProfilerGetCounterDataSize) image_size;
    decltype(&::cuptiRangeProfilerCounterDataImageInitialize) make_image;
    decltype(&::cuptiRangeProfilerSetConfig) set_config;
    decltype(&::cuptiRangeProfilerStart) start;
    decltype(&::cuptiRangeProfilerStop) stop;
    decltype(&::cuptiRangeProfilerPushRange) push;
    decltype(&::cuptiRangeProfilerPopRange) pop;
    decltype(&::cuptiRangeProfilerDecodeData) decode;
    decltype(&::cuptiRangeProfilerGetCounterDataInfo) image_info;
    decltype(&::cuptiRangeProfilerCounterDataGetRangeInfo) range_info;
};

namespace {

// Ranges that an image has room for: when they are used up they are read, and counting begins anew.
constexpr std::size_t kRanges = 512;

// Parameters that CUPTI knows by their size.
template <typename Params>
Params sized(std::size_t bytes) {
    Params params;
    std::memset(&params, 0, sizeof params);
    params.structSize = bytes;
    return params;
}

template <typename Params>
Params sized(std::size_t bytes, CUpti_RangeProfiler_Object* profiler) {
    auto params = sized<Params>(bytes);
    params.pRangeProfilerObject = profiler;
    return params;
}

}  // namespace

bool CuptiCounters::fail(const char* what, int status) {
    problem_ = library_.failure(what, status);
    return false;
}

bool CuptiCounters::load(const std::string& beside) {
    if (!library_.open(beside)) {
        problem_ = library_.problem();
        return false;
    }
    static Functions found;
    const bool whole =
        library_.find("cuptiProfilerInitialize", found.initialise) &&
        library_.find("cuptiProfilerGetCounterAvailability", found.availability) &&
        library_.find("cuptiDeviceGetChipName", found.chip_name) &&
        library_.find("cuptiRangeProfilerEnable", found.enable) &&
        library_.find("cuptiRangeProfilerDisable", found.disable) &&
        library_.find("cuptiRangeProfilerGetCounterDataSize", found.image_size) &&
        library_.find("cuptiRangeProfilerCounterDataImageInitialize", found.make_image) &&
        library_.find("cuptiRangeProfilerSetConfig", found.set_config) &&
        library_.find("cuptiRangeProfilerStart", found.start) &&
        library_.find("cuptiRangeProfilerStop", found.stop) &&
        library_.find("cuptiRangeProfilerPushRange", found.push) &&
        library_.find("cuptiRangeProfilerPopRange", found.pop) &&
        library_.find("cuptiRangeProfilerDecodeData", found.decode) &&
        library_.find("cuptiRangeProfilerGetCounterDataInfo", found.image_info) &&
        library_.find("cuptiRangeProfilerCounterDataGetRangeInfo", found.range_info);
    if (!whole) {
        problem_ =
            library_.version() + " lacks functions that counting needs; version 13.0 has them";
        return false;
    }
    cupti_ = &found;
    return true;
}

bool CuptiCounters::begin(const std::string& beside, std::size_t device, void* context) {
    if (on_) return true;
    problem_.clear();
    counted_.clear();
    lost_ = 0;
    if (CuptiSession::instance().on()) {
        problem_ =
            "counters are not read while a trace is recorded: each would be in the other's figures";
        return false;
    }
    on_ = load(beside) && enable(device, context) && start();
    if (!on_) disable();
    return on_;
}

bool CuptiCounters::enable(std::size_t device, void* context) {
    auto initialise =
        sized<CUpti_Profiler_Initialize_Params>(CUpti_Profiler_Initialize_Params_STRUCT_SIZE);
    int status = cupti_->initialise(&initialise);
    if (status != CUPTI_SUCCESS) return fail("starting the profiler", status);
    auto chip = sized<CUpti_Device_GetChipName_Params>(CUpti_Device_GetChipName_Params_STRUCT_SIZE);
    chip.deviceIndex = device;
    status = cupti_->chip_name(&chip);
    if (status != CUPTI_SUCCESS) return fail("asking for the chip's name", status);

    // The first to say that rights are missing; for any other reason it may be left out.
    auto available = sized<CUpti_Profiler_GetCounterAvailability_Params>(
        CUpti_Profiler_GetCounterAvailability_Params_STRUCT_SIZE);
    available.ctx = static_cast<CUcontext>(context);
    std::vector<std::uint8_t> availability;
    status = cupti_->availability(&available);
    if (status == CUPTI_SUCCESS) {
        availability.resize(available.counterAvailabilityImageSize);
        available.pCounterAvailabilityImage = availability.data();
        status = cupti_->availability(&available);
    }
    if (status == CUPTI_ERROR_INSUFFICIENT_PRIVILEGES) return fail("asking for counters", status);
    if (status != CUPTI_SUCCESS) availability.clear();
    if (!metrics_.choose(library_, chip.pChipName, std::move(availability))) {
        problem_ = metrics_.problem();
        return false;
    }

    auto enabled =
        sized<CUpti_RangeProfiler_Enable_Params>(CUpti_RangeProfiler_Enable_Params_STRUCT_SIZE);
    enabled.ctx = static_cast<CUcontext>(context);
    status = cupti_->enable(&enabled);
    if (status != CUPTI_SUCCESS) return fail("enabling counters", status);
    profiler_ = enabled.pRangeProfilerObject;
    auto size = sized<CUpti_RangeProfiler_GetCounterDataSize_Params>(
        CUpti_RangeProfiler_GetCounterDataSize_Params_STRUCT_SIZE, profiler_);
    CounterMetrics::Names names = metrics_.names();
    size.pMetricNames = names.data();
    size.numMetrics = names.size();
    size.maxNumOfRanges = kRanges;
    size.maxNumRangeTreeNodes = kRanges;
    status = cupti_->image_size(&size);
    if (status != CUPTI_SUCCESS) return fail("asking for the counters' size", status);
    image_.resize(size.counterDataSize);
    return true;
}

// With an empty image.
bool CuptiCounters::start() {
    auto image = sized<CUpti_RangeProfiler_CounterDataImage_Initialize_Params>(
        CUpti_RangeProfiler_CounterDataImage_Initialize_Params_STRUCT_SIZE, profiler_);
    image.counterDataSize = image_.size();
    image.pCounterData = image_.data();
    int status = cupti_->make_image(&image);
    if (status != CUPTI_SUCCESS) return fail("making room for counters", status);

    auto config = sized<CUpti_RangeProfiler_SetConfig_Params>(
        CUpti_RangeProfiler_SetConfig_Params_STRUCT_SIZE, profiler_);
    config.pConfig = metrics_.config().data();
    config.configSize = metrics_.config().size();
    config.pCounterDataImage = image_.data();
    config.counterDataImageSize = image_.size();
    config.range = CUPTI_UserRange;
    config.replayMode =
        CUPTI_UserReplay;  // of one pass: nothing is replayed, and caches stay as they are
    config.maxRangesPerPass = kRanges;
    config.numNestingLevels = config.minNestingLevel = config.targetNestingLevel = 1;
    status = cupti_->set_config(&config);
    if (status != CUPTI_SUCCESS) return fail("configuring counters", status);

    auto start = sized<CUpti_RangeProfiler_Start_Params>(
        CUpti_RangeProfiler_Start_Params_STRUCT_SIZE, profiler_);
    status = cupti_->start(&start);
    if (status != CUPTI_SUCCESS) return fail("starting to count", status);
    ranges_ = 0;
    return true;
}

bool CuptiCounters::stop() {
    auto stop = sized<CUpti_RangeProfiler_Stop_Params>(CUpti_RangeProfiler_Stop_Params_STRUCT_SIZE,
                                                       profiler_);
    int status = cupti_->stop(&stop);
    if (status != CUPTI_SUCCESS) return fail("ending to count", status);
    auto decode = sized<CUpti_RangeProfiler_DecodeData_Params>(
        CUpti_RangeProfiler_DecodeData_Params_STRUCT_SIZE, profiler_);
    status = cupti_->decode(&decode);
    if (status != CUPTI_SUCCESS) return fail("reading counters", status);
    lost_ += static_cast<std::int64_t>(decode.numOfRangeDropped);
    read_ranges();
    return true;
}

// A range's name is its mark.
void CuptiCounters::read_ranges() {
    auto all = sized<CUpti_RangeProfiler_GetCounterDataInfo_Params>(
        CUpti_RangeProfiler_GetCounterDataInfo_Params_STRUCT_SIZE);
    all.pCounterDataImage = image_.data();
    all.counterDataImageSize = image_.size();
    if (cupti_->image_info(&all) != CUPTI_SUCCESS) {
        lost_ += static_cast<std::int64_t>(ranges_);
        return;
    }
    for (std::size_t i = 0; i < all.numTotalRanges; ++i) {
        auto range = sized<CUpti_RangeProfiler_CounterData_GetRangeInfo_Params>(
            CUpti_RangeProfiler_CounterData_GetRangeInfo_Params_STRUCT_SIZE);
        range.pCounterDataImage = image_.data();
        range.counterDataImageSize = image_.size();
        range.rangeIndex = i;
        range.rangeDelimiter = "/";
        std::uint64_t id = 0;
        HardwareCounters counters;
        const bool named =
            cupti_->range_info(&range) == CUPTI_SUCCESS && range.rangeName != nullptr;
        const char* const end = named ? range.rangeName + std::strlen(range.rangeName) : nullptr;
        if (named && std::from_chars(range.rangeName, end, id).ptr == end && id != 0 &&
            metrics_.evaluate(image_, i, counters))
            counted_.emplace_back(id, counters);
        else
            ++lost_;
    }
}

void CuptiCounters::mark(std::uint64_t id) {
    if (!on_) return;
    if (open_) {
        auto pop = sized<CUpti_RangeProfiler_PopRange_Params>(
            CUpti_RangeProfiler_PopRange_Params_STRUCT_SIZE, profiler_);
        const int status = cupti_->pop(&pop);
        open_ = false;
        if (status != CUPTI_SUCCESS) on_ = fail("ending a range", status);
    }
    if (on_ && ranges_ == kRanges) on_ = stop() && start();
    if (!on_ || id == 0) return;
    const std::string name = std::to_string(id);
    auto push = sized<CUpti_RangeProfiler_PushRange_Params>(
        CUpti_RangeProfiler_PushRange_Params_STRUCT_SIZE, profiler_);
    push.pRangeName = name.c_str();
    const int status = cupti_->push(&push);
    open_ = status == CUPTI_SUCCESS;
    if (!open_) on_ = fail("beginning a range", status);
    ++ranges_;
}

void CuptiCounters::end(const CounterSink& sink) {
    mark(0);
    if (on_) stop();
    disable();
    for (const auto& [id, counters] : counted_) sink(id, counters);
    counted_.clear();
}

void CuptiCounters::disable() {
    on_ = open_ = false;
    if (profiler_ == nullptr) return;
    auto disable = sized<CUpti_RangeProfiler_Disable_Params>(
        CUpti_RangeProfiler_Disable_Params_STRUCT_SIZE, profiler_);
    cupti_->disable(&disable);
    profiler_ = nullptr;
}

}  // namespace hone::profiler
