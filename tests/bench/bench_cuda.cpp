// SPDX-License-Identifier: Apache-2.0
// bench_cuda [--small] [--probe TYPE] [DEVICE]: what a CUDA device reaches, as JSON: copies, the
// vendor's matrix products, Hone's products of few tokens, whose bytes of weights a second are to
// be held against the copy's, and of many, whose FLOPs are to be held against the vendor's, and the
// profiler's times against events. Medians of rounds, timed with events. --probe: which products of
// a type (bf16, f16, e4m3, int8, f32) the vendor's library takes, instead.
#include <charconv>
#include <cstdio>
#include <string_view>

#include "tests/bench/cuda_probe.h"
#include "tests/bench/cuda_rates.h"
#include "tests/bench/trace_accuracy.h"

namespace hone::cuda {
namespace {

int run(int index, const CudaSizes& sizes, std::string_view probed) {
    const PluginLoad& plugin = load_plugin();
    const DeviceList list = list_devices(plugin);
    if (index >= static_cast<int>(list.devices.size())) {
        std::fprintf(stderr, "bench_cuda: no CUDA device %d: %s\n", index, list.problem.c_str());
        return 1;
    }
    Device device(*plugin.table, index);
    if (!probed.empty()) {
        std::printf("%s\n", dense_probe(device, probed).dump(2).c_str());
        return 0;
    }
    const nlohmann::json report{
        {"device", device.facts().name},       {"copy", copy_rate(device, sizes)},
        {"dense", dense_rates(device, sizes)}, {"products", product_rates(device, sizes)},
        {"tiles", tile_rates(device, sizes)},  {"trace", trace_accuracy(device, sizes)}};
    std::printf("%s\n", report.dump(2).c_str());
    return 0;
}

}  // namespace
}  // namespace hone::cuda

int main(int argc, char** argv) try {
    int index = 0;
    hone::cuda::CudaSizes sizes;
    std::string_view probed;
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--small") {
            sizes = hone::cuda::CudaSizes::small();
        } else if (argument == "--probe" && i + 1 < argc) {
            probed = argv[++i];
        } else if (std::from_chars(argument.begin(), argument.end(), index).ptr != argument.end() ||
                   index < 0) {
            std::fprintf(stderr,
                         "bench_cuda: '%s': expected --small, --probe TYPE or a device's number\n",
                         argv[i]);
            return 2;
        }
    }
    return hone::cuda::run(index, sizes, probed);
} catch (const std::exception& error) {
    std::fprintf(stderr, "bench_cuda: %s\n", error.what());
    return 1;
}
