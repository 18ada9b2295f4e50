// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/cuda/cuda_place.h"

#include <fmt/format.h>

#include <utility>

#include "engine/core/error.h"
#include "engine/runtime/cuda/cuda_executor.h"
#include "engine/runtime/cuda/cuda_model.h"
#include "engine/runtime/cuda/cuda_peaks.h"
#include "engine/runtime/cuda/cuda_trace_run.h"

namespace hone {

using kernels::Arithmetic;

namespace {

// Products of fewer tokens leave multiprocessors of a large device without work: 512 tokens of
// 4,096 rows are 128 tiles of 128 × 128.
constexpr std::int64_t kPrefillChunk = 2048;

constexpr int kFp8Capability = 89;

int capability_of(const cuda::DeviceFacts& facts) {
    return 10 * facts.major + facts.minor;
}

std::string capability_text(const cuda::DeviceFacts& facts) {
    return fmt::format("{}.{}", facts.major, facts.minor);
}

std::string version_text(int version) {
    return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

Error unusable(const std::string& name, const std::string& found, const std::string& expected) {
    ErrorDetails details{"", "", "device", found, expected, Fault::argument};
    details.summary = name + " cannot be used.";
    return Error(std::move(details));
}

class CudaAccount final : public MemoryAccount {
public:
    explicit CudaAccount(cuda::Device& device)
        : device_(device), free_before_(device.free_bytes()) {}

    std::int64_t runtime_bytes() const override { return 0; }
    void begin_peak(Runtime& runtime) override { runtime.begin_peak(); }
    MeasuredMemory measured(const Runtime& runtime) const override {
        MemoryByClass peak = runtime.peak_memory();
        const std::int64_t taken = free_before_ - device_.free_bytes();
        // What the library and the allocator round up to.
        peak[MemoryClass::unaccounted] = taken - runtime.memory().total();
        return {peak, peak.total()};
    }

private:
    cuda::Device& device_;
    std::int64_t free_before_;
};

}  // namespace

PlaceFacts facts_of(const cuda::DeviceFacts& device) {
    return {.name = device.name,
            .uuid = device.uuid,
            .capability = capability_text(device),
            .processors = device.processors,
            .memory = device.memory_bytes,
            .l2 = device.l2_bytes,
            .clock_mhz = device.clock_khz / 1000,
            .memory_clock_mhz = device.memory_clock_khz / 1000,
            .driver = version_text(device.driver),
            .runtime = version_text(device.runtime),
            .divided = device.mig};
}

const cuda::DeviceFacts* CudaPlace::found() const {
    if (device_ != nullptr) return &device_->facts();
    if (!listed_) listed_ = cuda::list_devices(cuda::load_plugin());
    return index_ < std::ssize(listed_->devices)
               ? &listed_->devices[static_cast<std::size_t>(index_)]
               : nullptr;
}

cuda::Device& CudaPlace::device() {
    if (device_ != nullptr) return *device_;
    const cuda::PluginLoad& plugin = cuda::load_plugin();
    if (found() == nullptr) {
        const std::size_t devices = listed_->devices.size();
        throw unusable(name(),
                       devices == 0
                           ? listed_->problem
                           : fmt::format("{} CUDA device{}", devices, devices == 1 ? "" : "s"),
                       fmt::format("a CUDA device with number {}", index_));
    }
    try {
        opened_ = std::make_unique<cuda::Device>(*plugin.table, index_);
    } catch (const cuda::DeviceError& error) {
        throw unusable(name(), error.what(), "a device that can be opened");
    }
    device_ = opened_.get();
    return *device_;
}

std::string CudaPlace::name() const {
    return fmt::format("cuda:{}", index_);
}

std::optional<PlaceFacts> CudaPlace::facts() const {
    const cuda::DeviceFacts* const device = found();
    return device == nullptr ? std::nullopt : std::optional(facts_of(*device));
}

std::vector<std::string> CudaPlace::notes() const {
    const cuda::DeviceFacts* const device = found();
    if (device == nullptr || !device->mig) return {};
    return {name() +
            " is an instance of a divided device (MIG): multiprocessors, memory and bandwidth are "
            "the instance's, what runs in other instances may slow it down, and counters may be "
            "refused"};
}

// A device that is not there has no capability.
std::string CudaPlace::refusal(Arithmetic arithmetic) const {
    if (arithmetic != Arithmetic::e4m3) return {};
    const cuda::DeviceFacts* const device = found();
    if (device == nullptr) return std::string(kFp8Needs);
    if (capability_of(*device) >= kFp8Capability) return {};
    return fmt::format("{}; this one has {}", kFp8Needs, capability_text(*device));
}

std::string CudaPlace::refusal(Arithmetic arithmetic, const StoredTensor& matrix) const {
    constexpr std::int64_t kAlignment = 16;  // what the vendor's FP8 products ask of a row's bytes
    if (arithmetic == Arithmetic::e4m3 && matrix.cols() % kAlignment != 0)
        return fmt::format("rows of {} have {} weights; FP8 products take multiples of {}",
                           matrix.name, matrix.cols(), kAlignment);
    // Tensor cores sum a whole row before a scale comes in.
    if (arithmetic == Arithmetic::i8 && info(matrix.type).int8 == kernels::Int8Scale::block)
        return fmt::format(
            "{} is stored as {}, whose scales change within a row, which int8 products on CUDA "
            "devices do not take",
            matrix.name, info(matrix.type).name);
    return {};
}

std::optional<ErrorDetails> CudaPlace::refusal(const Checkpoint& checkpoint,
                                               const ModelConfig& model) const {
    if (auto heads = cuda_heads_refusal(checkpoint.source, model)) return heads;
    for (const StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.shape.size() != 2) continue;
        StoredTensor header = tensor;
        header.data = {};  // of a planned tensor not what its type says
        if (auto form = cuda_matrix_refusal(checkpoint.source, header)) return form;
    }
    return std::nullopt;
}

bool CudaPlace::takes(const StoredTensor& matrix) const {
    return has_cuda_form(matrix);
}

bool CudaPlace::leaves_out(ZeroPattern pattern, Arithmetic arithmetic) const {
    return pattern == ZeroPattern::two_of_four &&
           (arithmetic == Arithmetic::f32 || arithmetic == Arithmetic::bf16);
}

RunConfig CudaPlace::baseline() const {
    RunConfig run;
    run.prefill_chunk = kPrefillChunk;
    return run;
}

Room CudaPlace::room() {
    return {device().free_bytes(), device().facts().memory_bytes, name() + "'s memory", false};
}

std::unique_ptr<MemoryAccount> CudaPlace::follow_memory() {
    return std::make_unique<CudaAccount>(device());
}

std::unique_ptr<Executor> CudaPlace::make_executor(const Model& model, const RunConfig& config,
                                                   kernels::ThreadPool&, int max_sequences,
                                                   std::int64_t max_context,
                                                   const Progress& progress) {
    return make_cuda_executor(model, config, device(), max_sequences, max_context, progress);
}

PlacePeaks CudaPlace::measured_peaks() {
    return measure_cuda_peaks(device());
}

profiler::Trace CudaPlace::trace(const TracedRun& run) {
    return trace_on_cuda(device(), measured_peaks(), run);
}

std::optional<PlaceFailure> place_failure(const std::exception& error) {
    const auto* const refused = dynamic_cast<const cuda::DeviceError*>(&error);
    if (refused == nullptr) return std::nullopt;
    ErrorDetails details{"", "", "device", refused->what(), "", Fault::argument};
    details.summary = refused->sticky ? "The CUDA device's context is lost: this run is over."
                                      : "The CUDA device refused what was asked of it.";
    if (refused->sticky) details.action = "The next run begins anew.";
    return PlaceFailure{Error(std::move(details)).details(), refused->sticky};
}

}  // namespace hone
