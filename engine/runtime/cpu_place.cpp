// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/cpu_place.h"

#include "engine/runtime/process_memory.h"
#include "profiler/trace/recorder.h"

namespace hone {

using kernels::Arithmetic;

std::string CpuPlace::refusal(Arithmetic arithmetic) const {
    if (arithmetic == Arithmetic::e4m3) return std::string(kFp8Needs);
    if (kernels::has_arithmetic(arithmetic, kernels::best_isa())) return {};
    return arithmetic == Arithmetic::bf16
               ? "this processor has no bf16 arithmetic (AVX-512 BF16)"
               : "this processor has no int8 products (AVX2 or AVX-512 VNNI)";
}

// Products in less than fp32 take every weight.
bool CpuPlace::leaves_out(ZeroPattern, Arithmetic arithmetic) const {
    return arithmetic == Arithmetic::f32;
}

Room CpuPlace::room() {
    const std::int64_t available = available_();
    return {available == 0 ? std::nullopt : std::optional(available), total_, "memory", true};
}

std::unique_ptr<MemoryAccount> CpuPlace::follow_memory() {
    return std::make_unique<ProcessMemory>();
}

std::unique_ptr<Executor> CpuPlace::make_executor(const Model& model, const RunConfig& config,
                                                  kernels::ThreadPool& pool, int,
                                                  std::int64_t max_context, const Progress&) {
    return make_cpu_executor(model, config, pool, max_context);
}

profiler::Trace CpuPlace::trace(const TracedRun& run) {
    profiler::TraceRecorder recorder(run.most_events);
    const Recorded recorded(run.runtime, recorder);
    run.repetition();
    return recorder.take();
}

}  // namespace hone
