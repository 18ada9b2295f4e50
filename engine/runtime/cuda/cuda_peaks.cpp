// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/cuda/cuda_peaks.h"

#include <algorithm>
#include <functional>

namespace hone {
namespace {

// Device memory for as long as it lives.
class Scratch {
public:
    Scratch(cuda::Device& device, std::int64_t bytes)
        : device_(device), memory_(device.allocate(bytes)) {
        device.fill(memory_, 0x3C, bytes);  // neither zeros, which cost less power, nor NaNs
    }
    ~Scratch() { device_.release(memory_); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    void* get() const { return memory_; }

private:
    cuda::Device& device_;
    void* memory_;
};

// `work` per second: the best of three rounds behind one that warms up.
double best_rate(cuda::Device& device, double work, const std::function<void()>& queue) {
    constexpr int kRounds = 3, kTimes = 4;
    queue();
    double best = 0;
    for (int round = 0; round < kRounds; ++round) {
        device.begin_timing();
        for (int i = 0; i < kTimes; ++i) queue();
        const double milliseconds = static_cast<double>(device.end_timing());
        if (milliseconds > 0) best = std::max(best, kTimes * work * 1e3 / milliseconds);
    }
    return best;
}

}  // namespace

PlacePeaks measure_cuda_peaks(cuda::Device& device) {
    PlacePeaks peaks;
    {
        const std::int64_t bytes = std::clamp<std::int64_t>(device.facts().memory_bytes / 128,
                                                            1 << 20, std::int64_t{256} << 20);
        const Scratch from(device, bytes), to(device, bytes);
        peaks.bandwidth = best_rate(device, 2.0 * static_cast<double>(bytes),
                                    [&] { device.copy(to.get(), from.get(), bytes); });
    }
    // As many tiles as keep every multiprocessor busy.
    const std::int64_t n = std::clamp<std::int64_t>(
        std::int64_t{device.facts().processors} * 32 / 128 * 128, 128, 8192);
    const Scratch x(device, n * n * 2), w(device, n * n * 2), y(device, n * n * 4);
    const cuda::DenseProduct product{
        cuda::PlaneType::bf16, x.get(), w.get(), y.get(), n, n, n, n, false};
    const double side = static_cast<double>(n);
    peaks.flops = best_rate(device, 2 * side * side * side, [&] { device.multiply(product); });
    device.synchronise();
    return peaks;
}

}  // namespace hone
