// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/metric_text.h"

#include <QCoreApplication>
#include <cmath>

#include "profiler/statistics/metrics.h"
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
        if (!paragraph.isEmpty()) html += QStringLiteral("<p>%1</p>").arg(paragraph.toHtmlEscaped());
    return html + QStringLiteral("</qt>");
}

QString signedPercent(double ratio) {
    const double percent = (ratio - 1) * 100;
    const QString sign = percent < 0 ? QStringLiteral("−") : QStringLiteral("+");
    return sign + formatNumber(std::abs(percent));
}

// "▲ 2.46 × faster": of speeds, the factor that is above 1.
QString speedText(double ratio, profiler::Direction direction, bool better) {
    const double gain = direction == profiler::Direction::higher_is_better ? ratio : 1 / ratio;
    const double factor = better ? gain : 1 / gain;
    return (better ? tr("▲ %1 × faster") : tr("▼ %1 × slower")).arg(formatNumber(factor));
}

QString shareText(double ratio, const QString& arrow, std::string_view word) {
    const QString percent = formatNumber(std::abs(ratio - 1) * 100, QStringLiteral("%"));
    return QStringLiteral("%1 %2 %3").arg(arrow, percent, tr(std::string(word).c_str()));
}

// The verdict words are the statistics module's; they are listed here for translators.
[[maybe_unused]] const char* const verdictWords[] = {
    QT_TRANSLATE_NOOP("MetricText", "better"), QT_TRANSLATE_NOOP("MetricText", "worse"),
    QT_TRANSLATE_NOOP("MetricText", "smaller"), QT_TRANSLATE_NOOP("MetricText", "larger"),
    QT_TRANSLATE_NOOP("MetricText", "cannot tell")};

bool isGood(std::string_view verdict) {
    return verdict == "faster" || verdict == "better" || verdict == "smaller";
}

bool hasWidth(double low, double high) {
    return std::isfinite(low) && std::isfinite(high) && high > low;
}

QString ratioInterval(const profiler::ComparedMetric& metric, profiler::Kind kind) {
    const auto& r = metric.ratio;
    if (!hasWidth(r.low, r.high)) return {};
    if (kind == profiler::Kind::speed)
        return QStringLiteral("%1–%2 ×").arg(formatNumber(r.low), formatNumber(r.high));
    return QStringLiteral("%1 … %2 %").arg(signedPercent(r.low), signedPercent(r.high));
}

}  // namespace

QString metricTitle(const std::string& id) {
    const auto* metric = profiler::find_metric(id);
    return metric == nullptr ? QString::fromStdString(id)
                             : QCoreApplication::translate("Metric", metric->title.data());
}

QString metricUnit(const std::string& id) {
    const auto* metric = profiler::find_metric(id);
    if (metric == nullptr || metric->unit == "bytes" || metric->unit == "B/s" || metric->unit == "s" ||
        metric->unit == "share")
        return {};
    return fromView(metric->unit);
}

QString metricDefinition(const std::string& id) {
    const auto* metric = profiler::find_metric(id);
    return metric == nullptr ? QString() : QCoreApplication::translate("Metric", metric->definition.data());
}

QString metricTooltip(const std::string& id, const profiler::MetricValue& value) {
    const auto* metric = profiler::find_metric(id);
    const QString unit = metric == nullptr ? QString::fromStdString(value.unit) : fromView(metric->unit);
    QString exact = formatExact(value.value, unit);
    if (hasWidth(value.low, value.high))
        exact += tr(", 95 % interval %1 to %2").arg(formatExact(value.low), formatExact(value.high));
    if (value.n > 1) exact += tr(", n = %1").arg(value.n);
    return tip({exact, metricDefinition(id)});
}

std::optional<profiler::MetricValue> metricOf(const profiler::RunRecord& run, const std::string& id) {
    const auto it = run.metrics.find(id);
    if (it == run.metrics.end() || !std::isfinite(it->second.value)) return std::nullopt;
    return it->second;
}

QString intervalText(const std::string& id, const profiler::MetricValue& value) {
    if (!hasWidth(value.low, value.high)) return {};
    const auto* metric = profiler::find_metric(id);
    if (metric != nullptr && metric->unit == "share")
        return QStringLiteral("%1–%2").arg(formatNumber(value.low * 100),
                                           formatNumber(value.high * 100, QStringLiteral("%")));
    if (metric != nullptr && (metric->unit == "bytes" || metric->unit == "B/s" || metric->unit == "s")) {
        const QString metricId = QString::fromStdString(id);
        return QStringLiteral("%1–%2").arg(formatMetric(metricId, value.low),
                                           formatMetric(metricId, value.high));
    }
    return QStringLiteral("%1–%2").arg(formatNumber(value.low), formatNumber(value.high));
}

VerdictText verdictText(const profiler::ComparedMetric& metric) {
    VerdictText result;
    if (!metric.refusal.empty()) {
        result.text = tr("not comparable");
        result.reason = QString::fromStdString(metric.refusal);
        result.tooltip = tip({tr("Not comparable: %1").arg(result.reason), metricDefinition(metric.id)});
        return result;
    }
    const auto* definition = profiler::find_metric(metric.id);
    if (definition == nullptr) return result;
    result.interval = ratioInterval(metric, definition->kind);
    result.tooltip = tip({tr("candidate / baseline = %1, 95 % interval %2 to %3, n = %4")
                              .arg(formatExact(metric.ratio.value), formatExact(metric.ratio.low),
                                   formatExact(metric.ratio.high))
                              .arg(metric.ratio.n),
                          metricDefinition(metric.id)});
    if (metric.verdict.empty()) return result;
    if (metric.verdict == "cannot tell") {
        result.text = QStringLiteral("● ") + tr("cannot tell");
        return result;
    }
    const bool good = isGood(metric.verdict);
    result.tone = good ? Tone::better : Tone::worse;
    result.text =
        definition->kind == profiler::Kind::speed
            ? speedText(metric.ratio.value, definition->direction, good)
            : shareText(metric.ratio.value, good ? QStringLiteral("▲") : QStringLiteral("▼"), metric.verdict);
    return result;
}

}  // namespace hone::ui
