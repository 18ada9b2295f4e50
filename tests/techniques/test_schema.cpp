// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "engine/core/error.h"
#include "engine/experiment/protocol/experiment.h"
#include "engine/techniques/schema/document.h"
#include "tests/paths/paths.h"

namespace hone {
namespace {

constexpr std::array kKinds{ChoiceItem{"plain", "Plain"}, ChoiceItem{"fancy", "Fancy"}};
const std::array kOptions{
    Option{"kind", "Kind", "Which.", Choice{kKinds, "plain"}},
    Option{"depth", "Depth", "How deep.", Integer{1, 9, 3, 1, "layers"}, OnlyWhen{"kind", "fancy"}},
    Option{"share", "Share", "How much.", Real{0, 1, 0.25, 0.05, 2, ""}},
    Option{"eager", "Eager", "Whether at once.", Flag{true}}};
const std::array kConflicts{Conflict{"second", "both want the same tokens"}};
const std::array kDescriptors{
    Descriptor{"first", "First", "Does one thing.", "nowhere", Slot::attention,
               Stage::configures_run, kOptions, kConflicts},
    Descriptor{"second",
               "Second",
               "Does another.",
               "nowhere",
               Slot::batching,
               Stage::configures_run,
               {},
               {}},
    Descriptor{"third",
               "Third",
               "Does a third.",
               "nowhere",
               Slot::weights,
               Stage::transforms_weights,
               kOptions,
               {},
               "depth"}};
const Registry kRegistry{kDescriptors};

ErrorDetails error_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const Error& error) {
        return error.details();
    }
    ADD_FAILURE() << "no error";
    return {};
}

TEST(Schema, FillsInDefaults) {
    EXPECT_EQ(complete_options(kDescriptors[0], {{"depth", 5}}),
              (nlohmann::json{{"kind", "plain"}, {"depth", 5}, {"share", 0.25}, {"eager", true}}));
    EXPECT_EQ(complete_options(kDescriptors[0], nullptr), default_options(kDescriptors[0]));
}

TEST(Schema, StoresWholeNumbersOfARealAsReals) {
    EXPECT_EQ(complete_options(kDescriptors[0], {{"share", 1}}).at("share").dump(), "1.0");
}

TEST(Schema, RefusesBadValuesNamingOptionFoundAndExpected) {
    const std::pair<nlohmann::json, const char*> cases[] = {
        {{{"depth", 10}}, "from 1 to 9"},
        {{{"depth", 2.5}}, "whole number"},
        {{{"depth", "3"}}, "whole number"},
        {{{"share", -0.1}}, "from 0 to 1"},
        {{{"share", "x"}}, "number"},
        {{{"eager", 1}}, "true or false"},
        {{{"kind", "odd"}}, "one of plain, fancy"}};
    for (const auto& [options, expected] : cases) {
        const ErrorDetails details =
            error_of([&, o = options] { complete_options(kDescriptors[0], o); });
        EXPECT_EQ(details.field, "first." + options.begin().key());
        EXPECT_EQ(details.found, options.begin().value().dump());
        EXPECT_NE(details.expected.find(expected), std::string::npos) << details.expected;
    }
    EXPECT_NE(error_of([] {
                  complete_options(kDescriptors[0], {{"colour", 1}});
              }).expected.find("kind, depth"),
              std::string::npos);
    EXPECT_THROW(complete_options(kDescriptors[0], nlohmann::json::array()), Error);
}

TEST(Schema, ReadsValuesFromText) {
    const Descriptor& first = kDescriptors[0];
    EXPECT_EQ(parse_value(first, first.options[0], "fancy"), "fancy");
    EXPECT_EQ(parse_value(first, first.options[1], "7"), 7);
    EXPECT_EQ(parse_value(first, first.options[2], "0.5"), 0.5);
    EXPECT_EQ(parse_value(first, first.options[3], "false"), false);
    for (const std::string_view bad : {"", "seven", "7x", "1e3", "99999999999999999999"})
        EXPECT_THROW(parse_value(first, first.options[1], bad), Error) << bad;
    for (const std::string_view bad : {"", "nan", "inf", "0.5x"})
        EXPECT_THROW(parse_value(first, first.options[2], bad), Error) << bad;
}

TEST(Schema, SetsOptionsFromALine) {
    const Descriptor& first = kDescriptors[0];
    EXPECT_EQ(with_settings(first, default_options(first), "kind=fancy depth=7"),
              (nlohmann::json{{"kind", "fancy"}, {"depth", 7}, {"share", 0.25}, {"eager", true}}));
    EXPECT_EQ(with_settings(first, default_options(first), ""), default_options(first));
    for (const std::string_view bad : {"colour=1", "depth", "depth=10", "depth=1  share=0", "=1"})
        EXPECT_THROW(with_settings(first, default_options(first), bad), Error) << bad;
}

TEST(Registry, KnowsConflictsFromEitherSide) {
    EXPECT_EQ(kRegistry.conflict("first", "second"), "both want the same tokens");
    EXPECT_EQ(kRegistry.conflict("second", "first"), "both want the same tokens");
    EXPECT_TRUE(kRegistry.conflict("first", "third").empty());
    EXPECT_EQ(kRegistry.find("fourth"), nullptr);
}

TEST(Registry, OfThisProgramIsSound) {
    std::set<std::string_view> ids;
    for (const Descriptor& descriptor : builtin_registry().descriptors()) {
        EXPECT_TRUE(ids.insert(descriptor.id).second) << descriptor.id;
        EXPECT_FALSE(descriptor.title.empty());
        EXPECT_FALSE(descriptor.summary.empty());
        EXPECT_FALSE(descriptor.source.empty()) << descriptor.id;
        std::set<std::string_view> keys;
        for (const Option& option : descriptor.options) {
            EXPECT_TRUE(keys.insert(option.key).second) << option.key;
            EXPECT_FALSE(option.label.empty());
            EXPECT_FALSE(option.help.empty()) << option.key;
            if (option.only_when) {
                EXPECT_TRUE(keys.contains(option.only_when->key))
                    << "shown after what it depends on";
            }
        }
        EXPECT_EQ(complete_options(descriptor, default_options(descriptor)),
                  default_options(descriptor));
        EXPECT_NO_THROW(
            with_settings(descriptor, default_options(descriptor), descriptor.trial.small));
        for (const std::string_view settings : descriptor.trial.variants)
            EXPECT_NE(with_settings(descriptor, default_options(descriptor), settings),
                      default_options(descriptor));
        if (!descriptor.sequences.empty()) {
            EXPECT_TRUE(keys.contains(descriptor.sequences));
        }
        for (const Conflict& conflict : descriptor.conflicts)
            EXPECT_NE(builtin_registry().find(conflict.technique), nullptr) << conflict.technique;
    }
}

TEST(Registry, DescribesItselfAsJson) {
    const nlohmann::json json = to_json(kRegistry);
    ASSERT_EQ(json.size(), 3U);
    EXPECT_EQ(json[0].at("id"), "first");
    EXPECT_EQ(json[0].at("slot"), "attention");
    EXPECT_EQ(json[0].at("options")[1].at("range"), (nlohmann::json{1, 9}));
    EXPECT_EQ(json[0].at("options")[0].at("choices"), (nlohmann::json{"plain", "fancy"}));
    EXPECT_EQ(json[0].at("options")[2].at("default"), 0.25);
}

TEST(Registry, ANewTechniqueAppearsInTheDocument) {
    const std::string page = techniques_markdown(kRegistry);
    for (const char* text :
         {"Third", "`third`", "`depth`", "How deep.", "both want the same tokens"})
        EXPECT_NE(page.find(text), std::string::npos) << text;
}

// With HONE_UPDATE_DOCS set the page is written instead of compared.
TEST(Registry, HasItsPage) {
    const std::string path = test::source_dir() + "/docs/techniques.md";
    if (std::getenv("HONE_UPDATE_DOCS") != nullptr)
        std::ofstream(path) << techniques_markdown(builtin_registry());
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    EXPECT_EQ(text.str(), techniques_markdown(builtin_registry()))
        << "run this test with HONE_UPDATE_DOCS=1 and commit docs/techniques.md";
}

TEST(Recipe, TakesSettingsOfAnyRegisteredTechnique) {
    Recipe recipe;
    add_setting(recipe, "third.kind=fancy", kRegistry);
    add_setting(recipe, "third.depth=4", kRegistry);
    add_setting(recipe, "second", kRegistry);
    ASSERT_EQ(recipe.steps.size(), 2U);
    EXPECT_EQ(recipe.steps[0].options.at("depth"), 4);
    EXPECT_EQ(label(recipe, kRegistry), "Third fancy, 4 · Second");
    EXPECT_EQ(sequences_wanted(recipe, kRegistry), 4);
    EXPECT_EQ(sequences_wanted({}, kRegistry), 1);
    for (const char* bad :
         {"fourth", "third.colour=1", "third.depth", "third=1", "third.depth=x", ""})
        EXPECT_THROW(add_setting(recipe, bad, kRegistry), Error) << bad;
}

TEST(Recipe, RefusesConflictsAndRepeats) {
    const ErrorDetails details = error_of([] {
        recipe_from_json(
            nlohmann::json::parse(R"([{"technique": "second"}, {"technique": "first"}])"),
            kRegistry);
    });
    EXPECT_NE(details.message.find("both want the same tokens"), std::string::npos);
    EXPECT_THROW(recipe_from_json(
                     nlohmann::json::parse(R"([{"technique": "second"}, {"technique": "second"}])"),
                     kRegistry),
                 Error);
}

TEST(Recipe, SurvivesJson) {
    Recipe recipe;
    add_setting(recipe, "first.share=0.75", kRegistry);
    EXPECT_EQ(recipe_from_json(to_json(recipe), kRegistry), recipe);
    EXPECT_TRUE(recipe_from_json(nlohmann::json::array(), kRegistry).steps.empty());
    for (const char* bad :
         {"{}", "[1]", R"([{"options": {}}])", R"([{"technique": "first", "extra": 1}])",
          R"([{"technique": "first", "options": 3}])"})
        EXPECT_THROW(recipe_from_json(nlohmann::json::parse(bad), kRegistry), Error) << bad;
}

TEST(Schema, ReadsChoicesInAnyCase) {
    for (const Descriptor& descriptor : builtin_registry().descriptors()) {
        for (const Option& option : descriptor.options) {
            const auto* choice = std::get_if<Choice>(&option.type);
            if (choice == nullptr) continue;
            for (const ChoiceItem& item : choice->items) {
                std::string upper(item.id);
                std::transform(upper.begin(), upper.end(), upper.begin(),
                               [](char c) { return static_cast<char>(std::toupper(c)); });
                EXPECT_EQ(parse_value(descriptor, option, upper), item.id);
                const nlohmann::json complete =
                    complete_options(descriptor, {{std::string(option.key), upper}});
                EXPECT_EQ(complete.at(std::string(option.key)), item.id);
            }
        }
    }
}

}  // namespace
}  // namespace hone
