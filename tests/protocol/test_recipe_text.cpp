// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "engine/experiment/protocol/recipe_text.h"

namespace hone {
namespace {

using nlohmann::json;

const Registry& known() {
    return builtin_registry();
}

Sweep sweep(const std::vector<std::string>& settings) {
    return sweep_of({}, settings, known());
}

std::string text_of(const std::vector<std::string>& settings) {
    return recipe_text(sweep(settings), known());
}

TEST(RecipeText, NamesTheTechniqueFirstAndLeavesDefaultsOut) {
    EXPECT_EQ(recipe_text({}, known()), "[]");
    EXPECT_EQ(text_of({"kv_cache"}), "[\n  {\"technique\": \"kv_cache\"}\n]");
    EXPECT_EQ(
        text_of({"quantize_weights.scheme=q4_0", "quantize_weights.embedding=keep", "kv_cache"}),
        R"([
  {"technique": "quantize_weights", "options": {
    "scheme": "q4_0",
    "embedding": "keep"
  }},
  {"technique": "kv_cache"}
])");
}

TEST(RecipeText, HoldsAListThoughItBeginsWithTheDefault) {
    EXPECT_EQ(text_of({"quantize_weights.scheme=q8_0,q4_0"}), R"([
  {"technique": "quantize_weights", "options": {
    "scheme": ["q8_0","q4_0"]
  }}
])");
}

// Every technique with its defaults, and with every option set to something else: none of it is
// lost, also where an option has no effect beside the others.
TEST(RecipeText, IsReadAsTheSameRecipe) {
    for (const Descriptor& descriptor : known().descriptors()) {
        const std::string id(descriptor.id);
        std::vector<std::string> settings{id};
        for (int round = 0; round < 2; ++round) {
            const Sweep made = sweep(settings);
            const Sweep read = sweep_from_json(json::parse(recipe_text(made, known())), known());
            EXPECT_EQ(read.base, made.base) << id;
            EXPECT_EQ(to_json(read), to_json(made)) << id;
            for (const Option& option : descriptor.options) {
                const std::string path = id + "." + std::string(option.key) + "=";
                if (const auto* flag = std::get_if<Flag>(&option.type))
                    settings.push_back(path + (flag->fallback ? "false" : "true"));
                if (const auto* whole = std::get_if<Integer>(&option.type))
                    settings.push_back(path + std::to_string(whole->high));
                if (const auto* choice = std::get_if<Choice>(&option.type))
                    settings.push_back(path + std::string(choice->items.back().id));
            }
        }
    }
}

TEST(RecipeText, OfManyTechniquesIsReadAsTheSameSweep) {
    const Sweep made = sweep({"prune_magnitude.sparsity=0.25", "quantize_weights.scheme=q8_0,q4_0",
                              "kv_cache.dtype=int8"});
    const Sweep read = sweep_from_json(json::parse(recipe_text(made, known())), known());
    EXPECT_EQ(read.base, made.base);
    EXPECT_EQ(read.options, made.options);
}

}  // namespace
}  // namespace hone
