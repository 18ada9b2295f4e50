// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <utility>

#include "engine/core/error.h"
#include "engine/techniques/apply/matrices.h"
#include "engine/techniques/apply/techniques.h"
#include "engine/weights/weight_format.h"

namespace hone {
namespace {

constexpr std::array kGroupTypes{DType::i4_g128, DType::i4_g64, DType::i4_g32};

// The type of the largest group that is no larger than `group` and divides a row of `cols`; the smallest where none does.
DType group_type(std::int64_t group, std::int64_t cols) {
    for (const DType type : kGroupTypes) {
        if (info(type).block <= group && row_fits(type, cols)) return type;
    }
    return DType::i4_g32;
}

DType scheme_type(const nlohmann::json& options, std::int64_t cols) {
    const auto scheme = options.at("scheme").get<std::string>();
    if (scheme == "int8_channel") return DType::i8_channel;
    if (scheme == "fp8_channel") return DType::e4m3_channel;
    if (scheme == "int4_group")
        return group_type(std::stoll(options.at("group_size").get<std::string>()), cols);
    return *dtype_from_id(scheme);
}

// Whether the user wants it left as it is.
bool is_left(const StoredTensor& tensor, const nlohmann::json& options) {
    return is_embedding(tensor) && options.at("embedding").get<std::string>() == "keep";
}

// What `tensor` becomes; its own type where it stays.
DType target_type(const StoredTensor& tensor, const nlohmann::json& options) {
    if (is_left(tensor, options)) return tensor.type;
    const bool like_others = !is_embedding(tensor) || options.at("embedding").get<std::string>() == "same";
    return like_others ? scheme_type(options, tensor.cols()) : DType::q8_0;
}

std::vector<std::string> notes_on(const Checkpoint& checkpoint, const nlohmann::json& options) {
    std::set<std::string_view> expanded_types;
    std::int64_t expanded = 0;
    std::map<std::int64_t, std::int64_t> smaller;  // group: matrices
    const auto wanted_group = options.at("group_size").get<std::string>();
    for (const StoredTensor* tensor : matrices(checkpoint, true)) {
        const DType target = target_type(*tensor, options);
        if (target == tensor->type) continue;
        if (!info(tensor->type).floating) {
            ++expanded;
            expanded_types.insert(info(tensor->type).name);
        }
        const bool grouped = std::find(kGroupTypes.begin(), kGroupTypes.end(), target) != kGroupTypes.end();
        if (grouped && std::to_string(info(target).block) != wanted_group) ++smaller[info(target).block];
    }
    std::vector<std::string> notes;
    if (expanded > 0)
        notes.push_back(fmt::format(
            "{} matrices are quantised already ({}) and are expanded first: both roundings add up", expanded,
            fmt::join(expanded_types, ", ")));
    for (const auto& [group, count] : smaller)
        notes.push_back(fmt::format("{} matrices use groups of {}: their rows cannot be divided by {}", count,
                                    group, wanted_group));
    return notes;
}

std::vector<std::string> apply(Checkpoint& checkpoint, const nlohmann::json& options,
                               const kernels::Context& context, const Progress& progress) {
    std::vector<std::string> notes = notes_on(checkpoint, options);
    const std::vector<StoredTensor*> chosen = matrices(checkpoint, true);
    const Progress quiet{{}, progress.stop};
    std::int64_t elements = 0, done = 0, vanished = 0;
    for (const StoredTensor* tensor : chosen) elements += tensor->elements();
    for (StoredTensor* tensor : chosen) {
        progress.update(static_cast<double>(done) / static_cast<double>(elements), tensor->name);
        done += tensor->elements();
        const DType target = target_type(*tensor, options);
        if (target != tensor->type)
            *tensor = convert_tensor(*tensor, target, context, quiet, &vanished);
        else if (!is_left(*tensor, options))
            require_finite(*tensor, info(target).name, context, quiet);
    }
    for (std::string& note : vanished_note(vanished)) notes.push_back(std::move(note));
    return notes;
}

std::vector<std::string> plan(Checkpoint& checkpoint, const nlohmann::json& options) {
    std::vector<std::string> notes = notes_on(checkpoint, options);
    for (StoredTensor* tensor : matrices(checkpoint, true)) tensor->type = target_type(*tensor, options);
    return notes;
}

Support supports(const TechniqueQuery& query) {
    for (const StoredTensor* tensor : matrices(query.checkpoint, true)) {
        const DType target = target_type(*tensor, query.options);
        if (!row_fits(target, tensor->cols()))
            return {false, fmt::format("rows of {} have {} weights, which {}'s blocks of {} do not divide",
                                       tensor->name, tensor->cols(), info(target).name, info(target).block)};
    }
    return {};
}

CounterUses counters(const nlohmann::json&) {
    return {{"converted_products"}};
}

}  // namespace

Technique quantize_weights() {
    return {descriptors::quantize_weights, supports, counters, WeightTechnique{apply, plan}};
}

}  // namespace hone
