// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the parts of libhone_cuda.so share: an open device, and what CUDA's errors become.

#include <cublasLt.h>
#include <cuda_runtime.h>

#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "kernels/cuda/plugin/api.h"
#include "kernels/cuda/plugin/event_spans.h"
#include "kernels/cuda/plugin/sticky.h"
#include "profiler/cupti/counters.h"

namespace hone::cuda {

struct PluginGraph {
    cudaGraph_t graph = nullptr;
    cudaGraphExec_t executable = nullptr;
    std::int64_t kernels = 0;
};

struct PluginEvent {
    cudaEvent_t event = nullptr;
};

inline constexpr std::size_t kWorkspaceBytes = std::size_t{32}
                                               << 20;  // what cuBLAS documents for Hopper

// How cuBLASLt computes products of one shape and alignment: found once.
struct Plan {
    cublasLtMatmulDesc_t description = nullptr;
    cublasLtMatrixLayout_t w = nullptr, x = nullptr, y = nullptr;
    cublasLtMatmulAlgo_t algorithm = {};
    ~Plan() {
        if (y != nullptr) cublasLtMatrixLayoutDestroy(y);
        if (x != nullptr) cublasLtMatrixLayoutDestroy(x);
        if (w != nullptr) cublasLtMatrixLayoutDestroy(w);
        if (description != nullptr) cublasLtMatmulDescDestroy(description);
    }
};

// Type, tokens, rows, columns and y_stride; how x, w and y are aligned.
using PlanKey = std::tuple<PlaneType, std::int64_t, std::int64_t, std::int64_t, std::int64_t,
                           std::uint32_t, std::uint32_t, std::uint32_t>;

struct PluginDevice {
    int index = 0;
    cudaStream_t stream = nullptr;
    cublasLtHandle_t blas = nullptr;
    void* workspace = nullptr;
    std::map<PlanKey, std::unique_ptr<Plan>> plans;
    bool capturing = false, cupti = false;
    std::unique_ptr<EventSpans> spans;  // while a trace is recorded without CUPTI
    TraceEnd traced;
    std::unique_ptr<profiler::CuptiCounters> counters;  // while they are read
};

inline int report(cudaError_t code, const char* what, PluginError* error) {
    if (code == cudaSuccess) return 0;
    cudaGetLastError();  // one that is not sticky must not be reported again by the next call
    error->code = static_cast<std::int32_t>(code);
    error->sticky = is_sticky(code);
    std::snprintf(error->text, sizeof error->text, "%s: %s (%s)", what, cudaGetErrorString(code),
                  cudaGetErrorName(code));
    return error->code;
}

inline int report(cublasStatus_t status, const char* what, PluginError* error) {
    if (status == CUBLAS_STATUS_SUCCESS) return 0;
    // The library may be the first to see a context that is lost, and then says no more than that
    // it failed.
    const cudaError_t cause = cudaGetLastError();
    error->code = -static_cast<std::int32_t>(status);
    error->sticky = is_sticky(cause);
    std::snprintf(error->text, sizeof error->text, "%s: %s%s%s", what,
                  cublasLtGetStatusName(status), cause == cudaSuccess ? "" : ", ",
                  cause == cudaSuccess ? "" : cudaGetErrorName(cause));
    return error->code;
}

// dense_product.cpp: the table's entry of that name.
int multiply(PluginDevice* device, const DenseProduct* product, PluginError* error);

// profiling.cpp: where cuBLASLt lies, since CUDA's other libraries often lie beside it; and the
// table's entries of the same names.
std::string library_folder();
int begin_trace(PluginDevice* device, TraceStart* start, PluginError* error);
void mark(PluginDevice* device, std::uint64_t mark);
int end_trace(PluginDevice* device, const TraceSink* sink, TraceEnd* end, PluginError* error);
int begin_counters(PluginDevice* device, CountersStart* start, PluginError* error);
int end_counters(PluginDevice* device, const CountersSink* sink, CountersEnd* end,
                 PluginError* error);

}  // namespace hone::cuda
