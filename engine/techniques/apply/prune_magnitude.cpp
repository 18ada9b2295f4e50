// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <numeric>

#include "engine/techniques/apply/magnitude_cut.h"
#include "engine/techniques/apply/matrices.h"
#include "engine/techniques/apply/techniques.h"
#include "engine/weights/weight_format.h"
#include "engine/weights/zeros.h"

namespace hone {
namespace {

constexpr std::size_t kLargestGroup = 32;  // the schema's upper bound of M

struct PruneOptions {
    explicit PruneOptions(const nlohmann::json& json)
        : n_of_m(json.at("pattern").get<std::string>() == "n_m"),
          sparsity(json.at("sparsity").get<double>()),
          scope(json.at("scope").get<std::string>()),
          n(json.at("n").get<std::int64_t>()),
          m(json.at("m").get<std::int64_t>()),
          embedding(json.at("embedding").get<bool>()) {}

    std::int64_t share(std::int64_t elements) const {
        return std::llround(sparsity * static_cast<double>(elements));
    }

    bool n_of_m;
    double sparsity;
    std::string scope;
    std::int64_t n, m;
    bool embedding;
};

using Mask = std::vector<std::uint8_t>;
// Marks the elements of a row that become zero. `scratch` is one thread's own.
using MarkRow = std::function<void(std::int64_t row, std::span<const float> values, Mask& mask,
                                   std::vector<std::uint32_t>& scratch)>;

void mark(const MagnitudeCut& cut, std::int64_t& ties_left, std::span<const float> values, Mask& mask) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::uint32_t bits = magnitude(values[i]);
        const bool tie = bits == cut.level && ties_left > 0;
        if (tie) --ties_left;
        mask[i] = static_cast<std::uint8_t>(bits < cut.level || tie);
    }
}

void mark_groups(const PruneOptions& options, std::span<const float> values, Mask& mask) {
    std::fill(mask.begin(), mask.end(), std::uint8_t{0});
    const auto group = static_cast<std::size_t>(options.m);
    for (std::size_t begin = 0; begin < values.size(); begin += group) {
        std::array<std::size_t, kLargestGroup> order;
        const auto end = order.begin() + options.m;
        std::iota(order.begin(), end, begin);
        std::stable_sort(order.begin(), end, [&](std::size_t a, std::size_t b) {
            return magnitude(values[a]) < magnitude(values[b]);
        });
        std::for_each(order.begin(), end - options.n, [&](std::size_t i) { mask[i] = 1; });
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

// Replaces `tensor` by a copy with zeros where `mark_row` says. Returns how many elements are zero then.
std::int64_t prune(StoredTensor& tensor, const kernels::Context& context, const Progress& progress,
                   const MarkRow& mark_row) {
    StoredTensor pruned =
        has_exact_zero(tensor.type) ? copy_of(tensor) : convert_tensor(tensor, DType::f32, context, progress);
    auto* const data = const_cast<std::byte*>(pruned.data.data());  // made two lines above, nobody else's yet
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
        for (std::size_t i = 0; i < cols; ++i) own.zeros += own.mask[i] != 0 || values[i] == 0.0F ? 1 : 0;
    });
    tensor = std::move(pruned);
    return std::accumulate(threads.begin(), threads.end(), std::int64_t{0},
                           [](std::int64_t sum, const Own& own) { return sum + own.zeros; });
}

// How many of the cut's ties lie in each row: rows are marked on several threads, and "the first" must not depend on that.
std::vector<std::int64_t> ties_by_row(const StoredTensor& tensor, std::uint32_t level,
                                      const kernels::Context& context, const Progress& progress) {
    std::vector<std::int64_t> ties(static_cast<std::size_t>(tensor.rows()));
    for_each_row(tensor, context, progress, [&](std::int64_t row, const float* values, int) {
        ties[static_cast<std::size_t>(row)] = std::count_if(
            values, values + tensor.cols(), [level](float value) { return magnitude(value) == level; });
    });
    return ties;
}

// `cut.ties` is reduced by those that `tensor` used up.
std::int64_t prune_at(StoredTensor& tensor, MagnitudeCut& cut, const kernels::Context& context,
                      const Progress& progress) {
    std::vector<std::int64_t> quota(static_cast<std::size_t>(tensor.rows()));
    if (cut.ties > 0) {
        const std::vector<std::int64_t> ties = ties_by_row(tensor, cut.level, context, progress);
        for (std::size_t row = 0; row < quota.size(); ++row) {
            quota[row] = std::min(ties[row], cut.ties);
            cut.ties -= quota[row];
        }
    }
    return prune(
        tensor, context, progress,
        [&](std::int64_t row, std::span<const float> values, Mask& mask, std::vector<std::uint32_t>&) {
            mark(cut, quota[static_cast<std::size_t>(row)], values, mask);
        });
}

MarkRow row_marker(const PruneOptions& options) {
    if (options.n_of_m) {
        return [&options](std::int64_t, std::span<const float> values, Mask& mask,
                          std::vector<std::uint32_t>&) { mark_groups(options, values, mask); };
    }
    return [&options](std::int64_t, std::span<const float> values, Mask& mask,
                      std::vector<std::uint32_t>& scratch) {
        MagnitudeCut cut = find_cut(values, options.share(static_cast<std::int64_t>(values.size())), scratch);
        mark(cut, cut.ties, values, mask);
    };
}

std::vector<std::string> expansion_note(const std::vector<const StoredTensor*>& chosen) {
    const auto count = std::count_if(chosen.begin(), chosen.end(), [](const StoredTensor* tensor) {
        return !has_exact_zero(tensor->type);
    });
    if (count == 0) return {};
    return {fmt::format("{} quantised matrices ({}, which cannot hold exact zeros) are expanded to F32 first",
                        count, info(DType::q4_1).name)};
}

std::vector<std::string> apply(Checkpoint& checkpoint, const nlohmann::json& json,
                               const kernels::Context& context, const Progress& progress) {
    const PruneOptions options(json);
    std::vector<std::string> notes = expansion_note(matrices(std::as_const(checkpoint), options.embedding));
    const std::vector<StoredTensor*> chosen = matrices(checkpoint, options.embedding);
    const Progress quiet{{}, progress.stop};
    std::int64_t elements = 0, zeros = 0, done = 0;
    for (const StoredTensor* tensor : chosen) elements += tensor->elements();
    MagnitudeCut global;
    const bool ranked_together = !options.n_of_m && options.scope == "global";
    if (ranked_together) {
        progress.update(0, "ranking all weights");
        global = find_cut(chosen, options.share(elements), context, quiet);
    }
    for (StoredTensor* tensor : chosen) {
        progress.update(static_cast<double>(done) / static_cast<double>(elements), tensor->name);
        done += tensor->elements();
        if (ranked_together) {
            zeros += prune_at(*tensor, global, context, quiet);
        } else if (!options.n_of_m && options.scope == "tensor") {
            MagnitudeCut cut =
                find_cut(std::span(&tensor, 1), options.share(tensor->elements()), context, quiet);
            zeros += prune_at(*tensor, cut, context, quiet);
        } else {
            zeros += prune(*tensor, context, quiet, row_marker(options));
        }
    }
    notes.push_back(fmt::format("{} of {} weights of {} matrices are zero ({:.2f} %)", zeros, elements,
                                chosen.size(),
                                100.0 * static_cast<double>(zeros) / static_cast<double>(elements)));
    return notes;
}

std::vector<std::string> plan(Checkpoint& checkpoint, const nlohmann::json& json) {
    const PruneOptions options(json);
    const std::vector<std::string> notes =
        expansion_note(matrices(std::as_const(checkpoint), options.embedding));
    for (StoredTensor* tensor : matrices(checkpoint, options.embedding)) {
        if (!has_exact_zero(tensor->type)) tensor->type = DType::f32;
    }
    return notes;
}

Support supports(const TechniqueQuery& query) {
    const PruneOptions options(query.options);
    const auto chosen = matrices(query.checkpoint, options.embedding);
    if (chosen.empty()) return {false, "the model has no matrices that it could prune"};
    if (!options.n_of_m) return {};
    if (options.n >= options.m)
        return {false, fmt::format("N is {} and M is {}: keeping N of every M needs N below M", options.n,
                                   options.m)};
    for (const StoredTensor* tensor : chosen) {
        if (tensor->cols() % options.m != 0)
            return {false, fmt::format("rows of {} have {} weights, which groups of {} do not divide",
                                       tensor->name, tensor->cols(), options.m)};
    }
    return {};
}

}  // namespace

Technique prune_magnitude() {
    return {descriptors::prune_magnitude, supports, WeightTechnique{apply, plan}};
}

}  // namespace hone
