// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>

#include "engine/core/error.h"
#include "engine/experiment/worker/prepared.h"
#include "engine/runtime/sampling.h"
#include "engine/tokenizer/chat_template.h"

namespace hone {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<TokenId> prompt_ids(const Model& model, const std::string& prompt, bool chat) {
    const ChatTemplate which = chat ? recognise_chat_template(model.checkpoint) : ChatTemplate::none;
    std::vector<TokenId> ids =
        which == ChatTemplate::chatml || which == ChatTemplate::chatml_smollm2
            ? model.tokenizer.encode(apply_chat_template(which, prompt), SpecialTokens::parse)
            : model.tokenizer.encode(prompt);
    if (model.tokenizer.adds_bos() && model.tokenizer.bos()) ids.insert(ids.begin(), *model.tokenizer.bos());
    if (ids.empty()) throw Error(ErrorDetails{"", "", "prompt", "no text", "at least one character"});
    return ids;
}

}  // namespace

// Its runtime is its own: a prompt's length has nothing to do with the workload's.
nlohmann::json Prepared::generate(const nlohmann::json& request,
                                  const std::function<void(const GeneratedToken&)>& on_token,
                                  std::stop_token stop) {
    fault_.before_step();
    const Tokenizer& tokenizer = model_->tokenizer;
    const std::vector<TokenId> prompt =
        prompt_ids(*model_, request.at("prompt").get<std::string>(), request.value("chat", true));
    const auto room = model_->config.context_length - static_cast<std::int64_t>(prompt.size());
    const std::int64_t most = std::min(request.value("max_tokens", std::int64_t{128}), room);
    if (most < 1)
        throw Error(ErrorDetails{"", "", "prompt", std::to_string(prompt.size()) + " tokens",
                                 "less than the model's " + std::to_string(model_->config.context_length)});
    RunConfig config = config_;
    config.batch_size = 1;
    Runtime runtime(*model_, config, pool_, 1, static_cast<std::int64_t>(prompt.size()) + most);
    Sampler sampler(request.value("temperature", 0.0), request.value("seed", std::uint64_t{1}));
    Utf8Stream utf8;
    std::vector<TokenId> ids;
    std::string text;
    const Clock::time_point start = Clock::now();
    double first = 0, last = 0;
    const auto emit = [&](TokenId id, const std::string& piece) {
        text += piece;
        on_token({id, piece, last});
    };
    std::span<const TokenId> next = prompt;
    bool ended = false;
    while (static_cast<std::int64_t>(ids.size()) < most && !ended) {
        const SequenceInput input{0, next, false};
        ids.push_back(sampler.sample(runtime.forward({&input, 1}, Progress{{}, stop})));
        last = seconds_since(start);
        if (ids.size() == 1) first = last;
        ended = tokenizer.is_end_of_generation(ids.back());
        emit(ids.back(), ended ? std::string() : utf8.push(tokenizer.token_bytes(ids.back())));
        next = std::span(ids).last(1);
    }
    if (const std::string rest = utf8.finish(); !rest.empty()) emit(-1, rest);
    const double decode_seconds = last - first;
    const double decode_rate = ids.size() > 1 ? static_cast<double>(ids.size() - 1) / decode_seconds : 0.0;
    return {{"text", text},
            {"ids", ids},
            {"stop", ended ? "end" : "length"},
            {"prompt_tokens", prompt.size()},
            {"tokens", ids.size()},
            {"time_to_first_token", first},
            {"decode_tokens_per_second", decode_rate}};
}

}  // namespace hone
