// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/metric_text.h"

#include <QCoreApplication>
#include <cmath>

#include "profiler/report/shown_ratio.h"
#include "profiler/statistics/metrics.h"
#include "ui/theme/plain_text.h"
#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("MetricText", text);
}

QString fromView(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

QString tip(const QStringList& paragraphs) {
    QString html = QStringLiteral("<qt>");
    for (const QString& paragraph : paragraphs)
        if (!paragraph.isEmpty()) html += QStringLiteral("<p>%1</p>").arg(plainMarkup(paragraph));
    return html + QStringLiteral("</qt>");
}

// The verdict words are the statistics module's; they are listed here for translators.
[[maybe_unused]] const char* const verdictWords[] = {
    QT_TRANSLATE_NOOP("MetricText", "faster"),     QT_TRANSLATE_NOOP("MetricText", "slower"),
    QT_TRANSLATE_NOOP("MetricText", "better"),     QT_TRANSLATE_NOOP("MetricText", "worse"),
    QT_TRANSLATE_NOOP("MetricText", "smaller"),    QT_TRANSLATE_NOOP("MetricText", "larger"),
    QT_TRANSLATE_NOOP("MetricText", "cannot tell")};

QString tooFewSamples() {
    return tr(profiler::kTooFewSamples.data());
}
[[maybe_unused]] const char* const intervalWords[] = {
    QT_TRANSLATE_NOOP("MetricText", "too few samples")};

// What the two figures of a ratio are, for a tooltip: "1.61 × faster, 99 % interval 1.54–1.69 ×".
QString estimateTip(const profiler::ShownRatio& shown) {
    QString text = QString::fromStdString(shown.estimate);
    if (shown.good || shown.bad) text += QLatin1Char(' ') + tr(shown.word.c_str());
    if (shown.too_few)
        text += QStringLiteral(", ") + tooFewSamples();
    else if (!shown.interval.empty())
        text += tr(", %1 % interval %2")
                    .arg(std::lround(100 * profiler::kDecidingConfidence))
                    .arg(QString::fromStdString(shown.interval));
    return text;
}

// The plain ratio with its intervals.
QString exactTip(const profiler::ComparedMetric& metric, bool tooFew) {
    const QString ratio = formatExact(metric.ratio.value), n = QString::number(metric.ratio.n);
    if (tooFew) return tr("candidate / baseline = %1, n = %2").arg(ratio, n);
    return tr("candidate / baseline = %1, 95 % interval %2 to %3, 99 % interval %4 to %5, n = %6")
        .arg(ratio, formatExact(metric.ratio.low), formatExact(metric.ratio.high),
             formatExact(metric.decides.low), formatExact(metric.decides.high), n);
}

}  // namespace

QString metricTitle(const std::string& id) {
    const auto* metric = profiler::find_metric(id);
    return metric == nullptr ? QString::fromStdString(id)
                             : QCoreApplication::translate("Metric", metric->title.data());
}

QString metricUnit(const std::string& id) {
    const auto* metric = profiler::find_metric(id);
    if (metric == nullptr || metric->unit == "bytes" || metric->unit == "B/s" ||
        metric->unit == "s" || metric->unit == "share")
        return {};
    return fromView(metric->unit);
}

QString metricDefinition(const std::string& id) {
    const auto* metric = profiler::find_metric(id);
    return metric == nullptr ? QString()
                             : QCoreApplication::translate("Metric", metric->definition.data());
}

QString metricTooltip(const std::string& id, const profiler::MetricValue& value,
                      const QString& more) {
    const auto* metric = profiler::find_metric(id);
    const QString unit =
        metric == nullptr ? QString::fromStdString(value.unit) : fromView(metric->unit);
    QString exact = formatExact(value.value, unit);
    const profiler::ShownInterval interval = profiler::shown_interval(value);
    if (interval.exists)
        exact += tr(", 95 % interval %1 to %2")
                     .arg(formatExact(interval.low), formatExact(interval.high));
    if (interval.too_few) exact += tr(", %1 for an interval").arg(tooFewSamples());
    if (value.n > 1) exact += tr(", n = %1").arg(value.n);
    return tip({exact, more, metricDefinition(id)});
}

std::optional<profiler::MetricValue> metricOf(const profiler::RunRecord& run,
                                              const std::string& id) {
    const auto it = run.metrics.find(id);
    if (it == run.metrics.end() || !std::isfinite(it->second.value)) return std::nullopt;
    return it->second;
}

QString intervalText(const std::string& id, const profiler::MetricValue& value) {
    const profiler::ShownInterval interval = profiler::shown_interval(value);
    if (interval.too_few) return tooFewSamples();
    if (!interval.exists) return {};
    const double low = interval.low, high = interval.high;
    const auto* metric = profiler::find_metric(id);
    if (metric != nullptr && metric->unit == "share")
        return QStringLiteral("%1–%2").arg(formatNumber(low * 100),
                                           formatNumber(high * 100, QStringLiteral("%")));
    if (metric != nullptr &&
        (metric->unit == "bytes" || metric->unit == "B/s" || metric->unit == "s")) {
        const QString metricId = QString::fromStdString(id);
        return QStringLiteral("%1–%2").arg(formatMetric(metricId, low),
                                           formatMetric(metricId, high));
    }
    return QStringLiteral("%1–%2").arg(formatNumber(low), formatNumber(high));
}

VerdictText verdictText(const profiler::ComparedMetric& metric) {
    VerdictText result;
    const profiler::ShownRatio shown = profiler::shown_ratio(metric);
    result.reason = plainLine(shown.reason);
    if (shown.form == profiler::ShownRatio::Form::none) {
        if (metric.refusal.empty()) return result;
        result.text = tr("not comparable");
        result.tooltip =
            tip({tr("Not comparable: %1").arg(result.reason), metricDefinition(metric.id)});
        return result;
    }
    result.interval = shown.too_few ? tooFewSamples() : QString::fromStdString(shown.interval);
    const bool decided = shown.good || shown.bad;
    result.tooltip =
        tip({estimateTip(shown), decided ? QString() : tr("Cannot tell: %1.").arg(result.reason),
             exactTip(metric, shown.too_few), metricDefinition(metric.id)});
    if (shown.word.empty()) return result;
    const QString arrow =
        QString::fromUtf8(shown.arrow.data(), static_cast<qsizetype>(shown.arrow.size()));
    const QString word = tr(shown.word.c_str());
    if (decided) {
        result.tone = shown.good ? Tone::better : Tone::worse;
        result.text =
            QStringLiteral("%1 %2 %3").arg(arrow, QString::fromStdString(shown.estimate), word);
    } else {
        result.text = QStringLiteral("%1 %2").arg(arrow, word);
    }
    return result;
}

QString predictedVerdictText(const std::string& id, double ratio) {
    constexpr double least = 5e-4;  // of what three digits show
    const auto* metric = profiler::find_metric(id);
    if (metric == nullptr) return {};
    if (std::abs(ratio - 1) < least) return tr("no change");
    // Without width: as if two samples had been equal, which decides.
    const profiler::Estimate exactly{ratio, ratio, ratio, 2};
    const profiler::ShownRatio shown = profiler::shown_ratio(
        {id,
         exactly,
         exactly,
         std::string(profiler::verdict(metric->kind, metric->direction, exactly)),
         {}});
    return QStringLiteral("%1 %2 %3")
        .arg(shown.arrow == "▲" ? QStringLiteral("△") : QStringLiteral("▽"),
             QString::fromStdString(shown.estimate), tr(shown.word.c_str()));
}

}  // namespace hone::ui
