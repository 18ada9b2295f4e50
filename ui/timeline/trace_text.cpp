// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/timeline/trace_text.h"

#include <QCoreApplication>
#include <QLocale>
#include <algorithm>
#include <cmath>

#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

QString word(const char* text) {
    return QCoreApplication::translate("Trace", text);
}

QString latin(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

}  // namespace

QString formatNanoseconds(double ns) {
    if (std::abs(ns) < 999.5 && ns != 0) return formatNumber(std::round(ns), QStringLiteral("ns"));
    return formatSeconds(ns * 1e-9);
}

QString formatMoment(double ns) {
    static constexpr struct {
        double ns;
        const char* unit;
        int decimals;
    } scales[] = {{1e9, "s", 6}, {1e6, "ms", 3}, {1e3, "µs", 2}, {1, "ns", 0}};
    const auto* scale = std::find_if(std::begin(scales), std::end(scales) - 1,
                                     [ns](const auto& candidate) { return ns >= candidate.ns; });
    return QLocale().toString(ns / scale->ns, 'f', scale->decimals) + QChar(0x00A0) +
           QString::fromUtf8(scale->unit);
}

QString formatFlops(double flops) {
    static constexpr const char* units[] = {"FLOP", "kFLOP", "MFLOP", "GFLOP", "TFLOP"};
    int step = 0;
    for (; flops >= 999.5 && step < 4; ++step) flops /= 1000;
    return formatNumber(step == 0 ? std::round(flops) : flops, QString::fromLatin1(units[step]));
}

QString formatBandwidth(double bytes, double ns) {
    return ns > 0 ? formatNumber(bytes / ns, QStringLiteral("GB/s")) : QStringLiteral("–");
}

QString formatComputation(double flops, double ns) {
    return ns > 0 ? formatNumber(flops / ns, QStringLiteral("GFLOP/s")) : QStringLiteral("–");
}

QString operationsText(std::int64_t count) {
    return count == 1
               ? word(QT_TRANSLATE_NOOP("Trace", "1 operation"))
               : word(QT_TRANSLATE_NOOP("Trace", "%1 operations")).arg(QLocale().toString(qlonglong(count)));
}

QString operationText(profiler::Operation operation) {
    return latin(profiler::operation_name(operation));
}

QString phaseText(profiler::TracePhase phase) {
    return phase == profiler::TracePhase::prefill ? word(QT_TRANSLATE_NOOP("Trace", "prefill"))
                                                  : word(QT_TRANSLATE_NOOP("Trace", "decode"));
}

QString passText(const TraceData& data, std::size_t pass) {
    return word(QT_TRANSLATE_NOOP("Trace", "%1, pass %2"))
        .arg(phaseText(data.pass(pass).phase))
        .arg(data.pass(pass).number);
}

QStringList eventLines(const TraceData& data, std::size_t index) {
    const profiler::TraceEvent& event = data.event(index);
    const auto ns = static_cast<double>(event.duration);
    const auto bytes = static_cast<double>(event.bytes), flops = static_cast<double>(event.flops);
    const QString name = QString::fromStdString(data.name(event)), operation = operationText(event.operation);
    QStringList lines{name == operation ? name : QStringLiteral("%1 (%2)").arg(name, operation)};
    const auto pass = data.passes().at(static_cast<double>(event.start));
    const QString phase = pass ? passText(data, *pass) : phaseText(event.phase);
    lines << (event.layer < 0
                  ? phase
                  : word(QT_TRANSLATE_NOOP("Trace", "layer %1 · %2")).arg(event.layer).arg(phase));
    lines << word(QT_TRANSLATE_NOOP("Trace", "took %1, from %2"))
                 .arg(formatNanoseconds(ns), formatMoment(static_cast<double>(event.start)));
    if (event.bytes > 0)
        lines << QStringLiteral("%1 · %2").arg(formatBytes(bytes), formatBandwidth(bytes, ns));
    if (event.flops > 0)
        lines << QStringLiteral("%1 · %2").arg(formatFlops(flops), formatComputation(flops, ns));
    return lines;
}

QString eventTip(const TraceData& data, std::size_t index) {
    QStringList lines = eventLines(data, index);
    for (QString& line : lines) line = line.toHtmlEscaped();
    lines.front() = QStringLiteral("<b>%1</b>").arg(lines.front());
    return QStringLiteral("<qt style='white-space:nowrap'>%1</qt>").arg(lines.join(QStringLiteral("<br>")));
}

QString totalsText(const std::vector<profiler::OperationTotal>& totals, TimeRange range) {
    double ns = 0, bytes = 0, flops = 0;
    std::int64_t count = 0;
    for (const profiler::OperationTotal& total : totals) {
        ns += static_cast<double>(total.duration);
        bytes += total.bytes;
        flops += total.flops;
        count += total.count;
    }
    const QString spent = word(QT_TRANSLATE_NOOP("Trace", "%1, %2 of %3"))
                              .arg(operationsText(count), formatNanoseconds(ns),
                                   formatNanoseconds(static_cast<double>(range.length())));
    const QStringList parts{spent, formatBytes(bytes), formatBandwidth(bytes, ns), formatFlops(flops),
                            formatComputation(flops, ns)};
    return parts.join(QStringLiteral(" · "));
}

}  // namespace hone::ui
