// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <optional>

#include "profiler/report/comparison.h"
#include "profiler/store/store.h"
#include "ui/widgets/text_label.h"

namespace hone::ui {

QString metricTitle(const std::string& id);  // "Decode"; the id itself where unknown
QString metricUnit(const std::string& id);   // "tok/s"; empty for bytes, seconds and shares, whose
                                             // figures carry theirs
// The exact value, its interval and number of samples, and the metric's definition.
QString metricTooltip(const std::string& id, const profiler::MetricValue& value,
                      const QString& more = {});
QString metricDefinition(const std::string& id);

// Nothing where the run lacks it or has no number for it.
std::optional<profiler::MetricValue> metricOf(const profiler::RunRecord& run,
                                              const std::string& id);

// "0.0444–0.0478", in the metric's unit; empty where the interval has no width, "too few samples"
// where it says nothing (profiler/report/shown_interval.h).
QString intervalText(const std::string& id, const profiler::MetricValue& value);

// A verdict as people read it: word, arrow, colour and interval say the same
// (profiler/report/shown_ratio.h).
struct VerdictText {
    QString
        text;  // "▲ 2.46 × faster", "▼ 61.2 % smaller", "● cannot tell", "not comparable", or empty
    QString reason;  // why the two cannot be compared, or why it cannot be told
    // 99 %, in the direction of the text: "2.39–2.52 ×", "60.9–61.5 %"; or "too few samples".
    QString interval;
    Tone tone = Tone::muted;
    QString tooltip;  // the figures in words and exactly, or why the two cannot be compared
};
VerdictText verdictText(const profiler::ComparedMetric& metric);

// A verdict of two predictions, whose arrow is an outline so that nobody takes it for one of
// measurements: "△ 2.46 × faster", "▽ 61.2 % smaller", "no change".
QString predictedVerdictText(const std::string& id, double ratio);

}  // namespace hone::ui
