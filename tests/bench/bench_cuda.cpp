// SPDX-License-Identifier: Apache-2.0
// bench_cuda [DEVICE]: what a CUDA device reaches, as JSON: copies, the vendor's matrix products, and Hone's products of few tokens, whose
// bytes of weights a second are to be held against the copy's. Medians of rounds, timed with events.
#include <algorithm>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include "kernels/cuda/device.h"
#include "kernels/cuda/ops/product.h"

namespace hone::gpu {
namespace {

constexpr int kRounds = 20;

// Device memory that gives itself back.
class Memory {
public:
    Memory(Device& device, std::int64_t bytes) : device_(device), data_(device.allocate(bytes)) {
        device.fill(data_, 0, bytes);
    }
    ~Memory() { device_.release(data_); }
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    template <typename T>
    T* as() const {
        return static_cast<T*>(data_);
    }

private:
    Device& device_;
    void* data_;
};

// Median seconds of one call; several a round where one is short.
double seconds(Device& device, const std::function<void()>& work, int calls = 1) {
    work();
    device.synchronise();
    std::vector<double> times;
    for (int round = 0; round < kRounds; ++round) {
        device.begin_timing();
        for (int i = 0; i < calls; ++i) work();
        times.push_back(static_cast<double>(device.end_timing()) / 1e3 / calls);
    }
    std::sort(times.begin(), times.end());
    return times[times.size() / 2];
}

nlohmann::json copy_rate(Device& device) {
    constexpr std::int64_t kBytes = std::int64_t{4} << 30;
    const Memory from(device, kBytes), to(device, kBytes);
    const double time = seconds(device, [&] { device.copy(to.as<void>(), from.as<void>(), kBytes); });
    return {{"bytes_per_second", 2.0 * static_cast<double>(kBytes) / time}};  // read and written
}

nlohmann::json dense_rate(Device& device, PlaneType type, const char* name, std::int64_t tokens) {
    constexpr std::int64_t kRows = 8192, kCols = 8192;
    const std::int64_t element = chunk_bytes(type) / kChunk;
    const Memory x(device, tokens * kCols * element), w(device, kRows * kCols * element),
        y(device, tokens * kRows * 4);
    // Random numbers: zeros would let the clock rise.
    for (const auto& [memory, count] : {std::pair{&x, tokens * kCols}, std::pair{&w, kRows * kCols}}) {
        const FillParams fill{memory->as<void>(), count / kChunk, 3, type == PlaneType::i8 ? 32.0F : 0.02F};
        device.launch({KernelId::fill, static_cast<std::uint16_t>(type)}, flat_launch(fill.chunks), fill);
    }
    const double time = seconds(
        device,
        [&] {
            device.multiply(
                {type, x.as<void>(), w.as<void>(), y.as<void>(), tokens, kRows, kCols, kRows, false});
        },
        3);
    return {{"type", name},
            {"tokens", tokens},
            {"flops_per_second", 2.0 * static_cast<double>(tokens * kRows * kCols) / time}};
}

nlohmann::json product_rate(Device& device, PlaneType type, const char* name, std::int64_t group,
                            std::int64_t rows, std::int64_t cols, std::int64_t tokens) {
    // Several matrices in turn, so that no cache holds them.
    constexpr int kMatrices = 8;
    const std::int64_t bytes = rows * (cols / kChunk) * chunk_bytes(type),
                       scales = group == 0 ? 0 : rows * (cols / group);
    const Memory values(device, kMatrices * bytes),
        halves(device, std::max<std::int64_t>(1, kMatrices * scales) * 2), x(device, tokens * cols * 4),
        y(device, tokens * rows * 4);
    const FillParams fill{values.as<void>(), kMatrices * bytes / chunk_bytes(type), 3,
                          group == 0 ? 0.02F : 32.0F};
    device.launch({KernelId::fill, static_cast<std::uint16_t>(type)}, flat_launch(fill.chunks), fill);
    if (scales > 0) {
        const FillHalvesParams same{halves.as<F16>(), kMatrices * scales, 0.001F};
        device.launch({KernelId::fill_halves}, flat_launch(same.count), same);
    }
    int next = 0;
    const double time = seconds(
        device,
        [&] {
            const int i = next++ % kMatrices;
            const ProductParams params{{type, rows, cols, group, values.as<std::byte>() + i * bytes,
                                        scales > 0 ? halves.as<F16>() + i * scales : nullptr, nullptr},
                                       x.as<float>(),
                                       y.as<float>(),
                                       tokens,
                                       rows,
                                       false};
            device.launch(
                {KernelId::product, static_cast<std::uint16_t>(type), static_cast<std::uint16_t>(tokens)},
                product_launch(params), params);
        },
        2 * kMatrices);
    return {{"type", name},
            {"rows", rows},
            {"cols", cols},
            {"tokens", tokens},
            {"microseconds", time * 1e6},
            {"bytes_per_second", static_cast<double>(bytes + 2 * scales) / time}};
}

int run(int index) {
    const PluginLoad& plugin = load_plugin();
    const DeviceList list = list_devices(plugin);
    if (index >= static_cast<int>(list.devices.size())) {
        std::fprintf(stderr, "bench_cuda: no CUDA device: %s\n", list.problem.c_str());
        return 1;
    }
    Device device(*plugin.table, index);
    nlohmann::json report{{"device", device.facts().name}, {"copy", copy_rate(device)}};
    const auto shared = static_cast<std::int64_t>(device.facts().shared_bytes);
    for (const auto& [type, name] : {std::pair{PlaneType::bf16, "bf16"}, std::pair{PlaneType::f16, "f16"},
                                     std::pair{PlaneType::e4m3, "e4m3"}, std::pair{PlaneType::i8, "int8"},
                                     std::pair{PlaneType::f32, "f32"}})
        report["dense"].push_back(dense_rate(device, type, name, 8192));
    struct Storage {
        PlaneType type;
        const char* name;
        std::int64_t group;
    };
    for (const Storage& storage :
         {Storage{PlaneType::f32, "f32", 0}, Storage{PlaneType::bf16, "bf16", 0},
          Storage{PlaneType::i8, "int8 per 32", 32}, Storage{PlaneType::i4, "int4 per 64", 64},
          Storage{PlaneType::i4, "int4 per 32", 32}}) {
        for (const auto& [rows, cols] : {std::pair<std::int64_t, std::int64_t>{4096, 4096},
                                         {14336, 4096},
                                         {4096, 14336},
                                         {128256, 4096}}) {
            for (const std::int64_t tokens : {1, 2, 4, 8}) {
                if (product_tokens(cols, shared, tokens) == tokens)
                    report["products"].push_back(
                        product_rate(device, storage.type, storage.name, storage.group, rows, cols, tokens));
            }
        }
    }
    std::printf("%s\n", report.dump(2).c_str());
    return 0;
}

}  // namespace
}  // namespace hone::gpu

int main(int argc, char** argv) {
    return hone::gpu::run(argc > 1 ? std::atoi(argv[1]) : 0);
}
