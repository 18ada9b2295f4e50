// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/core/dtype.h"
#include "engine/runtime/run_config.h"
#include "profiler/trace/trace.h"

namespace hone {

// Seconds of calls that together do so many units of work.
struct Cost {
    double per_call = 0, per_unit = 0;
    double seconds(double units) const { return per_call + per_unit * units; }
};

// The straight line through two measurements (units, seconds), with no part of it below zero.
Cost line_through(double units_a, double seconds_a, double units_b, double seconds_b);

// How fast this machine runs each kernel: what predictions of time are made from. Figures are seconds.
struct Calibration {
    // A product's time depends on how many rows of inputs share a weight; in between it is interpolated, beyond it grows with them.
    static constexpr std::array<std::int64_t, 4> kRows{1, 8, 64, 256};
    struct Product {
        // Of all rows together: what each weight takes, what each of the matrix's outputs takes however many weights it has, and what
        // a product takes however large its matrix is.
        std::array<double, kRows.size()> per_weight{}, per_output{}, per_call{};
    };
    // Of how it is measured. A calibration that was kept by another one counts as none: 2 reads weights from memory.
    static constexpr int kVersion = 2;

    std::string machine;  // what it holds for: processor, instruction set, build; see calibration_cache.h
    std::string created;  // ISO 8601, UTC
    int threads = 0;
    // Of the measurements: how far repeats lay apart, in the median and as a share; what others had of the processors meanwhile.
    double spread = 0, others = 0;
    std::map<std::string, Product> products;  // by product_key(): seconds
    std::map<std::string, Cost>
        operations;  // by operation_key(); units: bytes as traced, for attention FLOPs

    // Of one product of `rows` rows with a matrix [outputs, inputs]; negative where that kernel was not measured.
    double product_seconds(const std::string& key, std::int64_t outputs, std::int64_t inputs,
                           std::int64_t rows) const;
    // Bytes a second at which one row's product reads weights stored so; 0 where not measured.
    double read_bandwidth(DType type) const;
    // FLOPs a second of products with the most rows that were measured; 0 where not measured.
    double product_rate(DType type) const;
};

std::string product_key(DType type, kernels::Arithmetic arithmetic);  // "q4_0", "q8_0:int8"
// "norm"; of attention and remember by the cache's storage and layout and the phase: "attention:fp16:decode", "attention:fp16:paged:decode".
std::string operation_key(profiler::Operation operation);
std::string operation_key(profiler::Operation operation, KvStorage storage, profiler::TracePhase phase,
                          KvLayout layout = KvLayout::contiguous);

nlohmann::json to_json(const Calibration& calibration);
Calibration calibration_from_json(const nlohmann::json& json);  // throws nlohmann::json::exception

}  // namespace hone
