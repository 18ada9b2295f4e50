// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cuda_runtime.h>

#include <chrono>
#include <cstdint>
#include <utility>
#include <vector>

#include "profiler/trace/activity.h"

namespace hone::cuda {

// Times a stream from mark to mark with events, where CUPTI cannot be had: no kernels, and each
// span includes the gaps between them. Events resolve some half a microsecond.
class EventSpans {
public:
    ~EventSpans() {
        for (const auto& [mark, event] : points_) cudaEventDestroy(event);
    }

    cudaError_t add(std::uint64_t mark, cudaStream_t stream) {
        cudaEvent_t event = nullptr;
        cudaError_t code = cudaEventCreate(&event);
        if (code == cudaSuccess) code = cudaEventRecord(event, stream);
        if (event != nullptr) points_.emplace_back(mark, event);
        return code;
    }

    // Records one more event and waits for it: when it has run, both clocks are read.
    cudaError_t meet(cudaStream_t stream, profiler::ClockPair& pair) {
        cudaError_t code = add(0, stream);
        if (code == cudaSuccess) code = cudaEventSynchronize(points_.back().second);
        const auto host = std::chrono::steady_clock::now().time_since_epoch();
        pair = {time_of(points_.back().second),
                std::chrono::duration_cast<std::chrono::nanoseconds>(host).count()};
        return code;
    }

    // send(const Activity&) for every span that has a mark. The stream must be idle.
    template <typename Send>
    void spans(int device, Send&& send) const {
        for (std::size_t i = 0; i + 1 < points_.size(); ++i) {
            if (points_[i].first == 0) continue;
            profiler::Activity span;
            span.kind = profiler::ActivityKind::span;
            span.device = device;
            span.stream = 0;
            span.mark = points_[i].first;
            span.start = time_of(points_[i].second);
            span.end = time_of(points_[i + 1].second);
            send(span);
        }
    }

private:
    // ns since the first event; 1 more, because 0 is what CUPTI says of times that it does not
    // know.
    std::int64_t time_of(cudaEvent_t event) const {
        float milliseconds = 0;
        const cudaEvent_t first = points_.front().second;
        if (event == first || cudaEventElapsedTime(&milliseconds, first, event) != cudaSuccess)
            return 1;
        return 1 + static_cast<std::int64_t>(static_cast<double>(milliseconds) * 1e6);
    }

    std::vector<std::pair<std::uint64_t, cudaEvent_t>> points_;
};

}  // namespace hone::cuda
