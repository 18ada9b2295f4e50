// SPDX-License-Identifier: Apache-2.0
#include "engine/prediction/calibration.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace hone {
namespace {

constexpr std::array<std::string_view, 4> kStorageNames{"off", "fp32", "fp16", "int8"};

// Of `rows` rows, from what was measured with kRows. Beyond them it grows with the rows, or stays
// where `grows` is false.
double interpolated(const std::array<double, Calibration::kRows.size()>& at, std::int64_t rows,
                    bool grows = true) {
    constexpr auto& kRows = Calibration::kRows;
    const auto wanted = static_cast<double>(rows);
    for (std::size_t i = 1; i < kRows.size(); ++i) {
        if (rows > kRows[i]) continue;
        const auto low = static_cast<double>(kRows[i - 1]), high = static_cast<double>(kRows[i]);
        return at[i - 1] + (at[i] - at[i - 1]) * (wanted - low) / (high - low);
    }
    return grows ? at.back() * wanted / static_cast<double>(kRows.back()) : at.back();
}

}  // namespace

Cost line_through(double units_a, double seconds_a, double units_b, double seconds_b) {
    if (units_a == units_b) return {0, units_a > 0 ? std::max(seconds_a, seconds_b) / units_a : 0};
    if (units_a > units_b) return line_through(units_b, seconds_b, units_a, seconds_a);
    const double slope = std::max(0.0, (seconds_b - seconds_a) / (units_b - units_a));
    const double intercept = seconds_a - slope * units_a;
    if (intercept >= 0) return {intercept, slope};
    return {0, seconds_b / units_b};
}

double Calibration::product_seconds(const MultipliedMatrix& matrix, std::int64_t rows) const {
    const auto seconds = [&](double kept) {
        const auto found = products.find(product_key({matrix.form.type, kept}, matrix.arithmetic));
        if (found == products.end()) return -1.0;
        const Product& product = found->second;
        return interpolated(product.per_call, rows, false) +
               static_cast<double>(matrix.outputs) *
                   (interpolated(product.per_output, rows) +
                    static_cast<double>(matrix.inputs) * interpolated(product.per_weight, rows));
    };
    if (!info(matrix.form.type).sparse) return seconds(1);
    const double few = seconds(kKept.front()), many = seconds(kKept.back());
    if (few < 0 || many < 0) return -1;
    return line_through(kKept.front(), few, kKept.back(), many).seconds(matrix.form.kept);
}

double Calibration::weight_seconds(DType type, std::size_t row) const {
    constexpr double kHalf = 0.5;
    const auto seconds = [&](double kept) {
        const auto found = products.find(product_key({type, kept}, kernels::Arithmetic::f32));
        return found == products.end() ? 0 : found->second.per_weight.at(row);
    };
    if (!info(type).sparse) return seconds(1);
    const double few = seconds(kKept.front()), many = seconds(kKept.back());
    return few > 0 && many > 0 ? line_through(kKept.front(), few, kKept.back(), many).seconds(kHalf)
                               : 0;
}

double Calibration::read_bandwidth(DType type) const {
    const double seconds = weight_seconds(type, 0);
    if (seconds <= 0) return 0;
    constexpr std::int64_t kCols = 4096;
    const std::int64_t bytes =
        info(type).sparse ? sparse_bytes(type, 1, kCols, kCols / 2) : row_bytes(type, kCols);
    return static_cast<double>(bytes) / kCols / seconds;
}

double Calibration::product_rate(DType type) const {
    const double seconds = weight_seconds(type, kRows.size() - 1);
    return seconds > 0 ? 2.0 * static_cast<double>(kRows.back()) / seconds : 0;
}

std::vector<WeightForm> calibrated_forms() {
    std::vector<WeightForm> forms;
    for (const DTypeInfo& type : all_dtypes()) forms.push_back({type.type});
    for (const DTypeInfo& type : sparse_dtypes()) {
        for (const double kept : Calibration::kKept) forms.push_back({type.type, kept});
    }
    return forms;
}

std::string product_key(const WeightForm& form, kernels::Arithmetic arithmetic) {
    const DTypeInfo& type = info(form.type);
    std::string key(type.id);
    if (type.sparse) key += fmt::format(" {:.0f} %", 100 * form.kept);
    if (arithmetic != kernels::Arithmetic::f32)
        key += fmt::format(":{}", kernels::arithmetic_name(arithmetic));
    return key;
}

std::string operation_key(profiler::Operation operation) {
    return std::string(profiler::operation_name(operation));
}

std::string operation_key(profiler::Operation operation, KvStorage storage,
                          profiler::TracePhase phase, KvLayout layout) {
    return fmt::format("{}:{}:{}{}", profiler::operation_name(operation),
                       kStorageNames.at(static_cast<std::size_t>(storage)),
                       layout == KvLayout::paged ? "paged:" : "", profiler::phase_name(phase));
}

nlohmann::json to_json(const Calibration& calibration) {
    nlohmann::json operations = nlohmann::json::object();
    for (const auto& [key, cost] : calibration.operations)
        operations[key] = {{"per_call", cost.per_call}, {"per_unit", cost.per_unit}};
    nlohmann::json products = nlohmann::json::object();
    for (const auto& [key, product] : calibration.products)
        products[key] = {{"per_weight", product.per_weight},
                         {"per_output", product.per_output},
                         {"per_call", product.per_call}};
    return {{"version", Calibration::kVersion},   {"machine", calibration.machine},
            {"created", calibration.created},     {"threads", calibration.threads},
            {"spread", calibration.spread},       {"others", calibration.others},
            {"rows", Calibration::kRows},         {"products", std::move(products)},
            {"operations", std::move(operations)}};
}

Calibration calibration_from_json(const nlohmann::json& json) {
    Calibration calibration;
    json.at("machine").get_to(calibration.machine);
    json.at("created").get_to(calibration.created);
    json.at("threads").get_to(calibration.threads);
    json.at("spread").get_to(calibration.spread);
    json.at("others").get_to(calibration.others);
    for (const auto& [key, product] : json.at("products").items()) {
        product.at("per_weight").get_to(calibration.products[key].per_weight);
        product.at("per_output").get_to(calibration.products[key].per_output);
        product.at("per_call").get_to(calibration.products[key].per_call);
    }
    for (const auto& [key, cost] : json.at("operations").items())
        calibration.operations[key] = {cost.at("per_call").get<double>(),
                                       cost.at("per_unit").get<double>()};
    return calibration;
}

}  // namespace hone
