// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/cuda/cuda_trace_run.h"

#include <optional>
#include <utility>

#include "profiler/trace/cuda_trace.h"
#include "profiler/trace/recorder.h"

namespace hone {
namespace {

// Records what the device does as long as it lives, whatever ends the repetition.
class Recording {
public:
    Recording(Runtime& runtime, profiler::TraceRecorder& recorder, cuda::Device& device)
        : device_(device) {
        device_.begin_trace();
        host_.emplace(runtime, recorder);
    }
    ~Recording() {
        host_.reset();
        if (!device_.tracing()) return;
        try {
            profiler::CudaRecording unwanted;
            device_.end_trace(unwanted);
        } catch (const std::exception&) {  // what ended the repetition is the better reason
        }
    }
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;

    profiler::CudaRecording end() {
        profiler::CudaRecording recording;
        host_.reset();
        device_.end_trace(recording);
        return recording;
    }

private:
    cuda::Device& device_;
    std::optional<Recorded> host_;
};

// Reads counters and listens for marks as long as it lives.
class Counting {
public:
    Counting(Runtime& runtime, cuda::Device& device, std::size_t most)
        : device_(device), recorder_(most) {
        device_.begin_counters();
        host_.emplace(runtime, recorder_);
    }
    ~Counting() {
        host_.reset();
        if (!device_.counting()) return;
        try {
            device_.end_counters();
        } catch (const std::exception&) {  // what ended the pass is the better reason
        }
    }
    Counting(const Counting&) = delete;
    Counting& operator=(const Counting&) = delete;

    void take(profiler::CudaRecording& recording) {
        cuda::Device::Counters counters = device_.end_counters();
        recording.counters_problem = std::move(counters.problem);
        recording.counted = recorder_.take_counted(counters.counted);
        if (!recording.counted.empty()) recording.counters_source = std::move(counters.source);
    }

private:
    cuda::Device& device_;
    profiler::TraceRecorder recorder_;
    std::optional<Recorded> host_;
};

void count_hardware(cuda::Device& device, const TracedRun& run,
                    profiler::CudaRecording& recording) {
    try {
        Counting counting(run.runtime, device, run.most_events);
        if (device.counting()) run.short_repetition();
        counting.take(recording);
    } catch (const cuda::DeviceError& error) {
        if (error.sticky) throw;
        recording.counters_problem = error.what();
    }
}

}  // namespace

profiler::Trace trace_on_cuda(cuda::Device& device, const PlacePeaks& peaks, const TracedRun& run) {
    profiler::TraceRecorder recorder(run.most_events);
    profiler::CudaRecording of_device;
    {
        Recording recording(run.runtime, recorder, device);
        run.repetition();
        of_device = recording.end();
    }
    of_device.peak_bandwidth = peaks.bandwidth;
    of_device.peak_flops = peaks.flops;
    run.runtime.describe(of_device);
    count_hardware(device, run, of_device);
    return recorder.take(of_device);
}

}  // namespace hone
