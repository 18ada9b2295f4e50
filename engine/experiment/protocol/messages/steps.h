// SPDX-License-Identifier: Apache-2.0
// Steps of a prepared experiment, one request a kind.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/experiment/protocol/message.h"

namespace hone::messages {

// Whether a technique did something.
struct Engagement {
    std::map<std::string, std::int64_t> counters{};
    std::optional<bool> engaged{};
    std::string counter{};
    std::int64_t value = 0;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("counters", self.counters, "all that its options ask for");
        field("engaged", self.engaged,
              "whether all moved; null where its options are the baseline's");
        field("counter", self.counter, "the first that stayed 0, or else the first");
        field("value", self.value, "of that one");
    }
};

struct RepetitionReply {
    std::map<std::string, double> metrics{};
    std::vector<std::vector<double>> token_times{};
    std::map<std::string, std::int64_t> memory{}, counters{};
    std::map<std::string, Engagement> engaged{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("metrics", self.metrics, "those of a repetition, see docs/metrics.md");
        field("token_times", self.token_times, "seconds at which each sequence's tokens came");
        field("memory", self.memory, "bytes of each class, and `peak_resident`");
        field("counters", self.counters, "what the run counted");
        field("engaged", self.engaged, "each technique of the recipe");
    }
};

struct Repetition {
    static constexpr std::string_view kType = "step", kKind = "repetition";
    static constexpr std::string_view kHelp = "Runs the workload once.";
    using Reply = RepetitionReply;
    bool warmup = false;
    int index = 0;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field.optional("warmup", self.warmup, "whether it does not count");
        field.optional("index", self.index, "its number");
    }
};

struct AttentionMassReply {
    std::int64_t rows = 0;
    std::map<std::string, double> figures{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("rows", self.rows, "of attention that left something out");
        field.figures({}, self.figures, "metrics, where there are any: `attention_mass`");
    }
};

struct AttentionMass {
    static constexpr std::string_view kType = "step", kKind = "attention_mass";
    static constexpr std::string_view kHelp =
        "Measures how much attention sparse attention leaves out, apart from the timed "
        "repetitions.";
    using Reply = AttentionMassReply;
    Document more{};

    template <class Self, class Field>
    static void fields(Self&, Field&) {}
};

// Sums have the names that metrics' rows give them.
struct AccuracyReply {
    std::string text{};
    bool compared = false;
    std::map<std::string, double> sums{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field.optional("text", self.text, "whose window it is");
        field.optional("compared", self.compared, "whether there was a baseline");
        field.figures({"nll_sum", "scored", "scored_bytes", "kl_sum", "top1_agreeing"}, self.sums,
                      "sums over the window that metrics are made of; `scored_bytes` are the UTF-8 "
                      "bytes that "
                      "the scored tokens stand for");
    }
};

struct Accuracy {
    static constexpr std::string_view kType = "step", kKind = "accuracy";
    static constexpr std::string_view kHelp = "Scores one window of the texts.";
    using Reply = AccuracyReply;
    std::int64_t window = 0;
    std::optional<std::string> spool{}, compare_spool{};
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("window", self.window, "its index");
        field.optional("spool", self.spool, "path to write this window's log-probabilities to");
        field.optional("compare_spool", self.compare_spool,
                       "path of the baseline's for the same window");
    }
};

struct TraceReply {
    std::int64_t events = 0, dropped = 0;
    double traced_prefill_seconds = 0, traced_decode_seconds = 0;
    std::int64_t traced_decoded_tokens = 0;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("events", self.events, "that were written");
        field("dropped", self.dropped, "events beyond `most_events`");
        field("traced_prefill_seconds", self.traced_prefill_seconds, "never a metric");
        field("traced_decode_seconds", self.traced_decode_seconds, "never a metric");
        field("traced_decoded_tokens", self.traced_decoded_tokens, "never a metric");
    }
};

struct Trace {
    static constexpr std::int64_t kMostEvents = 1'000'000;  // 48 MB
    static constexpr std::string_view kType = "step", kKind = "trace";
    static constexpr std::string_view kHelp =
        "Runs the workload once more, recorded, and on a CUDA device a short pass after it whose "
        "hardware "
        "counters "
        "are read; where they are refused the step goes on.";
    using Reply = TraceReply;
    std::string spool{};
    std::int64_t most_events = kMostEvents;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("spool", self.spool, "path to write the events to, see profiler/trace/trace.h");
        field.optional("most_events", self.most_events, "that are kept");
    }
};

enum class Stop : std::uint8_t { length, end, context };
constexpr std::array<std::string_view, 3> names_of(Stop) {
    return {"length", "end", "context"};
}

struct GenerateReply {
    std::string text{};
    std::vector<std::int32_t> ids{};
    Stop stop = Stop::length;
    std::int64_t prompt_tokens = 0, tokens = 0;
    double time_to_first_token = 0, decode_tokens_per_second = 0;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("text", self.text, "the answer");
        field("ids", self.ids, "its tokens");
        field("stop", self.stop,
              "\"context\": the model's context is full; the last token is chosen and never "
              "computed, so "
              "that a "
              "prompt may be as long as the context");
        field("prompt_tokens", self.prompt_tokens, "with those of the chat template");
        field("tokens", self.tokens, "of the answer");
        field("time_to_first_token", self.time_to_first_token, "seconds");
        field("decode_tokens_per_second", self.decode_tokens_per_second,
              "of the tokens after the first");
    }
};

struct Generate {
    static constexpr std::string_view kType = "step", kKind = "generate";
    static constexpr std::string_view kHelp =
        "Answers a prompt. Each token comes as `progress` with `token`, `text` and `seconds`.";
    using Reply = GenerateReply;
    std::string prompt{};
    bool chat = true;
    std::int64_t max_tokens = 128;
    double temperature = 0;
    std::uint64_t seed = 1;
    Document more{};

    template <class Self, class Field>
    static void fields(Self& self, Field& field) {
        field("prompt", self.prompt, "a text");
        field.optional("chat", self.chat, "puts it into the model's chat template");
        field.optional("max_tokens", self.max_tokens, "of the answer");
        field.optional("temperature", self.temperature, "0 always takes the likeliest token");
        field.optional("seed", self.seed, "of the sampling");
    }
};

using StepRequests = List<Repetition, AttentionMass, Accuracy, Trace, Generate>;

}  // namespace hone::messages
