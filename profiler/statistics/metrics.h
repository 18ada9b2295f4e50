// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "profiler/statistics/statistics.h"

namespace hone::profiler {

// Where a run's figure comes from.
enum class Source : std::uint8_t {
    repetition,  // each repetition's reply, by the metric's id
    memory,      // a class of each repetition's memory
    prepared,    // the reply of the worker that has prepared, by the metric's id
    own_step,    // a step apart from the timed repetitions, whose reply has it by the metric's id
    windows,     // sums over the scored windows
};

// Which samples of two runs belong together.
enum class Pairing : std::uint8_t { repetitions, windows, once };

// What two runs must share for their figures to be comparable; profiler/report/comparability.h says
// how each is told.
namespace condition {
inline constexpr unsigned hardware = 1, build = 2, workload = 4, text = 8, vocabulary = 16,
                          baseline = 32;
}

enum class Prominence : std::uint8_t {
    headline,   // a row of every ledger
    measured,   // a row of the ledgers of runs that have it
    technique,  // a row of the ledgers of recipes with a technique that changes it:
                // Descriptor::metrics
    listed,     // in tables of all metrics
};

// What the program itself needs a metric for.
enum class Role : std::uint8_t {
    none,
    speed,       // runs are judged by it, and repeated until its ratio is resolved
    accuracy,    // runs are judged by it where their speed says nothing
    divergence,  // what a recipe costs, opposite its speed
    duration,    // the warm-up ends when it settles
    token_time,  // beside charts of the time per token
};

// A figure of windows: Σ sum · scale / Σ over, over the windows that have both.
struct WindowFigure {
    std::string_view sum, over;
    bool exponential = false;  // exp of that mean
    double scale = 1;
};

// One metric, whole: all that anything but the place that measures it knows of it.
struct MetricDefinition {
    std::string_view id;          // "decode_tokens_per_second"
    std::string_view title;       // "Decode"
    std::string_view unit;        // "tok/s", "s", "bytes", "nats", "bits", "", "share"
    std::string_view definition;  // one or two sentences
    Kind kind;                    // whose words its verdicts have: verdict_words()
    Direction direction;
    Source source;
    unsigned conditions = 0;
    Prominence prominence = Prominence::listed;
    Role role = Role::none;

    std::string_view memory_class{};  // of Source::memory
    WindowFigure window{};            // of Source::windows
    bool largest =
        false;  // a run's figure is the largest of its repetitions: an average would hide a peak
    // By how much two processes doing the same work differ, as the larger of a share and a number;
    // repetitions of one do not show it.
    double process_share = 0, process_amount = 0;
    // Only some runs have it (a baseline has no divergence from itself): that one run lacks it
    // needs no explanation.
    bool of_some_runs = false;
    std::optional<double>
        of_itself{};  // its value of a model against itself, which is not measured

    std::string_view row_title{};     // in the ledger; empty: the title
    std::string_view column_title{};  // at the head of a narrow column; empty: the title
    std::string_view column{};   // of the table of runs, which remembers it by this; empty: none
    bool column_shown = false;   // until someone chooses
    bool run_list = false;       // a column of `hone runs list`
    bool axis_from_zero = true;  // of a chart over windows
    std::array<std::string_view, 2>
        filter_names{};  // in the filter of runs; the first is named in its help

    constexpr Pairing pairing() const {
        if (source == Source::windows) return Pairing::windows;
        return source == Source::repetition || source == Source::memory ? Pairing::repetitions
                                                                        : Pairing::once;
    }
    constexpr bool needs(unsigned wanted) const { return (conditions & wanted) != 0; }
};

std::span<const MetricDefinition> metric_definitions();
const MetricDefinition* find_metric(std::string_view id);  // null where unknown
const MetricDefinition& metric_for(Role role);

// The title as a word within a sentence or a lower-case table: "decode", "KL".
std::string metric_word(std::string_view title);

// How figures are drawn along an axis: times `scale`, in `unit`.
struct AxisScale {
    double scale = 1;
    std::string_view unit;  // "MB", "ms", "%", "tok/s", ""
};
AxisScale axis_scale(const MetricDefinition& metric);

// The figures of windows that any metric is made of, each once: what a window's sample keeps.
std::vector<std::string> window_figures();

// What a run's windows say so far.
class WindowTotals {
public:
    // One window's figures; `compared`: with the baseline's log-probabilities.
    void add(const std::map<std::string, double>& figures, bool compared);
    std::int64_t windows() const { return windows_; }
    // Metrics by id with their 95 % intervals over the windows; none of those that no window tells
    // of.
    std::map<std::string, Estimate> estimates() const;

private:
    struct Sums {
        std::vector<double> sums, over;
    };
    std::map<std::string_view, Sums> of_;  // by metric id
    std::int64_t windows_ = 0;
};

std::string metrics_markdown();  // docs/metrics.md

}  // namespace hone::profiler
