// SPDX-License-Identifier: Apache-2.0
#include "tests/techniques/technique_test.h"

#include <random>

namespace hone {
namespace {

std::vector<RecipeStep> variants_of(const Descriptor& descriptor) {
    std::vector<RecipeStep> variants{{std::string(descriptor.id), default_options(descriptor)}};
    for (const Option& option : descriptor.options) {
        const auto* choice = std::get_if<Choice>(&option.type);
        if (choice == nullptr) continue;
        for (const ChoiceItem& item : choice->items) {
            RecipeStep step = variants.front();
            if (option.only_when) step.options[std::string(option.only_when->key)] = option.only_when->value;
            step.options[std::string(option.key)] = item.id;
            if (step != variants.front()) variants.push_back(step);
        }
    }
    return variants;
}

}  // namespace

std::vector<RecipeStep> all_variants() {
    std::vector<RecipeStep> all;
    for (const Descriptor& descriptor : builtin_registry().descriptors()) {
        const auto variants = variants_of(descriptor);
        all.insert(all.end(), variants.begin(), variants.end());
    }
    return all;
}

RecipeStep sharpened(RecipeStep step) {
    if (step.options.contains("window")) step.options["window"] = 8;
    if (step.options.contains("keep_ends")) {  // the tiny model has two layers
        step.options["keep_ends"] = 0;
        step.options["layers"] = 1;
    }
    if (step.options.contains("tokens")) step.options["tokens"] = 64;
    if (step.options.contains("keep")) {
        step.options["keep"] = 1;
        step.options["page"] = "16";
        step.options["dense_layers"] = 1;
    }
    return step;
}

nlohmann::json options_of(std::string_view id, const nlohmann::json& changes) {
    return complete_options(*builtin_registry().find(id), changes);
}

std::vector<std::string> transform(Checkpoint& checkpoint, std::string_view id,
                                   const nlohmann::json& changes) {
    Machine machine;
    return std::get<WeightTechnique>(find_technique(id)->act)
        .apply(checkpoint, options_of(id, changes), machine.context(), {});
}

std::vector<std::string> plan(Checkpoint& checkpoint, std::string_view id, const nlohmann::json& changes) {
    return std::get<WeightTechnique>(find_technique(id)->act).plan(checkpoint, options_of(id, changes));
}

StoredTensor matrix(const std::string& name, std::int64_t rows, std::int64_t cols,
                    const std::vector<float>& values) {
    StoredTensor tensor;
    tensor.name = name;
    tensor.place = place_of(find_family("llama"), name);
    tensor.shape = {rows, cols};
    const auto owner = std::make_shared<std::vector<float>>(values);
    tensor.data = std::as_bytes(std::span(*owner));
    tensor.owner = owner;
    return tensor;
}

std::vector<float> random_values(std::size_t count, std::uint32_t seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    std::vector<float> values(count);
    for (float& value : values) value = normal(random);
    return values;
}

}  // namespace hone
