// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <numbers>

#include "profiler/statistics/metrics.h"

// Every metric, a row each, in the order of all tables. A new one is a row here and the place that
// measures it.
namespace hone::profiler {

inline constexpr unsigned kOfSpeed = condition::hardware | condition::build | condition::workload;
inline constexpr unsigned kOfMemory = condition::hardware | condition::workload;
inline constexpr unsigned kOfText = condition::text | condition::vocabulary;

inline constexpr auto kMetricRows = std::to_array<MetricDefinition>({
    {.id = "prefill_tokens_per_second",
     .title = "Prefill",
     .unit = "tok/s",
     .definition =
         "Prompt tokens of all sequences divided by the time in forward passes over prompt tokens, "
         "the sampling of each "
         "first token included. Tokenisation is not.",
     .kind = Kind::speed,
     .direction = Direction::higher_is_better,
     .source = Source::repetition,
     .conditions = kOfSpeed,
     .prominence = Prominence::headline,
     .column = "prefill",
     .column_shown = true,
     .run_list = true,
     .filter_names = {"prefill"}},
    {.id = "decode_tokens_per_second",
     .title = "Decode",
     .unit = "tok/s",
     .definition =
         "Generated tokens after each sequence's first, over all sequences, divided by the time in "
         "forward passes that "
         "extend every running sequence by one token.",
     .kind = Kind::speed,
     .direction = Direction::higher_is_better,
     .source = Source::repetition,
     .conditions = kOfSpeed,
     .prominence = Prominence::headline,
     .role = Role::speed,
     .column = "decode",
     .column_shown = true,
     .run_list = true,
     .filter_names = {"decode"}},
    {.id = "total_tokens_per_second",
     .title = "Throughput",
     .unit = "tok/s",
     .definition =
         "Generated tokens of all sequences divided by the duration of the whole repetition, "
         "prefill included.",
     .kind = Kind::speed,
     .direction = Direction::higher_is_better,
     .source = Source::repetition,
     .conditions = kOfSpeed,
     .column = "throughput",
     .filter_names = {"throughput"}},
    {.id = "time_to_first_token",
     .title = "First token",
     .unit = "s",
     .definition =
         "From the start of the repetition to a sequence's first generated token, as a mean over "
         "the sequences; the "
         "time a sequence waits for its batch counts.",
     .kind = Kind::speed,
     .direction = Direction::lower_is_better,
     .source = Source::repetition,
     .conditions = kOfSpeed,
     .prominence = Prominence::headline,
     .column = "first_token",
     .filter_names = {"ttft"}},
    {.id = "time_per_output_token",
     .title = "Per token",
     .unit = "s",
     .definition =
         "(Time of the last token − time of the first) / (generated tokens − 1) of each sequence, "
         "as a mean over the "
         "sequences.",
     .kind = Kind::speed,
     .direction = Direction::lower_is_better,
     .source = Source::repetition,
     .conditions = kOfSpeed,
     .role = Role::token_time,
     .column = "per_token",
     .filter_names = {"tpot"}},
    {.id = "total_seconds",
     .title = "Duration",
     .unit = "s",
     .definition = "Duration of one whole repetition.",
     .kind = Kind::speed,
     .direction = Direction::lower_is_better,
     .source = Source::repetition,
     .conditions = kOfSpeed,
     .role = Role::duration},
    {.id = "load_seconds",
     .title = "Load",
     .unit = "s",
     .definition =
         "Opening the checkpoint and making the model ready to run, before any technique is "
         "applied. Measured once a "
         "run, so no verdict is given.",
     .kind = Kind::speed,
     .direction = Direction::lower_is_better,
     .source = Source::prepared,
     .conditions = condition::hardware | condition::build},  // loading knows nothing of prompts
    {.id = "tokenize_bytes_per_second",
     .title = "Tokenising",
     .unit = "B/s",
     .definition =
         "Bytes of the workload's prompts divided by the time to turn them into tokens, before the "
         "sequences of each "
         "repetition; prompts of less than 64 KiB in all are encoded in several rounds. A merge "
         "cache is empty when a "
         "round begins, so that it finds only what comes again within these prompts: a server that "
         "keeps its cache "
         "between requests finds more. No other speed includes it.",
     .kind = Kind::speed,
     .direction = Direction::higher_is_better,
     .source = Source::repetition,
     .conditions = kOfSpeed,
     .prominence = Prominence::technique},
    {.id = "padding_share",
     .title = "Padding",
     .unit = "share",
     .definition =
         "The share of positions beyond the prompts, among those of rectangular batches: each "
         "prompt as long as the "
         "longest that is computed together with it. Hone's own passes compute no padding; "
         "runtimes with rectangular batches do.",
     .kind = Kind::memory,
     .direction = Direction::lower_is_better,
     .source = Source::repetition,
     .conditions = kOfMemory,
     .prominence = Prominence::technique,
     .of_some_runs = true},
    {.id = "peak_memory",
     .title = "Peak memory",
     .unit = "bytes",
     .definition =
         "The worker process's largest resident memory during the timed repetitions. It includes "
         "mapped weights, "
         "cache, activations, workspace, the program itself and what nothing accounts for; the "
         "run's memory by class "
         "says how much each holds. Two processes doing the same work differ by up to 1 % or 1 "
         "MiB, so a ratio's "
         "interval is widened by the larger of the two.",
     .kind = Kind::memory,
     .direction = Direction::lower_is_better,
     .source = Source::memory,
     .conditions = kOfMemory,
     .prominence = Prominence::headline,
     .memory_class = "peak_resident",
     .largest = true,
     .process_share = 0.01,
     .process_amount = 1 << 20,
     .column = "peak",
     .column_shown = true,
     .run_list = true,
     .filter_names = {"peak", "memory"}},
    {.id = "model_bytes",
     .title = "Model size",
     .unit = "bytes",
     .definition =
         "Bytes of all weights as they are held after the recipe was applied. Exact, so its "
         "interval has no width.",
     .kind = Kind::memory,
     .direction = Direction::lower_is_better,
     .source = Source::prepared,
     .prominence = Prominence::headline,
     .column = "size",
     .filter_names = {"size"}},
    {.id = "perplexity",
     .title = "Perplexity",
     .unit = "",
     .definition = "exp of the mean negative log-likelihood (nats) of the scored tokens. The "
                   "protocol belongs to it: "
                   "\"windows\" "
                   "takes windows of the context length that do not overlap and scores the second "
                   "half of each; "
                   "\"strided\" "
                   "moves a window by the stride and scores the tokens that are new in it. Figures "
                   "of different texts, "
                   "protocols, contexts, strides or vocabularies are never compared.",
     .kind = Kind::accuracy,
     .direction = Direction::lower_is_better,
     .source = Source::windows,
     .conditions = kOfText,
     .prominence = Prominence::headline,
     .role = Role::accuracy,
     .window = {.sum = "nll_sum", .over = "scored", .exponential = true},
     .column = "perplexity",
     .column_shown = true,
     .run_list = true,
     .axis_from_zero = false,
     .filter_names = {"perplexity", "ppl"}},
    {.id = "bits_per_byte",
     .title = "Bits per byte",
     .unit = "bits",
     .definition = "Negative log-likelihood of the scored tokens in bits, divided by the UTF-8 "
                   "bytes that these tokens "
                   "stand for. Figures of the same text are comparable across tokenisers.",
     .kind = Kind::accuracy,
     .direction = Direction::lower_is_better,
     .source = Source::windows,
     .conditions = condition::text,
     .prominence = Prominence::measured,
     .window = {.sum = "nll_sum", .over = "scored_bytes", .scale = std::numbers::log2e},
     .column = "bits_per_byte",
     .axis_from_zero = false,
     .filter_names = {"bits", "bpb"}},
    {.id = "kl_divergence",
     .title = "KL divergence",
     .unit = "nats",
     .definition =
         "Mean over the scored tokens of Σ p·(ln p − ln q) over the whole vocabulary, with p the "
         "baseline's and q the "
         "candidate's next-token probabilities. Zero for a model against itself.",
     .kind = Kind::accuracy,
     .direction = Direction::lower_is_better,
     .source = Source::windows,
     .conditions = kOfText | condition::baseline,
     .prominence = Prominence::headline,
     .role = Role::divergence,
     .window = {.sum = "kl_sum", .over = "scored"},
     .of_some_runs = true,
     .of_itself = 0,
     .column_title = "KL",
     .column = "divergence",
     .column_shown = true,
     .run_list = true,
     .filter_names = {"kl"}},
    {.id = "top1_agreement",
     .title = "Top-1 agreement",
     .unit = "share",
     .definition =
         "Share of the scored tokens at which baseline and candidate give the same token the "
         "largest probability.",
     .kind = Kind::accuracy,
     .direction = Direction::higher_is_better,
     .source = Source::windows,
     .conditions = kOfText | condition::baseline,
     .prominence = Prominence::headline,
     .window = {.sum = "top1_agreeing", .over = "scored"},
     .of_some_runs = true,
     .of_itself = 1,
     .row_title =
         "Same top-1",  // the ledger's column is narrow, and what belongs to the top stays the top
     .column = "agreement",
     .axis_from_zero = false,
     .filter_names = {"top1"}},
    {.id = "attention_mass",
     .title = "Attention kept",
     .unit = "share",
     .definition =
         "Share of the dense causal softmax that falls on the positions that sparse attention "
         "looks at, as a mean over "
         "layers, heads and the last 64 tokens of the first prompt, where anything was left out. "
         "It is measured once, "
         "apart from the timed repetitions.",
     .kind = Kind::accuracy,
     .direction = Direction::higher_is_better,
     .source = Source::own_step,
     .conditions = kOfText,
     .prominence = Prominence::measured,
     .of_some_runs = true},
});

// Columns of figures in the table of runs.
inline constexpr int kMetricColumns = static_cast<int>(
    std::count_if(kMetricRows.begin(), kMetricRows.end(),
                  [](const MetricDefinition& row) { return !row.column.empty(); }));

}  // namespace hone::profiler
