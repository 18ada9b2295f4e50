// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/cuda_rates.h"

#include <array>

#include "kernels/cuda/ops/product.h"
#include "kernels/cuda/ops/product_tiles.h"

namespace hone::cuda {
namespace {

struct NamedType {
    PlaneType type;
    const char* name;
};

// Median seconds of one call; several a round where one is short.
double seconds(Device& device, int rounds, const std::function<void()>& work, int calls = 1) {
    work();
    device.synchronise();
    std::vector<double> times;
    for (int round = 0; round < rounds; ++round) {
        device.begin_timing();
        for (int i = 0; i < calls; ++i) work();
        times.push_back(static_cast<double>(device.end_timing()) / 1e3 / calls);
    }
    return median(times);
}

void make_random(Device& device, PlaneType type, void* values, std::int64_t bytes) {
    const FillParams fill{values, bytes / chunk_bytes(type), 3,
                          type == PlaneType::i8 || type == PlaneType::i4 ? 32.0F : 0.02F};
    device.launch({KernelId::fill, static_cast<std::uint16_t>(type)}, flat_launch(fill.chunks),
                  fill);
}

double dense_rate(Device& device, PlaneType type, std::int64_t n, int rounds) {
    const std::int64_t bytes = n * n / kChunk * chunk_bytes(type);
    const Memory x(device, bytes), w(device, bytes), y(device, n * n * 4);
    for (const Memory* memory : {&x, &w}) make_random(device, type, memory->as<void>(), bytes);
    const DenseProduct product{type, x.as<void>(), w.as<void>(), y.as<void>(), n, n, n, n, false};
    const double time = seconds(
        device, rounds, [&] { device.multiply(product); }, 3);
    const auto side = static_cast<double>(n);
    return 2 * side * side * side / time;
}

struct Storage {
    PlaneType type;
    const char* name;
    std::int64_t group;  // columns a scale; 0: no scales
};

nlohmann::json product_rate(Device& device, const Storage& storage, std::int64_t rows,
                            std::int64_t cols, std::int64_t tokens, const CudaSizes& sizes) {
    const std::int64_t bytes = rows * (cols / kChunk) * chunk_bytes(storage.type),
                       scales = storage.group == 0 ? 0 : rows * (cols / storage.group);
    // So many matrices in turn that no cache holds them.
    const auto matrices =
        static_cast<int>(std::max<std::int64_t>(2, ceil_div(sizes.in_turn, bytes)));
    const Memory values(device, matrices * bytes),
        halves(device, std::max<std::int64_t>(1, matrices * scales) * 2),
        x(device, tokens * cols * 4), y(device, tokens * rows * 4);
    make_random(device, storage.type, values.as<void>(), matrices * bytes);
    if (scales > 0) {
        const FillHalvesParams same{halves.as<F16>(), matrices * scales, 0.001F};
        device.launch({KernelId::fill_halves}, flat_launch(same.count), same);
    }
    int next = 0;
    const auto multiply = [&] {
        const int i = next++ % matrices;
        const Matrix matrix{storage.type,
                            rows,
                            cols,
                            storage.group,
                            values.as<std::byte>() + i * bytes,
                            scales > 0 ? halves.as<F16>() + i * scales : nullptr};
        const ProductParams params{{{matrix, y.as<float>(), rows}}, 1, x.as<float>(), tokens};
        device.launch({KernelId::product, static_cast<std::uint16_t>(storage.type),
                       static_cast<std::uint16_t>(tokens)},
                      product_launch(params), params);
    };
    const double time = seconds(device, sizes.rounds, multiply, matrices);
    return {{"type", storage.name},
            {"rows", rows},
            {"cols", cols},
            {"tokens", tokens},
            {"bytes", matrices * bytes},
            {"microseconds", time * 1e6},
            {"bytes_per_second", static_cast<double>(bytes + 2 * scales) / time}};
}

// FLOPs of the whole product a second, of n tokens with n rows of n columns, weights as they are
// stored and inputs in bf16.
double tile_rate(Device& device, const Storage& storage, std::int64_t n, int rounds) {
    const std::int64_t chunks = n * n / kChunk,
                       scales = storage.group == 0 ? 1 : n * (n / storage.group);
    const Memory x(device, n * n * 2), values(device, chunks * chunk_bytes(storage.type)),
        halves(device, scales * 2), places(device, chunks), y(device, n * n * 4);
    make_random(device, PlaneType::bf16, x.as<void>(), n * n * 2);
    make_random(device, storage.type, values.as<void>(), chunks * chunk_bytes(storage.type));
    device.fill(places.as<void>(), 0x44, chunks);  // the first two of any four
    const FillHalvesParams same{halves.as<F16>(), scales, 0.001F};
    device.launch({KernelId::fill_halves}, flat_launch(same.count), same);
    const ProductTilesParams params{{storage.type, n, n, storage.group, values.as<void>(),
                                     halves.as<F16>(), nullptr, places.as<std::uint8_t>()},
                                    x.as<BF16>(),
                                    y.as<float>(),
                                    n,
                                    n};
    const int tile = tile_tokens(n, n, device.facts().processors);
    const double time = seconds(
        device, rounds,
        [&] {
            device.launch({KernelId::product_tiles, static_cast<std::uint16_t>(storage.type),
                           static_cast<std::uint16_t>(tile)},
                          product_tiles_launch(params, tile), params);
        },
        3);
    const auto side = static_cast<double>(n);
    return 2 * side * side * side / time;
}

}  // namespace

CudaSizes CudaSizes::small() {
    CudaSizes sizes;
    sizes.rounds = 3;
    sizes.copy_bytes = 1 << 20;
    sizes.dense = 64;
    sizes.products = {{32, 128}};
    sizes.in_turn = 1 << 14;
    sizes.long_kernel = 1e-3;
    sizes.short_kernels = 20;
    sizes.short_floats = 4096;
    return sizes;
}

nlohmann::json copy_rate(Device& device, const CudaSizes& sizes) {
    const Memory from(device, sizes.copy_bytes), to(device, sizes.copy_bytes);
    const double time = seconds(device, sizes.rounds, [&] {
        device.copy(to.as<void>(), from.as<void>(), sizes.copy_bytes);
    });
    return {{"bytes", sizes.copy_bytes},
            {"bytes_per_second", 2.0 * static_cast<double>(sizes.copy_bytes) / time}};
}

nlohmann::json dense_rates(Device& device, const CudaSizes& sizes) {
    constexpr std::array kTypes{NamedType{PlaneType::bf16, "bf16"},
                                NamedType{PlaneType::f16, "f16"},
                                NamedType{PlaneType::e4m3, "e4m3"},
                                NamedType{PlaneType::i8, "int8"}, NamedType{PlaneType::f32, "f32"}};
    nlohmann::json rates = nlohmann::json::array();
    for (const auto& [type, name] : kTypes) {
        try {
            rates.push_back(
                {{"type", name},
                 {"size", sizes.dense},
                 {"flops_per_second", dense_rate(device, type, sizes.dense, sizes.rounds)}});
        } catch (const DeviceError& error) {
            if (error.sticky) throw;
            rates.push_back({{"type", name}, {"problem", error.what()}});
        }
    }
    return rates;
}

nlohmann::json tile_rates(Device& device, const CudaSizes& sizes) {
    constexpr std::array kStorages{
        Storage{PlaneType::f16, "f16", 0}, Storage{PlaneType::e4m3, "e4m3 per 32", 32},
        Storage{PlaneType::i8, "int8 per 32", 32}, Storage{PlaneType::i4, "int4 per 32", 32},
        Storage{PlaneType::bf16_2of4, "bf16 2:4", 0}};
    nlohmann::json rates = nlohmann::json::array();
    for (const Storage& storage : kStorages)
        rates.push_back(
            {{"type", storage.name},
             {"size", sizes.dense},
             {"flops_per_second", tile_rate(device, storage, sizes.dense, sizes.rounds)}});
    return rates;
}

nlohmann::json product_rates(Device& device, const CudaSizes& sizes) {
    constexpr std::array kStorages{
        Storage{PlaneType::f32, "f32", 0},           Storage{PlaneType::bf16, "bf16", 0},
        Storage{PlaneType::e4m3, "e4m3 per 32", 32}, Storage{PlaneType::i8, "int8 per 32", 32},
        Storage{PlaneType::i4, "int4 per 64", 64},   Storage{PlaneType::i4, "int4 per 32", 32}};
    nlohmann::json rates = nlohmann::json::array();
    for (const Storage& storage : kStorages)
        for (const auto& [rows, cols] : sizes.products)
            for (const std::int64_t tokens : {1, 2, 4, 8})
                rates.push_back(product_rate(device, storage, rows, cols, tokens, sizes));
    return rates;
}

}  // namespace hone::cuda
