// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "engine/techniques/apply/matrices.h"
#include "engine/techniques/apply/prune_rows.h"
#include "engine/techniques/apply/techniques.h"

namespace hone {
namespace {

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

std::vector<std::string> apply(Checkpoint& checkpoint, const nlohmann::json& json,
                               const kernels::Context& context, const Progress& progress) {
    const PrunePattern options(json);
    const auto scope = json.at("scope").get<std::string>();
    std::vector<std::string> notes = expansion_note(matrices(std::as_const(checkpoint), options.embedding));
    const std::vector<StoredTensor*> chosen = matrices(checkpoint, options.embedding);
    const Progress quiet{{}, progress.stop};
    std::int64_t elements = 0, zeros = 0, done = 0;
    for (const StoredTensor* tensor : chosen) elements += tensor->elements();
    MagnitudeCut global;
    const bool ranked_together = !options.n_of_m && scope == "global";
    if (ranked_together) {
        progress.update(0, "ranking all weights");
        global = find_cut(chosen, options.share(elements), context, quiet);
    }
    for (StoredTensor* tensor : chosen) {
        progress.update(static_cast<double>(done) / static_cast<double>(elements), tensor->name);
        done += tensor->elements();
        if (ranked_together) {
            zeros += prune_at(*tensor, global, context, quiet);
        } else if (!options.n_of_m && scope == "tensor") {
            MagnitudeCut cut =
                find_cut(std::span(&tensor, 1), options.share(tensor->elements()), context, quiet);
            zeros += prune_at(*tensor, cut, context, quiet);
        } else {
            zeros += prune(*tensor, context, quiet, row_marker(options));
        }
    }
    notes.push_back(zeros_note(zeros, elements, chosen.size()));
    return notes;
}

}  // namespace

Technique prune_magnitude() {
    return {descriptors::prune_magnitude, supports_pattern, pruning_counters,
            WeightTechnique{apply, plan_pruned}};
}

}  // namespace hone
