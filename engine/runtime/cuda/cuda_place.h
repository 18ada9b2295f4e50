// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/runtime/place.h"
#include "kernels/cuda/device.h"

namespace hone {

// Between two signs of life of a process that waits for a CUDA device: it gives none.
inline constexpr std::chrono::seconds kCudaPatience{120};

PlaceFacts facts_of(const cuda::DeviceFacts& device);

// A CUDA device and its memory.
class CudaPlace final : public Place {
public:
    // The device with that number: looked up where it is asked about, opened where it is needed.
    explicit CudaPlace(int index) : index_(index) {}
    explicit CudaPlace(cuda::Device& device) : index_(device.index()), device_(&device) {}

    std::string name() const override;
    std::optional<PlaceFacts> facts() const override;
    std::vector<std::string> notes() const override;
    std::chrono::seconds patience() const override { return kCudaPatience; }
    bool follows_calibration() const override { return false; }
    std::string refusal(kernels::Arithmetic arithmetic) const override;
    std::string refusal(kernels::Arithmetic arithmetic, const StoredTensor& matrix) const override;
    std::optional<ErrorDetails> refusal(const Checkpoint& checkpoint,
                                        const ModelConfig& model) const override;
    bool takes(const StoredTensor& matrix) const override;
    bool leaves_out(ZeroPattern pattern, kernels::Arithmetic arithmetic) const override;
    bool makes_synthetic_weights() const override { return true; }
    RunConfig baseline() const override;
    MemoryByClass plan_memory(const Checkpoint& checkpoint, const ModelConfig& model,
                              const RunConfig& run, const RunSizes& sizes) const override;
    MemoryByClass plan_passes(const ModelConfig& model, const BoundWeights& weights,
                              const RunConfig& run, const RunSizes& sizes) const override;
    Room room() override;
    std::unique_ptr<MemoryAccount> follow_memory() override;
    std::unique_ptr<Executor> make_executor(const Model& model, const RunConfig& config,
                                            kernels::ThreadPool& pool, int max_sequences,
                                            std::int64_t max_context,
                                            const Progress& progress) override;
    PlacePeaks measured_peaks() override;
    profiler::Trace trace(const TracedRun& run) override;

private:
    const cuda::DeviceFacts* found() const;  // null where there is no such device
    std::int64_t processors() const;
    cuda::Device& device();

    int index_;
    std::unique_ptr<cuda::Device> opened_;
    cuda::Device* device_ = nullptr;
    mutable std::optional<cuda::DeviceList> listed_;
};

}  // namespace hone
