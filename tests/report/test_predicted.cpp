// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "profiler/report/predicted.h"

namespace hone::profiler {
namespace {

using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(Predicted, TakesTimesMemoryAndSize) {
    const nlohmann::json reply{{"times", {{"decode_tokens_per_second", 10.5}, {"odd", "text"}}},
                               {"memory", {{"weights", 1}, {"peak_resident", 1000}}},
                               {"model_bytes", 7},
                               {"available", 5}};
    EXPECT_THAT(predicted_metrics(reply),
                UnorderedElementsAre(Pair("decode_tokens_per_second", 10.5),
                                     Pair("peak_memory", 1000), Pair("model_bytes", 7)));
}

TEST(Predicted, TakesNothingOfWhatIsNone) {
    for (const nlohmann::json& reply :
         {nlohmann::json(),
          nlohmann::json{{"times", nullptr}, {"memory", 3}, {"model_bytes", "many"}},
          nlohmann::json::array({1})})
        EXPECT_TRUE(predicted_metrics(reply).empty()) << reply;
}

}  // namespace
}  // namespace hone::profiler
