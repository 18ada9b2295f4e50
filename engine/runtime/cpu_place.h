// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <utility>

#include "engine/core/system_memory.h"
#include "engine/runtime/place.h"

namespace hone {

// This machine's processor and memory.
class CpuPlace final : public Place {
public:
    // `available`: bytes that this process may still take; 0 where that cannot be read.
    explicit CpuPlace(std::function<std::int64_t()> available = available_memory_bytes)
        : available_(std::move(available)) {}
    std::string name() const override { return "cpu"; }
    bool follows_calibration() const override { return true; }
    using Place::refusal;  // every matrix is multiplied
    std::string refusal(kernels::Arithmetic arithmetic) const override;
    bool takes(const StoredTensor&) const override { return true; }
    bool leaves_out(ZeroPattern pattern, kernels::Arithmetic arithmetic) const override;
    bool makes_synthetic_weights() const override { return false; }
    RunConfig baseline() const override { return {}; }
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
    profiler::Trace trace(const TracedRun& run) override;

private:
    const std::function<std::int64_t()> available_;
    const std::int64_t total_ = total_memory_bytes();
};

}  // namespace hone
