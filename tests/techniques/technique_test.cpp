// SPDX-License-Identifier: Apache-2.0
#include "tests/techniques/technique_test.h"

#include <random>

namespace hone {

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
