// SPDX-License-Identifier: Apache-2.0
#include <stdexcept>

#include "engine/base/bounded_json.h"
#include "engine/core/error.h"
#include "engine/experiment/protocol/experiment.h"
#include "tests/fuzz/target.h"

namespace hone::fuzz {
namespace {

// A recipe file, and the same bytes as a setting of --with.
void run(std::string_view input) {
    const Registry& registry = builtin_registry();
    try {
        const Recipe recipe = recipe_from_json(parse_bounded_json(input), registry);
        if (recipe_from_json(to_json(recipe), registry) != recipe)
            throw std::logic_error("not the same recipe again");
        (void)label(recipe, registry);
    } catch (const Error&) {
    } catch (const JsonProblem&) {
    }
    try {
        Recipe recipe;
        add_setting(recipe, input, registry);
    } catch (const Error&) {
    }
}

std::vector<std::string> seeds() {
    std::vector<std::string> texts{"[]", "quantize_weights.scheme=int4_group", "kv_cache"};
    for (const Descriptor& descriptor : builtin_registry().descriptors()) {
        Recipe recipe;
        add_setting(recipe, descriptor.id, builtin_registry());
        texts.push_back(to_json(recipe).dump());
    }
    return texts;
}

}  // namespace

const Target recipe{"recipe", run, seeds};

}  // namespace hone::fuzz
