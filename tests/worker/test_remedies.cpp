// SPDX-License-Identifier: Apache-2.0
// What a refusal advises is taken by the place that refused.
#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>

#include "engine/experiment/protocol/messages/plans.h"
#include "engine/experiment/worker/requests.h"

namespace hone {
namespace {

// Before anything asks for the plug-in, which is looked for once.
const int kPluginChosen = ::setenv("HONE_CUDA_PLUGIN", HONE_EMULATED_PLUGIN, 1);

constexpr const char* kWeights = "quantize_weights";
constexpr const char* kActivations = "quantize_activations";

RecipeStep step(const std::string& id, const nlohmann::json& changes) {
    nlohmann::json options = default_options(*builtin_registry().find(id));
    options.update(changes);
    return {id, options};
}

// Why int8 or FP8 products are refused; empty where they are not.
std::string refusal(const std::string& device, const nlohmann::json& weights,
                    const nlohmann::json& activations) {
    WorkerContext context;
    messages::Supports request{.checkpoint = "synthetic:tiny"};
    request.target.device = device;
    request.recipe = {{step(kWeights, weights), step(kActivations, activations)}};
    return answer(request, context).techniques.at(kActivations).reason;
}

std::vector<std::string> advised_schemes(const std::string& reason) {
    std::smatch found;
    if (!std::regex_search(reason, found, std::regex("quantise weights to ([a-z0-9_ ]+), or")))
        return {};
    std::vector<std::string> schemes;
    const std::string listed = found[1];
    const std::regex word("[a-z0-9_]*_[a-z0-9_]*");
    for (std::sregex_iterator at(listed.begin(), listed.end(), word), end; at != end; ++at)
        schemes.push_back(at->str());
    return schemes;
}

std::vector<std::string> weight_schemes() {
    std::vector<std::string> ids;
    for (const Option& option : builtin_registry().find(kWeights)->options) {
        if (option.key != "scheme") continue;
        for (const ChoiceItem& item : std::get<Choice>(option.type).items)
            ids.emplace_back(item.id);
    }
    return ids;
}

TEST(Remedies, AreTakenByThePlaceThatRefused) {
    ASSERT_EQ(kPluginChosen, 0);
    int advised = 0;
    for (const std::string device : {"cpu", "cuda:0"}) {
        for (const std::string activations : {"int8_token", "fp8_token"}) {
            for (const std::string& scheme : weight_schemes()) {
                const nlohmann::json asked{{"scheme", activations}};
                const std::string reason = refusal(device, {{"scheme", scheme}}, asked);
                for (const std::string& other : advised_schemes(reason)) {
                    EXPECT_EQ(refusal(device, {{"scheme", other}}, asked), "")
                        << device << ", " << activations << ", " << scheme << ": " << reason;
                    ++advised;
                }
            }
        }
    }
    EXPECT_GT(advised, 10);
}

TEST(Remedies, OfferCudaNoScalesWithinARow) {
    const std::string on_cpu = refusal("cpu", {{"scheme", "q4_0"}}, {{"scheme", "int8_token"}}),
                      on_cuda = refusal("cuda:0", {{"scheme", "q4_0"}}, {{"scheme", "int8_token"}});
    EXPECT_EQ(advised_schemes(on_cpu), (std::vector<std::string>{"int8_channel", "q8_0"}));
    EXPECT_EQ(advised_schemes(on_cuda), (std::vector<std::string>{"int8_channel"}));
}

// Whatever the other matrices become, the embedding is stored in a type of its own.
TEST(Remedies, LeaveOutTheOutputMatrixWhereItAloneIsRefused) {
    const std::string reason = refusal("cuda:0", {{"scheme", "int8_channel"}},
                                       {{"scheme", "int8_token"}, {"output", true}});
    EXPECT_NE(reason.find("leave the output matrix out"), std::string::npos) << reason;
    EXPECT_EQ(refusal("cuda:0", {{"scheme", "int8_channel"}},
                      {{"scheme", "int8_token"}, {"output", false}}),
              "");
}

}  // namespace
}  // namespace hone
