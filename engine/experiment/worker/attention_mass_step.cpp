// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <span>

#include "engine/experiment/worker/prepared.h"
#include "engine/experiment/worker/requests.h"

namespace hone {

// Measured over the last tokens of the first prompt: those have the most to leave out.
messages::AttentionMassReply Prepared::attention_mass(const Progress& progress) {
    constexpr std::size_t kQueries = 64;
    begin_step();
    const std::span<const TokenId> prompt = prompts_.tokens.front();
    const std::size_t measured = std::min(kQueries, prompt.size()),
                      before = prompt.size() - measured;
    const Runtime::Counters start = runtime_->counters();
    runtime_->clear(0);
    const auto pass = [&](std::span<const TokenId> tokens) {
        const SequenceInput input{0, tokens};
        if (!tokens.empty()) runtime_->forward({&input, 1}, progress);
    };
    pass(prompt.first(before));
    runtime_->measure_attention_mass(true);
    pass(prompt.last(measured));
    runtime_->measure_attention_mass(false);
    const Runtime::Counters& end = runtime_->counters();
    const std::int64_t rows = end.attention_mass_rows - start.attention_mass_rows;
    messages::AttentionMassReply reply{.rows = rows};
    if (rows > 0)
        reply.figures["attention_mass"] =
            (end.attention_mass - start.attention_mass) / static_cast<double>(rows);
    return reply;
}

template <>
messages::AttentionMassReply answer(const messages::AttentionMass&, WorkerContext& context) {
    return context.ready().attention_mass(context.quiet());
}

}  // namespace hone
