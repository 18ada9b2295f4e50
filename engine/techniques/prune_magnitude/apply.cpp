// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/techniques/apply/matrices.h"
#include "engine/techniques/apply/prune_rows.h"
#include "engine/techniques/apply/techniques.h"

namespace hone {
namespace {

// How many of the cut's ties lie in each row: rows are marked on several threads, and "the first"
// must not depend on that.
std::vector<std::int64_t> ties_by_row(const StoredTensor& tensor, std::uint32_t level,
                                      const kernels::Context& context, const Progress& progress) {
    std::vector<std::int64_t> ties(static_cast<std::size_t>(tensor.rows()));
    for_each_row(tensor, context, progress, [&](std::int64_t row, const float* values, int) {
        ties[static_cast<std::size_t>(row)] =
            std::count_if(values, values + tensor.cols(),
                          [level](float value) { return magnitude(value) == level; });
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
    return prune(tensor, context, progress,
                 [&](std::int64_t row, std::span<const float> values, Mask& mask,
                     std::vector<std::uint32_t>&) {
                     mark(cut, quota[static_cast<std::size_t>(row)], values, mask);
                 });
}

class PruneMagnitude final : public RowPruning {
public:
    explicit PruneMagnitude(const nlohmann::json& options)
        : RowPruning(options), scope_(scope_of(options)) {}

    Notes apply(Checkpoint& checkpoint, const kernels::Context& context,
                const Progress& progress) const override {
        Notes notes = expansion_note(matrices(std::as_const(checkpoint), pattern().embedding));
        const std::vector<StoredTensor*> chosen = matrices(checkpoint, pattern().embedding);
        const Progress quiet{{}, progress.stop};
        std::int64_t elements = 0, zeros = 0, done = 0;
        for (const StoredTensor* tensor : chosen) elements += tensor->elements();
        MagnitudeCut global;
        if (scope_ == Scope::global) {
            progress.update(0, "ranking all weights");
            global = find_cut(chosen, pattern().share(elements), context, quiet);
        }
        for (StoredTensor* tensor : chosen) {
            progress.update(static_cast<double>(done) / static_cast<double>(elements),
                            tensor->name);
            done += tensor->elements();
            zeros += prune_one(tensor, global, context, quiet);
        }
        notes.push_back(zeros_note(zeros, elements, chosen.size()));
        return notes;
    }

private:
    // What is ranked together; of N of every M it is always the group.
    enum class Scope : std::uint8_t { row, tensor, global };

    static Scope scope_of(const nlohmann::json& options) {
        if (PrunePattern(options).n_of_m || options.at("scope") == "row") return Scope::row;
        return options.at("scope") == "global" ? Scope::global : Scope::tensor;
    }

    std::int64_t prune_one(StoredTensor* tensor, MagnitudeCut& global,
                           const kernels::Context& context, const Progress& progress) const {
        if (scope_ == Scope::row) return prune(*tensor, context, progress, row_marker(pattern()));
        if (scope_ == Scope::global) return prune_at(*tensor, global, context, progress);
        MagnitudeCut cut =
            find_cut(std::span(&tensor, 1), pattern().share(tensor->elements()), context, progress);
        return prune_at(*tensor, cut, context, progress);
    }

    Scope scope_;
};

}  // namespace

std::unique_ptr<const Technique> implementations::prune_magnitude(const nlohmann::json& options) {
    return std::make_unique<PruneMagnitude>(options);
}

}  // namespace hone
