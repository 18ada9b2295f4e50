// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

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

// How the runtime holds weights: a type and, of a sparse one, the share of the values that it
// stores.
struct WeightForm {
    DType type;
    double kept = 1;
};

// What a product's time depends on, besides the rows of its input.
struct MultipliedMatrix {
    WeightForm form;
    kernels::Arithmetic arithmetic;
    std::int64_t outputs, inputs;
};

// How fast this machine runs each kernel: what predictions of time are made from. Figures are
// seconds.
struct Calibration {
    // A product's time depends on how many rows of inputs share a weight; in between it is
    // interpolated, beyond it grows with them.
    static constexpr std::array<std::int64_t, 4> kRows{1, 8, 64, 256};
    struct Product {
        // For all rows together: what each weight takes, what each of the matrix's outputs takes
        // however many weights it has, and what a product takes however large its matrix is.
        std::array<double, kRows.size()> per_weight{}, per_output{}, per_call{};
    };
    // Sparse types are measured with these shares of their values; between and beyond them time is
    // a straight line.
    static constexpr std::array<double, 2> kKept{0.25, 0.75};
    // The way it is measured. A calibration that another version kept counts as none: 2 reads
    // weights from memory, 3 measures sparse types with two shares of their values, and aligns
    // inputs as a run does.
    static constexpr int kVersion = 3;

    std::string
        machine;  // what it holds for: processor, instruction set, build; see calibration_cache.h
    std::string created;  // ISO 8601, UTC
    int threads = 0;
    // How far repeats of a measurement lay apart, in the median and as a share; what others had of
    // the processors meanwhile.
    double spread = 0, others = 0;
    std::map<std::string, Product> products;  // by product_key(): seconds
    std::map<std::string, Cost>
        operations;  // by operation_key(); units: bytes as traced, for attention FLOPs

    // One product of `rows` rows with that matrix; negative where its kernel was not measured.
    double product_seconds(const MultipliedMatrix& matrix, std::int64_t rows) const;
    // Bytes a second at which one row's product reads weights stored so, half of the values of a
    // sparse type; 0 where not measured.
    double read_bandwidth(DType type) const;
    // FLOPs a second of products with the most rows that were measured, zeros that are left out
    // included; 0 where not measured.
    double product_rate(DType type) const;

private:
    // Seconds a weight at kRows[row], of a sparse type with half of its values; 0 where not
    // measured.
    double weight_seconds(DType type, std::size_t row) const;
};

// Every form that is measured: each type once, each sparse one with every share of kKept.
std::vector<WeightForm> calibrated_forms();
std::string product_key(const WeightForm& form,
                        kernels::Arithmetic arithmetic);  // "q4_0", "q8_0:int8", "sparse_bf16 25 %"
// "norm"; of attention and remember by the cache's storage and layout and the phase:
// "attention:fp16:decode", "attention:fp16:paged:decode".
std::string operation_key(profiler::Operation operation);
std::string operation_key(profiler::Operation operation, KvStorage storage,
                          profiler::TracePhase phase, KvLayout layout = KvLayout::contiguous);

nlohmann::json to_json(const Calibration& calibration);
Calibration calibration_from_json(const nlohmann::json& json);  // throws nlohmann::json::exception

}  // namespace hone
