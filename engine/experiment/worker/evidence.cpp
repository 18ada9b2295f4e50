// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/evidence.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/core/pulse.h"
#include "engine/experiment/worker/apply_recipe.h"
#include "engine/model/model.h"
#include "engine/techniques/apply/technique.h"
#include "engine/weights/weight_format.h"

namespace hone {
namespace {

// Zeros among the weights in the layers' matrices, from at most kRows rows of each.
double zero_share(const Checkpoint& checkpoint) {
    constexpr std::int64_t kRows = 16;
    std::int64_t zeros = 0, seen = 0;
    std::vector<float> row;
    for (const StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.shape.size() < 2 || tensor.data.empty()) continue;
        row.resize(static_cast<std::size_t>(tensor.cols()));
        const std::int64_t rows = std::min(tensor.rows(), kRows);
        for (std::int64_t i = 0; i < rows; ++i) {
            pulse();
            const std::int64_t at = i * tensor.rows() / rows;
            dequantize_row(tensor.type, tensor.row(at), row.data(), tensor.cols());
            zeros += std::count(row.begin(), row.end(), 0.0F);
            seen += tensor.cols();
        }
    }
    return seen == 0 ? 0 : static_cast<double>(zeros) / static_cast<double>(seen);
}

std::array<bool, kDTypes> types_of(const Checkpoint& checkpoint) {
    std::array<bool, kDTypes> types = {};
    for (const StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.shape.size() >= 2) types[static_cast<std::size_t>(tensor.type)] = true;
    }
    return types;
}

}  // namespace

WeightEvidence::WeightEvidence(const Checkpoint& before)
    : zero_share_before_(zero_share(before)),
      config_before_(read_config(before)),
      types_before_(types_of(before)) {}

void WeightEvidence::applied(const Checkpoint& after, const Recipe& recipe) {
    // Rounding makes zeros too, some in a thousand: not what a pruning technique is for.
    constexpr double kByRounding = 0.005;
    const double made = zero_share(after) - zero_share_before_;
    if (made > kByRounding) zeros_ = std::llround(made * static_cast<double>(after.parameters()));
    const ModelConfig config = read_config(after);
    for (const RecipeStep& step : recipe.steps) {
        for (const CounterUse& use : technique_of(step)->counters()) {
            if (use.of_shapes != nullptr)
                shape_counters_[std::string(use.name)] = use.of_shapes(config_before_, config);
        }
    }
}

void WeightEvidence::left_out(const Checkpoint& run, bool planned) {
    for (const StoredTensor& tensor : run.tensors)
        if (info(tensor.type).sparse) left_out_ += tensor.zeros;
    if (planned) zeros_ += left_out_;
}

std::int64_t WeightEvidence::converted_products(const RuntimeCounters& counters) const {
    std::int64_t sum = 0;
    for (const DTypeInfo& type : all_dtypes()) {  // leaving zeros out converts nothing
        const auto index = static_cast<std::size_t>(type.type);
        sum += types_before_[index] ? 0 : counters.products_of_type[index];
    }
    return sum;
}

CounterValues counter_values(const RuntimeCounters& before, const RuntimeCounters& after,
                             const RunConfig& config, const GenerationTimings& timings,
                             const WeightEvidence* weights, std::int64_t merge_cache_hits) {
    const std::int64_t reduced = after.reduced_products - before.reduced_products;
    CounterValues values{
        {"attended_pairs", after.attended_pairs - before.attended_pairs},
        {"skipped_pairs", after.skipped_pairs - before.skipped_pairs},
        {"batched_tokens", after.batched_tokens - before.batched_tokens},
        {"recomputed_tokens", after.recomputed_tokens - before.recomputed_tokens},
        {"int8_products", config.arithmetic == kernels::Arithmetic::i8 ? reduced : 0},
        {"fp8_products", config.arithmetic == kernels::Arithmetic::e4m3 ? reduced : 0},
        {"bf16_products", config.arithmetic == kernels::Arithmetic::bf16 ? reduced : 0},
        {"converted_products", weights == nullptr ? 0
                                                  : weights->converted_products(after) -
                                                        weights->converted_products(before)},
        {"reduced_kv_tokens", after.reduced_kv_tokens - before.reduced_kv_tokens},
        {"kv_blocks", after.kv_blocks - before.kv_blocks},
        {"skipped_zeros", after.skipped_zeros - before.skipped_zeros},
        {"zero_weights", weights == nullptr ? 0 : weights->zero_weights()},
        {"left_out_zeros", weights == nullptr ? 0 : weights->left_out_zeros()},
        {"largest_batch", timings.largest_batch},
        {"backed_off", timings.backed_off},
        {"reordered_prompts", timings.reordered},
        {"merge_cache_hits", merge_cache_hits},
        {"non_finite_rows", after.non_finite_rows - before.non_finite_rows}};
    if (weights != nullptr)
        values.insert(weights->shape_counters().begin(), weights->shape_counters().end());
    return values;
}

std::map<std::string, messages::Engagement> engagement(const Recipe& recipe,
                                                       const CounterValues& counters) {
    const auto value_of = [&counters](std::string_view name) {
        const auto found = counters.find(name);
        return found == counters.end() ? std::int64_t{0} : found->second;
    };
    std::map<std::string, messages::Engagement> result;
    for (const RecipeStep& step : recipe.steps) {
        messages::Engagement& evidence = result[step.technique];
        for (const CounterUse& use : technique_of(step)->counters()) {
            const std::int64_t value = value_of(use.name);
            if (!use.where.empty() && value_of(use.where) == 0) continue;
            evidence.counters[std::string(use.name)] = value;
            // The first speaks for all that moved; the first that stayed 0 for the technique.
            const bool failed = value == 0 && evidence.engaged != false;
            if (!evidence.engaged || failed) {
                evidence.counter = use.name;
                evidence.value = value;
                evidence.engaged = value > 0;
            }
        }
    }
    return result;
}

}  // namespace hone
