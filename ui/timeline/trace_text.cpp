// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/timeline/trace_text.h"

#include <QCoreApplication>
#include <QLocale>
#include <algorithm>
#include <cmath>

#include "ui/theme/plain_text.h"
#include "ui/theme/theme.h"
#include "ui/timeline/totals_model.h"

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
    if (ns > 0 && flops / ns >= 9999.5)
        return formatNumber(flops / ns / 1e3, QStringLiteral("TFLOP/s"));
    return ns > 0 ? formatNumber(flops / ns, QStringLiteral("GFLOP/s")) : QStringLiteral("–");
}

QString operationsText(std::int64_t count) {
    return count == 1 ? word(QT_TRANSLATE_NOOP("Trace", "1 operation"))
                      : word(QT_TRANSLATE_NOOP("Trace", "%1 operations"))
                            .arg(QLocale().toString(qlonglong(count)));
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
        .arg(phaseText(data.pass(pass).phase), QString::number(data.pass(pass).number));
}

QStringList eventLines(const TraceData& data, std::size_t index) {
    const profiler::TraceEvent& event = data.event(index);
    const auto ns = static_cast<double>(event.duration);
    const auto bytes = static_cast<double>(event.bytes), flops = static_cast<double>(event.flops);
    const QString name = QString::fromStdString(data.name(event)),
                  operation = operationText(event.operation);
    QStringList lines{name == operation ? name : QStringLiteral("%1 (%2)").arg(name, operation)};
    const auto pass = data.passes().at(static_cast<double>(event.start));
    const QString phase = pass ? passText(data, *pass) : phaseText(event.phase);
    lines << (event.layer < 0 ? phase
                              : word(QT_TRANSLATE_NOOP("Trace", "layer %1 · %2"))
                                    .arg(QString::number(event.layer), phase));
    lines << word(QT_TRANSLATE_NOOP("Trace", "took %1, from %2"))
                 .arg(formatNanoseconds(ns), formatMoment(static_cast<double>(event.start)));
    if (event.bytes > 0)
        lines << QStringLiteral("%1 · %2").arg(formatBytes(bytes), formatBandwidth(bytes, ns));
    if (event.flops > 0)
        lines << QStringLiteral("%1 · %2").arg(formatFlops(flops), formatComputation(flops, ns));
    if (event.launch > 0) {
        const profiler::Trace& trace = data.trace();
        lines << launchText(trace.launches[static_cast<std::size_t>(event.launch - 1)]);
        const double bandwidth = trace.device.peak_bandwidth, computing = trace.device.peak_flops;
        if (bandwidth > 0 && computing > 0 && ns > 0)
            lines << word(QT_TRANSLATE_NOOP("Trace", "%1 % of the measured peak"))
                         .arg(QLocale().toString(100 * std::max(bytes / ns * 1e9 / bandwidth,
                                                                flops / ns * 1e9 / computing),
                                                 'f', 1));
    }
    return lines;
}

QString eventTip(const TraceData& data, std::size_t index) {
    QStringList lines = eventLines(data, index);
    for (QString& line : lines) line = plainMarkup(line);
    lines.front() = QStringLiteral("<b>%1</b>").arg(lines.front());
    return QStringLiteral("<qt style='white-space:nowrap'>%1</qt>")
        .arg(lines.join(QStringLiteral("<br>")));
}

QString totalsText(const std::vector<profiler::KernelGroup>& totals, TimeRange range) {
    double ns = 0, bytes = 0, flops = 0;
    std::int64_t count = 0;
    for (const profiler::KernelGroup& total : totals) {
        ns += static_cast<double>(total.total);
        bytes += total.bytes;
        flops += total.flops;
        count += total.count;
    }
    const QString spent = word(QT_TRANSLATE_NOOP("Trace", "%1, %2 of %3"))
                              .arg(operationsText(count), formatNanoseconds(ns),
                                   formatNanoseconds(static_cast<double>(range.length())));
    const QStringList parts{spent, formatBytes(bytes), formatBandwidth(bytes, ns),
                            formatFlops(flops), formatComputation(flops, ns)};
    return parts.join(QStringLiteral(" · "));
}

QString deviceText(const profiler::CudaTraceFacts& facts) {
    const QLocale locale;
    QStringList lines{
        word(QT_TRANSLATE_NOOP("Trace", "%1, recorded by %2."))
            .arg(QString::fromStdString(facts.device), QString::fromStdString(facts.source))};
    if (!facts.problem.empty()) lines << QString::fromStdString(facts.problem);
    if (facts.kernels > 0 || facts.launches > 0)
        lines << word(QT_TRANSLATE_NOOP("Trace", "%1 kernels of %2 launches."))
                     .arg(locale.toString(qlonglong(facts.kernels)),
                          locale.toString(qlonglong(facts.launches)));
    if (facts.kernel_time > 0)
        lines << word(QT_TRANSLATE_NOOP(
                          "Trace", "%1 % of their time belongs to a layer, operation and phase."))
                     .arg(locale.toString(100 * static_cast<double>(facts.attributed_time) /
                                              static_cast<double>(facts.kernel_time),
                                          'f', 2));
    if (facts.unknown_times > 0)
        lines << word(QT_TRANSLATE_NOOP("Trace", "%1 records have no times and are not shown."))
                     .arg(locale.toString(qlonglong(facts.unknown_times)));
    lines << word(QT_TRANSLATE_NOOP("Trace", "The clocks of device and host agree within %1."))
                 .arg(formatNanoseconds(static_cast<double>(facts.clock_error)));
    if (facts.memory_difference >= 0)
        lines << word(QT_TRANSLATE_NOOP(
                          "Trace",
                          "The memory that it saw differs from Hone's account by at most %1."))
                     .arg(formatBytes(static_cast<double>(facts.memory_difference)));
    if (facts.peak_bandwidth > 0)
        lines << word(QT_TRANSLATE_NOOP("Trace", "Measured peaks: %1 copied, %2 in BF16."))
                     .arg(formatBandwidth(facts.peak_bandwidth, 1e9),
                          formatComputation(facts.peak_flops, 1e9));
    lines << word(QT_TRANSLATE_NOOP("Trace",
                                    "Recorded in one repetition after those that were timed: its "
                                    "own figures are not the run's."));
    return lines.join(QLatin1Char(' '));
}

QString bytesSource(const profiler::Trace& trace) {
    return trace.counters.empty() ? word(QT_TRANSLATE_NOOP("Trace", "bytes by formula"))
                                  : word(QT_TRANSLATE_NOOP("Trace", "DRAM bytes counted by %1"))
                                        .arg(QString::fromStdString(trace.device.counters_source));
}

QString traceDoubts(const profiler::Trace& trace) {
    constexpr double noted = 1.05;
    const profiler::CudaTraceFacts& facts = trace.device;
    QStringList lines;
    if (!facts.problem.empty())
        lines << word(QT_TRANSLATE_NOOP("Trace", "Recorded by %1: %2."))
                     .arg(QString::fromStdString(facts.source),
                          QString::fromStdString(facts.problem));
    if (!facts.counters_problem.empty())
        lines << (trace.counters.empty() ? word(QT_TRANSLATE_NOOP("Trace", "No counters: %1."))
                                         : word(QT_TRANSLATE_NOOP("Trace", "Counters: %1.")))
                     .arg(QString::fromStdString(facts.counters_problem));
    if (trace.slowdown > noted)
        lines << word(QT_TRANSLATE_NOOP("Trace", "Tracing made decoding %1 % slower."))
                     .arg(QLocale().toString(100 * (trace.slowdown - 1), 'f', 1));
    return lines.join(QLatin1Char(' '));
}

QString deviceDoubt(const profiler::CudaTraceFacts& facts) {
    if (facts.empty()) return {};
    const std::int64_t lost = std::max(facts.launches - facts.kernels, facts.lost_records);
    if (facts.kernels == 0) return word(QT_TRANSLATE_NOOP("Trace", "single kernels not seen"));
    if (lost > 0)
        return word(QT_TRANSLATE_NOOP("Trace", "%1 kernels lost"))
            .arg(QLocale().toString(qlonglong(lost)));
    if (static_cast<double>(facts.attributed_time) < 0.99 * static_cast<double>(facts.kernel_time))
        return word(QT_TRANSLATE_NOOP("Trace", "partly unattributed"));
    return {};
}

}  // namespace hone::ui
