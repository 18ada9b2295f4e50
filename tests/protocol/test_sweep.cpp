// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "engine/core/error.h"
#include "engine/experiment/protocol/sweep.h"

namespace hone {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

Sweep sweep(const std::vector<std::string>& settings, const Recipe& base = {}) {
    return sweep_of({base, {}}, settings, builtin_registry());
}

ErrorDetails refusal(const std::vector<std::string>& settings) {
    try {
        sweep(settings);
    } catch (const Error& error) {
        return error.details();
    }
    ADD_FAILURE() << "was not refused";
    return {};
}

std::vector<std::string> labels(const Sweep& of) {
    std::vector<std::string> found;
    for (const Recipe& recipe : of.recipes(builtin_registry()))
        found.push_back(swept_label(of.options, to_json(recipe)));
    return found;
}

TEST(Sweep, OfSingleValuesIsOneRecipe) {
    const Sweep one = sweep({"kv_cache.dtype=int8", "prune_magnitude"});
    EXPECT_TRUE(one.options.empty());
    EXPECT_EQ(one.candidates(), 1u);
    Recipe expected;
    add_setting(expected, "kv_cache.dtype=int8", builtin_registry());
    add_setting(expected, "prune_magnitude", builtin_registry());
    EXPECT_THAT(one.recipes(builtin_registry()),
                ElementsAre(validated(expected, builtin_registry())));
    EXPECT_EQ(sweep({}).recipes(builtin_registry()).size(), 1u);
}

TEST(Sweep, OfAListIsARecipeAValue) {
    const Sweep list = sweep({"quantize_weights.scheme=q8_0,q4_0"});
    EXPECT_EQ(list.candidates(), 2u);
    EXPECT_THAT(labels(list), ElementsAre("q8_0", "q4_0"));
    EXPECT_EQ(list.recipes(builtin_registry())[1].steps[0].options.at("scheme"), "q4_0");
    EXPECT_EQ(list.base.steps[0].options.at("scheme"), "q8_0");
    EXPECT_EQ(to_json(list.options), json({{{"technique", "quantize_weights"},
                                            {"option", "scheme"},
                                            {"values", {"q8_0", "q4_0"}}}}));
    EXPECT_EQ(swept_from_json(to_json(list.options)), list.options);
    EXPECT_EQ(values_text(list.options[0].values), "q8_0,q4_0");
}

TEST(Sweep, OfSeveralListsIsTheirProduct) {
    const Sweep product = sweep({"prune_magnitude.sparsity=0.25,0.5", "kv_cache.dtype=fp16,int8"});
    EXPECT_EQ(product.candidates(), 4u);
    EXPECT_THAT(labels(product),
                ElementsAre("sparsity 0.25, dtype fp16", "sparsity 0.25, dtype int8",
                            "sparsity 0.5, dtype fp16", "sparsity 0.5, dtype int8"));
    EXPECT_EQ(swept_label(product.options, json::array()), "") << "the baseline";
}

TEST(Sweep, CountsBeyondAllNumbers) {
    Sweep large;
    large.options.assign(70, {"kv_cache", "dtype", {1, 2, 3}});
    EXPECT_EQ(large.candidates(), std::numeric_limits<std::uint64_t>::max());
}

TEST(Sweep, RefusesByOptionBeforeAnythingRuns) {
    const ErrorDetails unknown = refusal({"quantize_weights.scheme=q8_0,q9_9"});
    EXPECT_EQ(unknown.field, "quantize_weights.scheme");
    EXPECT_THAT(unknown.found, HasSubstr("q9_9"));
    EXPECT_THAT(unknown.expected, HasSubstr("q4_0"));
    EXPECT_EQ(refusal({"quantize_weights.scheme=q8_0,"}).field, "quantize_weights.scheme");
    EXPECT_THAT(refusal({"quantize_weights.scheme=q8_0,q4_0,q8_0"}).found, HasSubstr("twice"));
    EXPECT_THAT(refusal({"prune_magnitude.sparsity=0.5,0.50"}).found, HasSubstr("twice"));
    EXPECT_THAT(refusal({"kv_cache.dtype=fp16,int8", "kv_cache.dtype=off"}).expected,
                HasSubstr("one setting"));
    EXPECT_THAT(refusal({"kv_cache.dtype=fp16\\;int8"}).expected, HasSubstr("\\,"));
    EXPECT_THAT(refusal({"teleport.how=a,b"}).field, HasSubstr("technique"));
}

// No technique of today has such a value; a list must be able to say it all the same.
TEST(Sweep, EscapesCommasThatBelongToAValue) {
    static constexpr std::array kItems{ChoiceItem{"a,b", "A and B"}, ChoiceItem{"c\\d", "C or D"}};
    static constexpr std::array kOptions{Option{"which", "Which", "", Choice{kItems, "a,b"}}};
    const Descriptor descriptor{.id = "odd",
                                .title = "Odd",
                                .summary = "",
                                .source = "",
                                .slot = Slot::weights,
                                .stage = Stage::configures_run,
                                .options = kOptions};
    const Registry registry({&descriptor, 1});
    const std::vector<std::string> both{R"(odd.which=a\,b,c\\d)"}, one{R"(odd.which=a\,b)"};
    const Sweep list = sweep_of({}, both, registry);
    ASSERT_EQ(list.options.size(), 1u);
    EXPECT_THAT(list.options[0].values, ElementsAre("a,b", "c\\d"));
    EXPECT_EQ(values_text(list.options[0].values), R"(a\,b,c\\d)");
    EXPECT_EQ(sweep_of({}, one, registry).base.steps[0].options.at("which"), "a,b");
}

TEST(Sweep, IsARecipesDocumentWithLists) {
    const json document =
        json::parse(R"([{"technique": "quantize_weights", "options": {"scheme": ["q8_0", "q4_0"]}},
                        {"technique": "kv_cache", "options": {"dtype": ["int8"]}},
                        {"technique": "prune_magnitude", "options": {"sparsity": [0.25, 0.5]}}])");
    const Sweep read = sweep_from_json(document, builtin_registry());
    ASSERT_EQ(read.options.size(), 2u) << "a list of one value is that value";
    EXPECT_EQ(read.options[0].values, (std::vector<json>{"q8_0", "q4_0"}));
    EXPECT_EQ(read.candidates(), 4u);
    EXPECT_EQ(read.base.steps[0].options.at("scheme"), "q8_0");
    EXPECT_EQ(read.base.steps[1].options.at("dtype"), "int8");
    const json written = to_json(read);
    EXPECT_EQ(written[0]["options"]["scheme"], json({"q8_0", "q4_0"}));
    const Sweep again = sweep_from_json(written, builtin_registry());
    EXPECT_EQ(again.base, read.base);
    EXPECT_EQ(again.options, read.options);
    // Without lists it is the recipe.
    const Recipe plain = sweep({"kv_cache.dtype=int8"}).base;
    EXPECT_EQ(to_json(Sweep{plain, {}}), to_json(plain));
    EXPECT_THROW(recipe_from_json(document, builtin_registry()), Error);
}

TEST(Sweep, OfADocumentRefusesByOption) {
    const auto refused = [](const char* options) {
        const json document = {{{"technique", "kv_cache"}, {"options", json::parse(options)}}};
        try {
            sweep_from_json(document, builtin_registry());
        } catch (const Error& error) {
            return error.details();
        }
        ADD_FAILURE() << options << " was not refused";
        return ErrorDetails{};
    };
    for (const char* options :
         {R"({"dtype": []})", R"({"dtype": ["int8", "int8"]})", R"({"dtype": ["int8", "x"]})",
          R"({"dtype": ["int8", 7]})", R"({"dtype": [["int8"], ["fp16"]]})"})
        EXPECT_EQ(refused(options).field, "kv_cache.dtype") << options;
    EXPECT_THAT(refused(R"({"dtype": ["int8", "int8"]})").found, HasSubstr("twice"));
    EXPECT_THAT(refused(R"({"teleport": [1, 2]})").field, HasSubstr("kv_cache"));
    for (const char* document : {"[7]", R"([{"technique": 7, "options": {"a": [1]}}])",
                                 R"([{"options": [1, 2]}])", R"({"a": [1]})"})
        EXPECT_THROW(sweep_from_json(json::parse(document), builtin_registry()), Error) << document;
}

TEST(Sweep, SettingsTakeThePlaceOfADocumentsLists) {
    const Sweep file = sweep({"kv_cache.dtype=fp16,int8", "prune_magnitude.sparsity=0.25,0.5"});
    const std::vector<std::string> one{"kv_cache.dtype=off"},
        list{"prune_magnitude.sparsity=0.1,0.2"};
    const Sweep single = sweep_of(file, one, builtin_registry());
    ASSERT_EQ(single.options.size(), 1u);
    EXPECT_EQ(single.options[0].option, "sparsity");
    EXPECT_EQ(single.base.steps[0].options.at("dtype"), "off");
    const Sweep other = sweep_of(file, list, builtin_registry());
    ASSERT_EQ(other.options.size(), 2u);
    EXPECT_EQ(other.options[0].option, "dtype");
    EXPECT_EQ(other.options[1].values, (std::vector<json>{0.1, 0.2}));
}

TEST(Sweep, ReadsWhatAStoreHolds) {
    EXPECT_TRUE(swept_from_json(nullptr).empty());
    EXPECT_TRUE(
        swept_from_json({1, {{"technique", 3}}, {{"technique", "a"}, {"option", "b"}}}).empty());
}

}  // namespace
}  // namespace hone
