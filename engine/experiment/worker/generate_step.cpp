// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>

#include "engine/core/error.h"
#include "engine/experiment/worker/experiment_plan.h"
#include "engine/experiment/worker/prepared.h"
#include "engine/experiment/worker/requests.h"
#include "engine/runtime/sampling.h"
#include "engine/tokenizer/chat_template.h"

namespace hone {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<TokenId> prompt_ids(const Model& model, const std::string& prompt, bool chat) {
    const ChatTemplate which =
        chat ? recognise_chat_template(model.checkpoint) : ChatTemplate::none;
    std::vector<TokenId> ids =
        which == ChatTemplate::chatml || which == ChatTemplate::chatml_smollm2
            ? model.tokenizer.encode(apply_chat_template(which, prompt), SpecialTokens::parse)
            : model.tokenizer.encode(prompt);
    if (model.tokenizer.adds_bos() && model.tokenizer.bos())
        ids.insert(ids.begin(), *model.tokenizer.bos());
    if (ids.empty())
        throw Error(ErrorDetails{"", "", "prompt", "no text", "at least one character"});
    return ids;
}

ErrorDetails prompt_too_long(const std::string& source, std::int64_t tokens, std::int64_t context) {
    return {.message = {},
            .file = source,
            .field = "prompt",
            .found = std::to_string(tokens) + " tokens",
            .expected = "at most the model's context of " + std::to_string(context),
            .fault = Fault::argument,
            .summary = "The prompt of " + std::to_string(tokens) +
                       " tokens is longer than the model's context of " + std::to_string(context) +
                       ".",
            .action = "Shorten the prompt."};
}

}  // namespace

// The prompt's length is known only now: what it takes was not part of what prepare looked at.
void Prepared::require_room(const RunConfig& config, std::int64_t prompt,
                            std::int64_t positions) const {
    const Room room = place_->room();
    if (!room.holds_process) return;  // such a place says itself what it does not hold
    plan_answer(*place_, *model_, config, pool_.size(), prompt, positions).require(room);
}

// Its runtime is its own: a prompt's length has nothing to do with the workload's.
messages::GenerateReply Prepared::generate(
    const messages::Generate& request, const std::function<void(const GeneratedToken&)>& on_token,
    std::stop_token stop) {
    fault_.before_step();
    const Tokenizer& tokenizer = model_->tokenizer;
    const std::vector<TokenId> prompt = prompt_ids(*model_, request.prompt, request.chat);
    const std::int64_t context = model_->config.context_length;
    const std::int64_t wanted = request.max_tokens;
    // The last token is chosen and never computed, so that a prompt may fill the context.
    const std::int64_t room = context - std::ssize(prompt) + 1, most = std::min(wanted, room);
    if (wanted < 1)
        throw Error(ErrorDetails{"", "", "max_tokens", std::to_string(wanted), "at least 1"});
    if (room < 1)
        throw Error(prompt_too_long(model_->checkpoint.source, std::ssize(prompt), context));
    RunConfig config = config_;
    config.batch_size = 1;
    const std::int64_t positions = positions_of(std::ssize(prompt), most);
    require_room(config, std::ssize(prompt), positions);
    // Where weights are copied to the place, they lie there once.
    if (!place_->room().holds_process) runtime_.reset();
    Runtime runtime(*model_, config, pool_, 1, positions, *place_, Progress{{}, stop});
    Sampler sampler(request.temperature, request.seed);
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
    const double decode_rate =
        ids.size() > 1 ? static_cast<double>(ids.size() - 1) / decode_seconds : 0.0;
    return {.text = text,
            .ids = ids,
            .stop = ended           ? messages::Stop::end
                    : most < wanted ? messages::Stop::context
                                    : messages::Stop::length,
            .prompt_tokens = std::ssize(prompt),
            .tokens = std::ssize(ids),
            .time_to_first_token = first,
            .decode_tokens_per_second = decode_rate};
}

template <>
messages::GenerateReply answer(const messages::Generate& request, WorkerContext& context) {
    const auto say = [&context](const Prepared::GeneratedToken& token) {
        messages::Progress event{.phase = "generate", .text = token.text, .seconds = token.seconds};
        if (token.id >= 0) event.token = token.id;
        context.say(event);
    };
    return context.ready().generate(request, say, context.stop);
}

}  // namespace hone
