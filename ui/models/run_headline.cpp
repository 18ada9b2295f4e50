// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_headline.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>
#include <algorithm>
#include <cmath>

#include "profiler/report/comparison.h"
#include "profiler/statistics/metrics.h"
#include "ui/models/metric_text.h"
#include "ui/theme/plain_text.h"
#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("RunHeadline", text);
}

const profiler::ComparedMetric* find(const profiler::Comparison& comparison, std::string_view id) {
    for (const profiler::ComparedMetric& metric : comparison.metrics)
        if (metric.id == id) return &metric;
    return nullptr;
}

// "▲ 1.77 × faster": nothing where it cannot be told.
QString decided(const profiler::ComparedMetric* metric) {
    if (metric == nullptr) return {};
    const VerdictText verdict = verdictText(*metric);
    return verdict.tone == Tone::better || verdict.tone == Tone::worse ? verdict.text : QString();
}

QString word(const profiler::MetricDefinition& metric) {
    return QString::fromStdString(
        profiler::metric_word(metricTitle(std::string(metric.id)).toStdString()));
}

RunHeadline fromComparison(const profiler::Comparison& comparison) {
    const auto &judged = profiler::metric_for(profiler::Role::speed),
               &exact = profiler::metric_for(profiler::Role::accuracy);
    const profiler::ComparedMetric* speed = find(comparison, judged.id);
    const profiler::ComparedMetric* accuracy = find(comparison, exact.id);
    if (const QString text = decided(speed); !text.isEmpty())
        return {
            QStringLiteral("%1 %2").arg(text, word(judged)),
            verdictText(*speed).tone == Tone::better ? HeadlineTone::better : HeadlineTone::worse};
    if (accuracy != nullptr && verdictText(*accuracy).tone == Tone::worse)
        return {QStringLiteral("%1 %2").arg(decided(accuracy), word(exact)), HeadlineTone::worse};
    if (speed != nullptr && !speed->refusal.empty())
        return {tr("not comparable: %1").arg(plainLine(speed->refusal)), HeadlineTone::unsure};
    return {tr("● cannot tell"), HeadlineTone::unsure};
}

}  // namespace

RunHeadline runHeadline(const profiler::Store& store, const profiler::RunRecord& run) {
    if (run.status == "failed")
        return {tr("failed: %1").arg(plainLine(run.reason)), HeadlineTone::worse};
    if (run.status == profiler::kUnreadable) return {plainLine(run.reason), HeadlineTone::worse};
    if (run.status == "cancelled") return {tr("cancelled"), HeadlineTone::plain};
    if (run.status == "interrupted") return {tr("interrupted"), HeadlineTone::plain};
    if (run.status == "running") return {tr("running"), HeadlineTone::plain};
    if (run.what.paired_with && run.what.side != "baseline") {
        const std::optional<profiler::RunRecord> baseline = store.load(*run.what.paired_with);
        if (baseline) return fromComparison(profiler::compare(store, *baseline, run));
    }
    const auto& judged = profiler::metric_for(profiler::Role::speed);
    const std::string id(judged.id);
    const auto speed = run.metrics.find(id);
    if (speed == run.metrics.end()) return {};
    return {QStringLiteral("%1 %2").arg(
                formatMetric(QString::fromStdString(id), speed->second.value), word(judged)),
            HeadlineTone::plain};
}

QString timeAgo(const std::string& created) {
    QDateTime then = QDateTime::fromString(QString::fromStdString(created), Qt::ISODate);
    if (!then.isValid()) return plainLine(created);
    if (then.timeSpec() == Qt::LocalTime)
        then.setTimeSpec(Qt::UTC);  // stored in UTC, with or without the Z
    const QDateTime now = QDateTime::currentDateTimeUtc();
    const qint64 seconds = then.secsTo(now);
    if (seconds < 60) return tr("just now");
    if (seconds < 3600) return tr("%1 min ago").arg(seconds / 60);
    const QDate day = then.toLocalTime().date();
    const QDate today = QDate::currentDate();
    if (day == today) return tr("%1 h ago").arg(std::max<qint64>(1, seconds / 3600));
    if (day.daysTo(today) == 1) return tr("yesterday");
    return QLocale().toString(
        day, day.year() == today.year() ? QStringLiteral("d MMMM") : QStringLiteral("d MMM yyyy"));
}

}  // namespace hone::ui
