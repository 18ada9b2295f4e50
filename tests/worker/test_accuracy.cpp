// SPDX-License-Identifier: Apache-2.0
// What a worker scores, against what the tokeniser and the windows say by themselves.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/evaluation/bundled_text.h"
#include "engine/evaluation/perplexity.h"
#include "engine/experiment/worker/accuracy_text.h"
#include "engine/experiment/worker/prepared.h"
#include "engine/tokenizer/tokenizer.h"
#include "profiler/statistics/metrics.h"
#include "tests/paths/paths.h"

namespace hone {
namespace {

// Its tokeniser merges: tokens of one byte would make bytes and tokens the same.
const std::string kWithMerges = test::fixtures() + "/hugging_face/grouped";

class BitsPerByte : public testing::TestWithParam<const char*> {};

TEST_P(BitsPerByte, AreThoseOfTheScoredText) {
    Experiment experiment;
    experiment.checkpoint = kWithMerges;
    Workload& workload = experiment.workload;
    workload.prompt_tokens = workload.generated_tokens = 2;
    workload.protocol = GetParam();
    workload.context = 64;
    workload.stride = 32;
    workload.windows = 3;
    experiment.target.threads = 1;
    Prepared prepared(experiment, "keep", InjectedFault(), {}, {});
    profiler::WindowTotals totals;
    for (int window = 0; window < workload.windows; ++window) {
        totals.add(prepared.accuracy({.window = window}, {}).sums, false);
    }
    const auto measured = totals.estimates();

    const Tokenizer tokenizer = Tokenizer::from_checkpoint(open_checkpoint(kWithMerges, false));
    std::vector<TokenId> tokens = tokenizer.encode(bundled_text());
    if (tokenizer.adds_bos()) tokens.insert(tokens.begin(), tokenizer.bos().value());
    double scored = 0, bytes = 0;
    for (const ScoredWindow& window : plan_windows(perplexity_plan(workload), std::ssize(tokens))) {
        const std::vector<TokenId> span(tokens.begin() + window.score_begin,
                                        tokens.begin() + window.end);
        scored += static_cast<double>(span.size());
        bytes += static_cast<double>(tokenizer.decode(span).size());
    }
    EXPECT_GT(bytes, 1.1 * scored) << "the fixture's tokeniser merges nothing";
    EXPECT_NEAR(measured.at("bits_per_byte").value,
                std::log2(measured.at("perplexity").value) * scored / bytes, 1e-9);
}

INSTANTIATE_TEST_SUITE_P(Protocols, BitsPerByte, testing::Values("windows", "strided"),
                         [](const auto& test) { return std::string(test.param); });

}  // namespace
}  // namespace hone
