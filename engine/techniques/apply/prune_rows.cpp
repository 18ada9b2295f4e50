// SPDX-License-Identifier: Apache-2.0
#include "engine/techniques/apply/prune_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>
#include <string_view>

#include "engine/techniques/apply/matrices.h"
#include "engine/weights/weight_format.h"

namespace hone {
namespace {

constexpr std::size_t kLargestGroup = 32;  // the schema's upper bound of M

void mark_groups(const PrunePattern& pattern, std::span<const float> values, Mask& mask) {
    std::fill(mask.begin(), mask.end(), std::uint8_t{0});
    const auto group = static_cast<std::size_t>(pattern.m);
    for (std::size_t begin = 0; begin < values.size(); begin += group) {
        std::array<std::size_t, kLargestGroup> order;
        const auto end = order.begin() + pattern.m;
        std::iota(order.begin(), end, begin);
        std::stable_sort(order.begin(), end, [&](std::size_t a, std::size_t b) {
            return magnitude(values[a]) < magnitude(values[b]);
        });
        std::for_each(order.begin(), end - pattern.n, [&](std::size_t i) { mask[i] = 1; });
    }
}

StoredTensor copy_of(const StoredTensor& tensor) {
    const std::size_t bytes = tensor.data.size();
    std::shared_ptr<std::byte[]> data(new std::byte[bytes]);
    std::memcpy(data.get(), tensor.data.data(), bytes);
    StoredTensor copy = tensor;
    copy.data = {data.get(), bytes};
    copy.owner = data;
    return copy;
}

}  // namespace

PrunePattern::PrunePattern(const nlohmann::json& json)
    : n_of_m(json.at("pattern").get<std::string>() == "n_m"),
      sparsity(json.at("sparsity").get<double>()),
      n(json.at("n").get<std::int64_t>()),
      m(json.at("m").get<std::int64_t>()),
      embedding(json.value("embedding", false)) {}

std::int64_t PrunePattern::zeros(std::int64_t elements) const {
    return n_of_m ? elements / m * (m - n) : share(elements);
}

std::int64_t PrunePattern::share(std::int64_t elements) const {
    return std::llround(sparsity * static_cast<double>(elements));
}

void mark(const MagnitudeCut& cut, std::int64_t& ties_left, std::span<const float> values,
          Mask& mask) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::uint32_t bits = magnitude(values[i]);
        const bool tie = bits == cut.level && ties_left > 0;
        if (tie) --ties_left;
        mask[i] = static_cast<std::uint8_t>(bits < cut.level || tie);
    }
}

MarkRow row_marker(const PrunePattern& pattern) {
    if (pattern.n_of_m) {
        return [pattern](std::int64_t, std::span<const float> values, Mask& mask,
                         std::vector<std::uint32_t>&) { mark_groups(pattern, values, mask); };
    }
    return [pattern](std::int64_t, std::span<const float> values, Mask& mask,
                     std::vector<std::uint32_t>& scratch) {
        MagnitudeCut cut =
            find_cut(values, pattern.share(static_cast<std::int64_t>(values.size())), scratch);
        mark(cut, cut.ties, values, mask);
    };
}

std::int64_t prune(StoredTensor& tensor, const kernels::Context& context, const Progress& progress,
                   const MarkRow& mark_row) {
    StoredTensor pruned = info(tensor.type).exact_zeros
                              ? copy_of(tensor)
                              : convert_tensor(tensor, DType::f32, context, progress);
    auto* const data =
        const_cast<std::byte*>(pruned.data.data());  // made two lines above, nobody else's yet
    const auto cols = static_cast<std::size_t>(tensor.cols());
    const std::int64_t bytes = row_bytes(pruned.type, pruned.cols());
    struct Own {
        Mask mask;
        std::vector<std::uint32_t> scratch;
        std::int64_t zeros = 0;
    };
    std::vector<Own> threads(static_cast<std::size_t>(context.pool.size()));
    for (Own& own : threads) own.mask.resize(cols);
    for_each_row(tensor, context, progress, [&](std::int64_t row, const float* values, int thread) {
        Own& own = threads[static_cast<std::size_t>(thread)];
        mark_row(row, {values, cols}, own.mask, own.scratch);
        set_zeros(pruned.type, data + row * bytes, own.mask.data(), pruned.cols());
        for (std::size_t i = 0; i < cols; ++i)
            own.zeros += own.mask[i] != 0 || values[i] == 0.0F ? 1 : 0;
    });
    tensor = std::move(pruned);
    tensor.zeros =
        std::accumulate(threads.begin(), threads.end(), std::int64_t{0},
                        [](std::int64_t sum, const Own& own) { return sum + own.zeros; });
    return tensor.zeros;
}

std::vector<std::string> expansion_note(const std::vector<const StoredTensor*>& chosen) {
    std::set<std::string_view> types;
    std::int64_t count = 0;
    for (const StoredTensor* tensor : chosen) {
        if (info(tensor->type).exact_zeros) continue;
        types.insert(info(tensor->type).name);
        ++count;
    }
    if (count == 0) return {};
    return {fmt::format(
        "{} quantised matrices ({}, which cannot hold exact zeros) are expanded to F32 first",
        count, fmt::join(types, ", "))};
}

std::string zeros_note(std::int64_t zeros, std::int64_t elements, std::size_t matrices) {
    return fmt::format("{} of {} weights of {} matrices are zero ({:.2f} %)", zeros, elements,
                       matrices,
                       100.0 * static_cast<double>(zeros) / static_cast<double>(elements));
}

RowPruning::RowPruning(const nlohmann::json& options)
    : pattern_(options), compressed_(options.at("storage") == "compressed") {}

Support RowPruning::supports(const TechniqueQuery& query) const {
    const auto chosen = matrices(query.checkpoint, pattern_.embedding);
    if (chosen.empty()) return {false, "the model has no matrices that it could prune"};
    if (!pattern_.n_of_m) return {};
    if (pattern_.n >= pattern_.m)
        return {false, fmt::format("N is {} and M is {}: keeping N of every M needs N below M",
                                   pattern_.n, pattern_.m)};
    for (const StoredTensor* tensor : chosen) {
        if (tensor->cols() % pattern_.m != 0)
            return {false,
                    fmt::format("rows of {} have {} weights, which groups of {} do not divide",
                                tensor->name, tensor->cols(), pattern_.m)};
    }
    return {};
}

CounterUses RowPruning::counters() const {
    CounterUses uses{{"zero_weights"}};
    if (compressed_) uses.push_back({"skipped_zeros", "left_out_zeros"});
    return uses;
}

std::optional<ZeroPattern> RowPruning::leaves_zeros_out() const {
    if (!compressed_) return std::nullopt;
    const bool two_of_four = pattern_.n_of_m && pattern_.m == 4 && pattern_.n <= 2;
    return two_of_four ? ZeroPattern::two_of_four : ZeroPattern::anywhere;
}

Notes RowPruning::plan(Checkpoint& checkpoint) const {
    Notes notes = expansion_note(matrices(std::as_const(checkpoint), pattern_.embedding));
    for (StoredTensor* tensor : matrices(checkpoint, pattern_.embedding)) {
        if (!info(tensor->type).exact_zeros) tensor->type = DType::f32;
        tensor->zeros = std::max(tensor->zeros, pattern_.zeros(tensor->elements()));
    }
    return notes;
}

}  // namespace hone
