// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/cuda_probe.h"

#include <array>
#include <cmath>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels/cuda/numbers.h"
#include "tests/bench/cuda_rates.h"

namespace hone::cuda {
namespace {

struct Probed {
    PlaneType type;
    const char* name;
    double value;  // of what Memory is filled with: bytes of 0x3C
};

constexpr std::array kProbed{
    Probed{PlaneType::bf16, "bf16", 0.0114745},  // 0x3C3C
    Probed{PlaneType::f16, "f16", 1.05859}, Probed{PlaneType::e4m3, "e4m3", 1.5},
    Probed{PlaneType::i8, "int8", 60}, Probed{PlaneType::f32, "f32", 0.0114889}};

// Largest relative difference of y from cols · value², over its first and last rows and tokens.
double difference(Device& device, const DenseProduct& p, double value) {
    const std::int64_t count = (p.tokens - 1) * p.y_stride + p.rows;
    std::vector<std::int32_t> bits(static_cast<std::size_t>(count));
    device.download(bits.data(), p.y, count * 4);
    device.synchronise();
    const double expected = static_cast<double>(p.cols) * value * value;
    double largest = 0;
    for (const std::int64_t at : {std::int64_t{0}, p.rows - 1, count - p.rows, count - 1}) {
        const std::int32_t raw = bits[static_cast<std::size_t>(at)];
        const double is = p.type == PlaneType::i8 ? static_cast<double>(raw)
                                                  : static_cast<double>(bits_as<float>(raw));
        largest = std::max(largest, std::abs(is / expected - 1));
    }
    return largest;
}

nlohmann::json probe(Device& device, const Probed& of, std::int64_t tokens, std::int64_t rows,
                     std::int64_t cols, std::int64_t offset) {
    const std::int64_t bytes = chunk_bytes(of.type) / kChunk;
    const Memory x(device, tokens * cols * bytes), w(device, rows * cols * bytes),
        y(device, (tokens * rows + offset) * 4);
    DenseProduct product{of.type, x.as<void>(), w.as<void>(), y.as<float>() + offset, tokens, rows,
                         cols,    rows,         false};
    product.alignment = alignment_of(product);
    const char* const refusal = dense_refusal(product);
    nlohmann::json result{
        {"type", of.name},
        {"tokens", tokens},
        {"rows", rows},
        {"cols", cols},
        {"y_alignment", product.alignment.y},
        {"expected", refusal == nullptr ? nlohmann::json() : nlohmann::json(refusal)},
        {"refused", nullptr}};
    try {
        device.multiply(product);
        result["difference"] = difference(device, product, of.value);
    } catch (const DeviceError& error) {
        result["refused"] = error.what();
        result["lost"] = error.sticky;
    }
    return result;
}

}  // namespace

nlohmann::json dense_probe(Device& device, std::string_view type) {
    struct Shape {
        std::int64_t rows, cols, offset;  // of y, in floats
    };
    // A layer's; results that begin 64, 16 and 4 bytes off; odd rows and columns.
    constexpr std::array kShapes{Shape{256, 512, 0}, Shape{256, 512, 16}, Shape{256, 512, 4},
                                 Shape{256, 512, 1}, Shape{257, 512, 0},  Shape{260, 512, 0},
                                 Shape{256, 520, 0}};
    for (const Probed& of : kProbed) {
        if (type != of.name) continue;
        nlohmann::json results = nlohmann::json::array();
        for (const std::int64_t tokens : {1, 2, 8, 16, 17, 32, 300})
            for (const auto& [rows, cols, offset] : kShapes) {
                results.push_back(probe(device, of, tokens, rows, cols, offset));
                if (results.back().value("lost", false)) return results;
            }
        return results;
    }
    throw std::invalid_argument("'" + std::string(type) +
                                "': expected bf16, f16, e4m3, int8 or f32");
}

}  // namespace hone::cuda
