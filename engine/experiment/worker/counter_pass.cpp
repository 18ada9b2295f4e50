// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/counter_pass.h"

#include <algorithm>

#include "engine/runtime/generation.h"
#include "profiler/trace/recorder.h"

namespace hone {
namespace {

constexpr std::int64_t kGenerated = 3;  // at most: the first ends the prompt; two are decoded

// Reads counters and listens for marks as long as it lives.
class Counting {
public:
    Counting(Runtime& runtime, gpu::Device& device, std::size_t most)
        : runtime_(runtime), device_(device), recorder_(most) {
        device_.begin_counters();
        runtime_.trace(&recorder_);
    }
    ~Counting() {
        runtime_.trace(nullptr);
        if (!device_.counting()) return;
        try {
            device_.end_counters();
        } catch (const std::exception&) {  // what ended the pass is the better reason
        }
    }
    Counting(const Counting&) = delete;
    Counting& operator=(const Counting&) = delete;

    void take(profiler::DeviceRecording& recording) {
        gpu::Device::Counters counters = device_.end_counters();
        recording.counters_problem = std::move(counters.problem);
        recording.counted = recorder_.take_counted(counters.counted);
        if (!recording.counted.empty()) recording.counters_source = std::move(counters.source);
    }

private:
    Runtime& runtime_;
    gpu::Device& device_;
    profiler::TraceRecorder recorder_;
};

}  // namespace

void count_hardware(Runtime& runtime, gpu::Device& device,
                    std::span<const std::vector<TokenId>> prompts, std::int64_t generated,
                    Sampler& sampler, std::size_t most_operations,
                    profiler::DeviceRecording& recording, const Progress& progress) {
    try {
        Counting counting(runtime, device, most_operations);
        if (device.counting())
            run_generation(runtime, prompts, std::min(generated, kGenerated), sampler, progress);
        counting.take(recording);
    } catch (const gpu::DeviceError& error) {
        if (error.sticky) throw;
        recording.counters_problem = error.what();
    }
}

}  // namespace hone
