// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "engine/experiment/client/predicted.h"

namespace hone {
namespace {

using ::testing::Pair;
using ::testing::UnorderedElementsAre;

messages::PredictReply reply() {
    return {.memory = {{"weights", 1}, {"peak_resident", 1000}},
            .model_bytes = 7,
            .file_bytes = 8,
            .available = 5};
}

TEST(Predicted, TakesTimesMemoryAndSize) {
    messages::PredictReply timed = reply();
    timed.times = {{"decode_tokens_per_second", 10.5}};
    EXPECT_THAT(predicted_metrics(timed),
                UnorderedElementsAre(Pair("decode_tokens_per_second", 10.5),
                                     Pair("peak_memory", 1000), Pair("model_bytes", 7)));
}

TEST(Predicted, HasNoTimesWithoutACalibration) {
    EXPECT_THAT(predicted_metrics(reply()),
                UnorderedElementsAre(Pair("peak_memory", 1000), Pair("model_bytes", 7)));
    messages::PredictReply no_memory = reply();
    no_memory.memory.clear();
    EXPECT_THAT(predicted_metrics(no_memory), UnorderedElementsAre(Pair("model_bytes", 7)));
}

}  // namespace
}  // namespace hone
