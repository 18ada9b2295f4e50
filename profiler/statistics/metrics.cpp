// SPDX-License-Identifier: Apache-2.0
#include "profiler/statistics/metrics.h"

#include <algorithm>
#include <array>

namespace hone::profiler {
namespace {

constexpr auto higher = Direction::higher_is_better;
constexpr auto lower = Direction::lower_is_better;

constexpr std::array kMetrics{
    MetricDefinition{"prefill_tokens_per_second", "Prefill", "tok/s",
                     "Prompt tokens of all sequences divided by the time in forward passes over prompt "
                     "tokens, the sampling of each "
                     "first token included. Tokenisation is not.",
                     Kind::speed, higher},
    MetricDefinition{"decode_tokens_per_second", "Decode", "tok/s",
                     "Generated tokens after each sequence's first, over all sequences, divided by the time "
                     "in forward passes that "
                     "extend every running sequence by one token.",
                     Kind::speed, higher},
    MetricDefinition{"total_tokens_per_second", "Throughput", "tok/s",
                     "Generated tokens of all sequences divided by the duration of the whole repetition, "
                     "prefill included.",
                     Kind::speed, higher},
    MetricDefinition{"time_to_first_token", "First token", "s",
                     "From the start of the repetition to a sequence's first generated token, as a mean over "
                     "the sequences; the "
                     "time a sequence waits for its batch counts.",
                     Kind::speed, lower},
    MetricDefinition{
        "time_per_output_token", "Per token", "s",
        "(Time of the last token − time of the first) / (generated tokens − 1) of each sequence, as a mean "
        "over the sequences.",
        Kind::speed, lower},
    MetricDefinition{"total_seconds", "Duration", "s", "Duration of one whole repetition.", Kind::speed,
                     lower},
    MetricDefinition{"load_seconds", "Load", "s",
                     "Opening the checkpoint and making the model ready to run, before any technique is "
                     "applied. Measured once "
                     "a run, so no verdict is given.",
                     Kind::speed, lower, false, true},
    MetricDefinition{
        "tokenize_bytes_per_second", "Tokenising", "B/s",
        "Bytes of the workload's prompts divided by the time to turn them into tokens, before the sequences "
        "of each repetition; prompts of less than 64 KiB in all are encoded in several rounds. A merge cache "
        "is empty when a round begins, so that it finds only what comes again within these prompts: a server "
        "that keeps its cache between requests finds more. No other speed includes it.",
        Kind::speed, higher},
    MetricDefinition{
        "padding_share", "Padding", "share",
        "Of the positions that rectangular batches would have, each as long as the longest prompt that "
        "is computed together with it, the share beyond the prompts. Hone's own passes compute no padding; "
        "runtimes with rectangular batches do.",
        Kind::memory, lower, true},
    MetricDefinition{
        "peak_memory", "Peak memory", "bytes",
        "The worker process's largest resident memory during the timed repetitions. It includes mapped "
        "weights, cache, activations, "
        "workspace, the program itself and what nothing accounts for; the run's memory by class says how "
        "much each holds. "
        "Two processes doing the same work differ by up to 1 % or 1 MiB, so a ratio's interval is widened by "
        "the larger of the two.",
        Kind::memory, lower},
    MetricDefinition{"model_bytes", "Model size", "bytes",
                     "Bytes of all weights as they are held after the recipe was applied. Exact, so its "
                     "interval has no width.",
                     Kind::memory, lower, false, true},
    MetricDefinition{"perplexity", "Perplexity", "",
                     "exp of the mean negative log-likelihood (nats) of the scored tokens. The protocol "
                     "belongs to it: \"windows\" takes windows of the "
                     "context length that do not overlap and scores the second half of each; \"strided\" "
                     "moves a window by the stride and scores "
                     "the tokens that are new in it. Figures of different texts, protocols, contexts, "
                     "strides or vocabularies are never compared.",
                     Kind::accuracy, lower},
    MetricDefinition{"kl_divergence", "KL divergence", "nats",
                     "Mean over the scored tokens of Σ p·(ln p − ln q) over the whole vocabulary, with p the "
                     "baseline's and q the "
                     "candidate's next-token probabilities. Zero for a model against itself.",
                     Kind::accuracy, lower, true},
    MetricDefinition{"top1_agreement", "Top-1 agreement", "share",
                     "Share of the scored tokens at which baseline and candidate give the same token the "
                     "largest probability.",
                     Kind::accuracy, higher, true},
    MetricDefinition{
        "attention_mass", "Attention kept", "share",
        "Share of the dense causal softmax that falls on the positions that sparse attention looks "
        "at, as a mean over layers, heads "
        "and the last 64 tokens of the first prompt, where anything was left out. It is measured "
        "once, apart from the timed repetitions.",
        Kind::accuracy, higher, true, true},
};

std::string_view direction_text(Direction direction) {
    return direction == higher ? "higher is better" : "lower is better";
}

constexpr std::string_view kIntroduction =
    R"(# Metrics

Each metric has one definition, kept in `profiler/statistics/metrics.cpp`; this page is made from it. The ids are stable: they are the
keys of JSON documents and of the store's `metric` table.

)";

constexpr std::string_view kIntervals = R"(
## Intervals and verdicts

- A run's figure is the mean over its timed repetitions (warm-up is stored and left out), with a 95 % interval by Student's t. Perplexity,
  KL divergence and top-1 agreement are totals over the scored windows divided by the scored tokens, with a 95 % interval
  by Student's t over the windows (delta method; for perplexity on the logarithm).
- Warm-up ends when the last three repetitions agree within 3 % (largest/smallest − 1), after ten or, of slow models, after a minute
  at most; then the run is marked "unstable warm-up".
- Two runs that were interleaved (A B, B A, …) are compared pair by pair: the ratio candidate/baseline is exp of the mean
  log ratio of the repetitions, with Student's t on the log ratios; 32 pairs or more are first averaged into 16 stretches of neighbours,
  because a machine's moods outlast a repetition. Perplexity is compared window by window.
- Interleaved repetitions go on beyond the number that was asked for until the 99 % interval of the ratio of decode speeds reaches no
  further than ±2.5 % (`--resolution`), for a minute and 300 repetitions at most. When to stop hangs on how wide the interval is and never on
  where it lies.
- Runs that were measured apart are compared as independent samples (Welch's t on logarithms), with a warning: drift between the two is
  not part of such an interval. Speed and memory are refused, with the reason, where machine, processor, instruction set, device,
  threads or workload differ, and speed also where the build type does; another governor, version, commit, compiler or library and
  a machine that was busy are warnings.
- Memory by class: weights, cache, activations and workspace as allocated, mapped weights as far as their pages are resident
  (`/proc/self/smaps`); `runtime` is what was resident before the model was loaded, what its tokeniser took, and pages of libraries since; what
  the peak holds beyond all of them is `unaccounted`, by at most 5 % of it or 16 MiB, whichever is more.
- Times are predicted from the bytes and FLOPs of every operation of a repetition and how long this machine's kernels take for them
  (`hone doctor` times those once and keeps it); "off by" is predicted over measured, less one.
- In a trace's tables bytes and FLOPs are the operations' own formulas. "DRAM", "Tensor" and "SM" are counted by the hardware (CUPTI's range profiler),
  where it may be read, in a pass of their own of the prompt and two tokens: a traced kernel shows the mean of operations like it, so that decoded
  attention shows its first two tokens' bytes. DRAM: bytes read and written between the device's memory and its L2 cache. Tensor: of
  the cycles in which a multiprocessor had work, those of its tensor cores. SM: of an operation's cycles, those in which a multiprocessor had work;
  the gap before an operation's first kernel counts too, so that short ones show less than they had. None was yet measured on a GPU.
- What tracing costs is the traced repetition's seconds a decoded token over the median of the timed ones; above 1.05 the run has a note.
- The verdict ("faster", "slower"; "better", "worse"; "smaller", "larger") is given only where the 99 % interval of the ratio lies on one
  side of 1; otherwise it is "cannot tell". One sample gives no verdict. Beside a verdict stands this 99 % interval, in the window, in the
  command line's tables and in every text: a narrower one could lie on one side of 1 and contradict it. (A figure alone has its 95 % interval.)
- Estimate and interval of a verdict point the way its word does: of a time whose ratio is 0.62 with the 99 % interval 0.59–0.65 they read "1.61 ×
  faster" and "1.54–1.69 ×"; of a memory at 0.388 of the baseline's "61.2 % smaller" and "60.9–61.5 %". Where nothing can be told, a speed's interval
  says how many times as fast the candidate is, and any other by how much its figure is larger: "0.99–1.10 ×", "−1.2 … +3.4 %". JSON keeps the
  plain ratio candidate/baseline: `ratio` with its 95 % interval `low`, `high` and the 99 % interval `low_99`, `high_99` that decides `verdict`.
- Figures that are zero, negative, not finite or missing have no ratio, and read "not comparable" with the reason.
)";

}  // namespace

std::span<const MetricDefinition> metric_definitions() {
    return kMetrics;
}

const MetricDefinition* find_metric(std::string_view id) {
    const auto* found = std::find_if(kMetrics.begin(), kMetrics.end(),
                                     [id](const MetricDefinition& metric) { return metric.id == id; });
    return found == kMetrics.end() ? nullptr : found;
}

std::string metrics_markdown() {
    std::string text(kIntroduction);
    text += "| id | title | unit | | definition |\n| --- | --- | --- | --- | --- |\n";
    for (const MetricDefinition& metric : kMetrics) {
        text += "| `";
        text += metric.id;
        text += "` | ";
        text += metric.title;
        text += " | ";
        text += metric.unit;
        text += " | ";
        text += direction_text(metric.direction);
        text += " | ";
        text += metric.definition;
        text += " |\n";
    }
    text += kIntervals;
    return text;
}

}  // namespace hone::profiler
