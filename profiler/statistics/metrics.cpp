// SPDX-License-Identifier: Apache-2.0
#include "profiler/statistics/metrics.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>

#include "profiler/statistics/metric_rows.h"

namespace hone::profiler {
namespace {

std::string_view direction_text(Direction direction) {
    return direction == Direction::higher_is_better ? "higher is better" : "lower is better";
}

std::string_view pairing_text(Pairing pairing) {
    switch (pairing) {
        case Pairing::repetitions:
            return "repetition";
        case Pairing::windows:
            return "window";
        case Pairing::once:
            return "once a run";
    }
    return {};
}

std::string conditions_text(const MetricDefinition& metric) {
    constexpr std::pair<unsigned, std::string_view> kWords[] = {
        {condition::hardware, "machine, device, threads"},
        {condition::build, "build"},
        {condition::workload, "workload"},
        {condition::text, "text, protocol"},
        {condition::vocabulary, "vocabulary"},
        {condition::baseline, "baseline"}};
    std::string text;
    for (const auto& [bit, words] : kWords) {
        if (!metric.needs(bit)) continue;
        text += text.empty() ? "" : ", ";
        text += words;
    }
    return text;
}

std::string filter_text(const MetricDefinition& metric) {
    std::string text;
    for (const std::string_view name : metric.filter_names) {
        if (name.empty()) continue;
        text += text.empty() ? "`" : ", `";
        text += name;
        text += "`";
    }
    return text;
}

// A share is never above one, and neither is what its interval holds.
Estimate within_share(Estimate share) {
    share.low = std::max(0.0, share.low);
    share.high = std::min(1.0, share.high);
    return share;
}

constexpr std::string_view kIntroduction =
    R"(# Metrics

Each metric is one row of `profiler/statistics/metric_rows.h`; this page is made from it. The ids
are stable: they are the keys of JSON documents and of the store's `metric` table. Two runs are
compared pair by pair where "pairs" says so, and only where they share what "needs the same" lists.
"Filter" is what the filter of Compare calls a metric.

)";

constexpr std::string_view kIntervals = R"(
## Intervals and verdicts

- A run's figure is the mean over its timed repetitions (warm-up is stored and left out), with a 95
  % interval by Student's t. A figure of windows is a total over the scored windows divided by the
  scored tokens, or by what its definition names, with a 95 % interval by Student's t over the
  windows (delta method; for perplexity on the logarithm).
- Warm-up ends when the last three repetitions agree within 3 % (largest/smallest − 1), after ten
  or, of slow models, after a minute at most; then the run is marked "unstable warm-up".
- Two runs that were interleaved (A B, B A, …) are compared pair by pair: the ratio
  candidate/baseline is exp of the mean log ratio of the repetitions, with Student's t on the log
  ratios; 32 pairs or more are first averaged into 16 stretches of neighbours, because a machine's
  moods outlast a repetition. Figures of windows are compared window by window, where both runs
  scored as much in each; where a metric allows other tokenisers, its windows are compared as
  independent samples.
- Interleaved repetitions go on beyond the number that was asked for until the 99 % interval of the
  ratio of decode speeds reaches no further than ±2.5 % (`--resolution`), for a minute and 300
  repetitions at most. When to stop hangs on how wide the interval is and never on where it lies.
- Several candidates of one baseline take their turns in each round (A B C, C B A, …), and two of
  them are pairs like a candidate and its baseline. Where memory does not hold all, the baseline
  stays and candidates come in blocks: a pair is of one round always. One whose interval is narrow
  enough rests. Each interval and verdict is of its own comparison, however many there are: of 16
  candidates like the baseline one or more would get a wrong verdict on a metric in 15 % of series.
- Runs that were measured apart are compared as independent samples (Welch's t on logarithms), with
  a warning: drift between the two is not part of such an interval. Speed and memory are refused,
  with the reason, where machine, processor, instruction set, device, threads or workload differ,
  and speed also where the build type does; another governor, version, commit, compiler or library
  and a machine that was busy are warnings.
- Memory by class: weights, cache, activations and workspace as allocated, mapped weights as far as
  their pages are resident (`/proc/self/smaps`); `runtime` is what was resident before the model was
  loaded, what its tokeniser took, and pages of libraries since; what the peak holds beyond all of
  them is `unaccounted`, by at most 5 % of it or 16 MiB, whichever is more.
- Times are predicted from the bytes and FLOPs of every operation of a repetition and how long this
  machine's kernels take for them (`hone doctor` times those once and keeps it); "off by" is
  predicted over measured, less one.
- In a trace's tables bytes and FLOPs are the operations' own formulas. "DRAM", "Tensor" and "SM"
  are counted by the hardware (CUPTI's range profiler), where it may be read, in a pass of their own
  of the prompt and two tokens: a traced kernel shows the mean of operations like it, so that
  decoded attention shows its first two tokens' bytes. DRAM: bytes read and written between the
  device's memory and its L2 cache. Tensor: of the cycles in which a multiprocessor had work, those
  of its tensor cores. SM: of an operation's cycles, those in which a multiprocessor had work; the
  gap before an operation's first kernel counts too, so that short ones show less than they had.
  None was yet measured on a GPU.
- What tracing costs is the traced repetition's seconds a decoded token over the median of the timed
  ones; above 1.05 the run has a note.
- The verdict ("faster", "slower"; "better", "worse"; "smaller", "larger") is given only where the
  99 % interval of the ratio lies on one side of 1; otherwise it is "cannot tell". One sample gives
  no verdict. Beside a verdict stands this 99 % interval, in the window, in the command line's
  tables and in every text: a narrower one could lie on one side of 1 and contradict it. (A figure
  alone has its 95 % interval.)
- Estimate and interval of a verdict point the way its word does: of a time whose ratio is 0.62 with
  the 99 % interval 0.59–0.65 they read "1.61 × faster" and "1.54–1.69 ×"; of a memory at 0.388 of
  the baseline's "61.2 % smaller" and "60.9–61.5 %". Where nothing can be told, a speed's interval
  says how many times as fast the candidate is, and any other by how much its figure is larger:
  "0.99–1.10 ×", "−1.2 … +3.4 %". JSON keeps the plain ratio candidate/baseline: `ratio` with its 95
  % interval `low`, `high` and the 99 % interval `low_99`, `high_99` that decides `verdict`.
- An interval says nothing where it reaches beyond three times its figure, or of three samples or
  fewer down to nothing: two samples may give 2e-40–6e+39. Window, tables and texts then have "too
  few samples" in its place and charts draw none. An interval that decides a verdict is shown
  always, and a figure's interval ends at 0, since no metric is negative. CSV and JSON keep the
  plain numbers.
- Figures that are zero, negative, not finite or missing have no ratio, and read "not comparable"
  with the reason.
)";

}  // namespace

std::span<const MetricDefinition> metric_definitions() {
    return kMetricRows;
}

const MetricDefinition* find_metric(std::string_view id) {
    const auto* found =
        std::find_if(kMetricRows.begin(), kMetricRows.end(),
                     [id](const MetricDefinition& metric) { return metric.id == id; });
    return found == kMetricRows.end() ? nullptr : found;
}

const MetricDefinition& metric_for(Role role) {
    const auto* found =
        std::find_if(kMetricRows.begin(), kMetricRows.end(),
                     [role](const MetricDefinition& metric) { return metric.role == role; });
    if (found == kMetricRows.end()) throw std::invalid_argument("no metric has that role");
    return *found;
}

std::string metric_word(std::string_view title) {
    std::string word(title);
    const auto is_upper = [&word](std::size_t at) {
        return at < word.size() && std::isupper(static_cast<unsigned char>(word[at])) != 0;
    };
    if (is_upper(0) && !is_upper(1))
        word[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(word[0])));
    return word;
}

AxisScale axis_scale(const MetricDefinition& metric) {
    if (metric.unit == "bytes") return {1e-6, "MB"};
    if (metric.unit == "B/s") return {1e-6, "MB/s"};
    if (metric.unit == "s") return {1e3, "ms"};
    if (metric.unit == "share") return {100, "%"};
    return {1, metric.unit};
}

std::vector<std::string> window_figures() {
    std::vector<std::string> names;
    for (const MetricDefinition& metric : kMetricRows)
        for (const std::string_view name : {metric.window.sum, metric.window.over})
            if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end())
                names.emplace_back(name);
    return names;
}

void WindowTotals::add(const std::map<std::string, double>& figures, bool compared) {
    ++windows_;
    for (const MetricDefinition& metric : kMetricRows) {
        if (metric.source != Source::windows || (metric.needs(condition::baseline) && !compared))
            continue;
        const auto sum = figures.find(std::string(metric.window.sum)),
                   over = figures.find(std::string(metric.window.over));
        if (sum == figures.end() || over == figures.end()) continue;
        Sums& sums = of_[metric.id];
        sums.sums.push_back(sum->second * metric.window.scale);
        sums.over.push_back(over->second);
    }
}

std::map<std::string, Estimate> WindowTotals::estimates() const {
    std::map<std::string, Estimate> result;
    for (const auto& [id, sums] : of_) {
        const MetricDefinition& metric = *find_metric(id);
        const Estimate estimate = metric.window.exponential ? perplexity(sums.sums, sums.over)
                                                            : window_mean(sums.sums, sums.over);
        result[std::string(id)] = metric.unit == "share" ? within_share(estimate) : estimate;
    }
    return result;
}

std::string metrics_markdown() {
    std::string text(kIntroduction);
    text +=
        "| id | title | unit | | pairs | needs the same | filter | definition |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
    for (const MetricDefinition& metric : kMetricRows) {
        text += "| `";
        text += metric.id;
        text += "`";
        const std::string conditions = conditions_text(metric), filter = filter_text(metric);
        for (const std::string_view cell :
             {metric.title, metric.unit, direction_text(metric.direction),
              pairing_text(metric.pairing()), std::string_view(conditions),
              std::string_view(filter), metric.definition}) {
            text += " | ";
            text += cell;
        }
        text += " |\n";
    }
    text += kIntervals;
    return text;
}

}  // namespace hone::profiler
