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
            if (option.only_when)
                step.options[std::string(option.only_when->key)] = option.only_when->value;
            step.options[std::string(option.key)] = item.id;
            if (step != variants.front()) variants.push_back(step);
        }
    }
    for (const std::string_view settings : descriptor.trial.variants)
        variants.push_back({std::string(descriptor.id),
                            with_settings(descriptor, default_options(descriptor), settings)});
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

RecipeStep sharpened(const RecipeStep& step) {
    const Descriptor& descriptor = *builtin_registry().find(step.technique);
    return {step.technique, with_settings(descriptor, step.options, descriptor.trial.small)};
}

std::unique_ptr<const Technique> technique_with(std::string_view id,
                                                const nlohmann::json& changes) {
    return make_technique(id, options_of(id, changes));
}

nlohmann::json options_of(std::string_view id, const nlohmann::json& changes) {
    return complete_options(*builtin_registry().find(id), changes);
}

std::vector<std::string> transform(Checkpoint& checkpoint, std::string_view id,
                                   const nlohmann::json& changes) {
    Machine machine;
    return dynamic_cast<const WeightTechnique&>(*technique_with(id, changes))
        .apply(checkpoint, machine.context(), {});
}

std::vector<std::string> plan(Checkpoint& checkpoint, std::string_view id,
                              const nlohmann::json& changes) {
    return dynamic_cast<const WeightTechnique&>(*technique_with(id, changes)).plan(checkpoint);
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
