// SPDX-License-Identifier: Apache-2.0
#include "engine/core/error.h"
#include "engine/experiment/worker/counter_pass.h"
#include "engine/experiment/worker/prepared.h"
#include "engine/experiment/worker/requests.h"
#include "engine/runtime/device/device_peaks.h"
#include "engine/runtime/generation.h"
#include "kernels/cuda/device.h"
#include "profiler/trace/device_trace.h"
#include "profiler/trace/recorder.h"

namespace hone {
namespace {

// Records as long as it lives, whatever ends the repetition: on the host, and on the device where
// there is one.
class Recording {
public:
    Recording(Runtime& runtime, profiler::TraceRecorder& recorder, gpu::Device* device)
        : runtime_(runtime), device_(device) {
        if (device_ != nullptr) device_->begin_trace();
        runtime_.trace(&recorder);
    }
    ~Recording() {
        runtime_.trace(nullptr);
        if (device_ == nullptr || !device_->tracing()) return;
        try {
            profiler::DeviceRecording unwanted;
            device_->end_trace(unwanted);
        } catch (const std::exception&) {  // what ended the repetition is the better reason
        }
    }
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;

    // Ends it; of a device what it did.
    profiler::DeviceRecording end(const DevicePeaks& peaks) {
        profiler::DeviceRecording recording;
        runtime_.trace(nullptr);
        if (device_ == nullptr) return recording;
        device_->end_trace(recording);
        recording.peak_bandwidth = peaks.bandwidth;
        recording.peak_flops = peaks.flops;
        runtime_.describe(recording);
        return recording;
    }

private:
    Runtime& runtime_;
    gpu::Device* device_;
};

}  // namespace

messages::TraceReply Prepared::trace(const messages::Trace& request, const Progress& progress) {
    fault_.before_step();
    const std::int64_t most = request.most_events;
    if (most < 1 || most > messages::Trace::kMostEvents)
        throw Error(ErrorDetails{"", "", "most_events", std::to_string(most),
                                 "1 to " + std::to_string(messages::Trace::kMostEvents)});
    Sampler sampler(0, experiment_.workload.seed);
    const DevicePeaks peaks = device_ ? measure_device_peaks(*device_) : DevicePeaks{};
    profiler::TraceRecorder recorder(static_cast<std::size_t>(most));
    GenerationTimings timings;
    profiler::DeviceRecording of_device;
    {
        Recording recording(*runtime_, recorder, device_.get());
        timings = run_generation(*runtime_, prompts_.tokens, experiment_.workload.generated_tokens,
                                 sampler, progress);
        of_device = recording.end(peaks);
    }
    if (device_)
        count_hardware(*runtime_, *device_, prompts_.tokens, experiment_.workload.generated_tokens,
                       sampler, static_cast<std::size_t>(most), of_device, progress);
    const profiler::Trace trace = device_ ? recorder.take(of_device) : recorder.take();
    profiler::write_spool(trace, request.spool);
    return {.events = std::ssize(trace.events),
            .dropped = static_cast<std::int64_t>(trace.dropped),
            .traced_prefill_seconds = timings.prefill_seconds,
            .traced_decode_seconds = timings.decode_seconds,
            .traced_decoded_tokens = timings.decoded_tokens};
}

template <>
messages::TraceReply answer(const messages::Trace& request, WorkerContext& context) {
    return context.ready().trace(request, context.quiet());
}

}  // namespace hone
