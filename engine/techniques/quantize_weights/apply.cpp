// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>
#include <vector>

#include "engine/core/error.h"
#include "engine/techniques/apply/matrices.h"
#include "engine/techniques/apply/techniques.h"
#include "engine/weights/weight_format.h"

namespace hone {
namespace {

// The types that a scheme stores, those of larger groups first.
std::vector<DType> types_of(const std::string& scheme) {
    std::vector<DType> types;
    for (const DTypeInfo& type : all_dtypes()) {
        if (type.scheme.id == scheme) types.push_back(type.type);
    }
    std::sort(types.begin(), types.end(),
              [](DType a, DType b) { return info(a).block > info(b).block; });
    return types;
}

class QuantizeWeights final : public WeightTechnique {
public:
    explicit QuantizeWeights(const nlohmann::json& options)
        : types_(types_of(options.at("scheme").get<std::string>())),
          group_(std::stoll(options.at("group_size").get<std::string>())),
          embedding_(embedding_of(options)) {}

    Support supports(const TechniqueQuery& query) const override {
        for (const StoredTensor* tensor : matrices(query.checkpoint, true)) {
            const DType target = target_type(*tensor);
            if (!row_fits(target, tensor->cols()))
                return {false,
                        fmt::format(
                            "rows of {} have {} weights, which {}'s blocks of {} do not divide",
                            tensor->name, tensor->cols(), info(target).name, info(target).block)};
        }
        return {};
    }

    CounterUses counters() const override { return {{"converted_products"}}; }

    Notes apply(Checkpoint& checkpoint, const kernels::Context& context,
                const Progress& progress) const override {
        Notes notes = notes_on(checkpoint);
        const std::vector<StoredTensor*> chosen = matrices(checkpoint, true);
        const Progress quiet{{}, progress.stop};
        std::int64_t elements = 0, done = 0, vanished = 0;
        for (const StoredTensor* tensor : chosen) elements += tensor->elements();
        for (StoredTensor* tensor : chosen) {
            progress.update(static_cast<double>(done) / static_cast<double>(elements),
                            tensor->name);
            done += tensor->elements();
            const DType target = target_type(*tensor);
            if (target != tensor->type)
                *tensor = convert_tensor(*tensor, target, context, quiet, &vanished);
            else if (!is_left(*tensor))
                require_finite(*tensor, info(target).name, context, quiet);
        }
        for (std::string& note : vanished_note(vanished)) notes.push_back(std::move(note));
        return notes;
    }

    Notes plan(Checkpoint& checkpoint) const override {
        Notes notes = notes_on(checkpoint);
        for (StoredTensor* tensor : matrices(checkpoint, true)) tensor->type = target_type(*tensor);
        return notes;
    }

private:
    enum class Embedding : std::uint8_t { q8_0, same, keep };

    static Embedding embedding_of(const nlohmann::json& options) {
        const auto embedding = options.at("embedding").get<std::string>();
        if (embedding == "keep") return Embedding::keep;
        return embedding == "same" ? Embedding::same : Embedding::q8_0;
    }

    // Whether the user wants it left as it is.
    bool is_left(const StoredTensor& tensor) const {
        return is_embedding(tensor) && embedding_ == Embedding::keep;
    }

    bool has_groups() const { return types_.size() > 1; }

    // What `tensor` becomes; its own type where it stays. The largest group that is no larger than
    // asked for and divides a row is taken; the smallest where none does.
    DType target_type(const StoredTensor& tensor) const {
        if (is_left(tensor)) return tensor.type;
        if (is_embedding(tensor) && embedding_ == Embedding::q8_0) return DType::q8_0;
        for (const DType type : types_) {
            if (!has_groups() || (info(type).block <= group_ && row_fits(type, tensor.cols())))
                return type;
        }
        return types_.back();
    }

    Notes notes_on(const Checkpoint& checkpoint) const {
        std::set<std::string_view> expanded_types;
        std::int64_t expanded = 0;
        std::map<std::int64_t, std::int64_t> smaller;  // group: matrices
        for (const StoredTensor* tensor : matrices(checkpoint, true)) {
            const DType target = target_type(*tensor);
            if (target == tensor->type) continue;
            if (!info(tensor->type).floating) {
                ++expanded;
                expanded_types.insert(info(tensor->type).name);
            }
            const bool grouped =
                has_groups() && std::find(types_.begin(), types_.end(), target) != types_.end();
            if (grouped && info(target).block != group_) ++smaller[info(target).block];
        }
        Notes notes;
        if (expanded > 0)
            notes.push_back(
                fmt::format("{} matrices are quantised already ({}) and are expanded first: both "
                            "roundings add up",
                            expanded, fmt::join(expanded_types, ", ")));
        for (const auto& [group, count] : smaller)
            notes.push_back(
                fmt::format("{} matrices use groups of {}: their rows cannot be divided by {}",
                            count, group, group_));
        return notes;
    }

    std::vector<DType> types_;  // several: groups, of which one fits a row
    std::int64_t group_;
    Embedding embedding_;
};

}  // namespace

std::unique_ptr<const Technique> implementations::quantize_weights(const nlohmann::json& options) {
    return std::make_unique<QuantizeWeights>(options);
}

}  // namespace hone
