// SPDX-License-Identifier: GPL-3.0-or-later
#include <QCoreApplication>
#include <QLocale>
#include <algorithm>
#include <cmath>

#include "profiler/statistics/metrics.h"
#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

QString withUnit(const QString& number, const QString& unit) {
    // A no-break space keeps figure and unit on one line.
    return unit.isEmpty() ? number : number + QChar(0x00A0) + unit;
}

QString threeDigits(double value) {
    if (std::isnan(value)) return QStringLiteral("–");
    if (std::isinf(value)) return value > 0 ? QStringLiteral("∞") : QStringLiteral("−∞");
    const QLocale locale;
    if (value == 0) return locale.toString(0);
    const double size = std::abs(value);
    if (size >= 1e9 || size < 1e-4) return locale.toString(value, 'e', 2);
    if (value == std::round(value) && size < 1000)
        return locale.toString(static_cast<qlonglong>(value));
    const int magnitude = static_cast<int>(std::floor(std::log10(size) + 1e-12));
    const double step = std::pow(10.0, magnitude - 2);
    const double rounded = std::round(value / step) * step;
    // Rounding up may gain a digit: 9.999 is "10.0".
    const int shown = static_cast<int>(std::floor(std::log10(std::abs(rounded)) + 1e-12));
    return locale.toString(rounded, 'f', std::clamp(2 - shown, 0, 8));
}

}  // namespace

QString formatNumber(double value, const QString& unit) {
    return withUnit(threeDigits(value).replace(QLatin1Char('-'), QChar(0x2212)), unit);
}

QString counted(qint64 n, const QString& one, const QString& many) {
    return (n == 1 ? one : many).arg(QLocale().toString(n));
}

QString formatExact(double value, const QString& unit) {
    const QLocale locale;
    const bool whole = value == std::round(value) && std::abs(value) < 9e15;
    return withUnit(whole ? locale.toString(static_cast<qlonglong>(value))
                          : locale.toString(value, 'g', QLocale::FloatingPointShortest),
                    unit);
}

namespace {

QString scaled(double value, const char* const (&units)[5]) {
    int step = 0;
    // 999.5 would be shown as "1,000" of the smaller unit.
    while (std::abs(value) >= 999.5 && step < 4) {
        value /= 1000;
        ++step;
    }
    return withUnit(step == 0 ? QLocale().toString(std::round(value), 'f', 0) : threeDigits(value),
                    QString::fromLatin1(units[step]));
}

}  // namespace

QString formatCount(double count) {
    static constexpr const char* units[5] = {"", "k", "M", "B", "T"};
    return scaled(count, units);
}

QString formatBytes(double bytes) {
    static constexpr const char* units[5] = {"B", "kB", "MB", "GB", "TB"};
    return scaled(bytes, units);
}

QString formatSeconds(double seconds) {
    const double size = std::abs(seconds);
    if (size >= 3600) {
        const auto minutes = static_cast<qlonglong>(std::round(seconds / 60));
        return QCoreApplication::translate("Format", "%1 h %2 min")
            .arg(minutes / 60)
            .arg(minutes % 60);
    }
    if (size >= 100) {
        const auto whole = static_cast<qlonglong>(std::round(seconds));
        return QCoreApplication::translate("Format", "%1 min %2 s").arg(whole / 60).arg(whole % 60);
    }
    if (size >= 0.9995) return formatNumber(seconds, QStringLiteral("s"));
    if (size >= 0.9995e-3) return formatNumber(seconds * 1e3, QStringLiteral("ms"));
    if (size == 0) return formatNumber(0, QStringLiteral("s"));
    return formatNumber(seconds * 1e6, QStringLiteral("µs"));
}

QString formatMetric(const QString& metricId, double value) {
    const profiler::MetricDefinition* metric = profiler::find_metric(metricId.toStdString());
    if (metric == nullptr) return formatNumber(value);
    if (metric->unit == "s") return formatSeconds(value);
    if (metric->unit == "bytes") return formatBytes(value);
    if (metric->unit == "B/s") return formatBytes(value) + QStringLiteral("/s");
    if (metric->unit == "share") return formatNumber(value * 100, QStringLiteral("%"));
    return formatNumber(
        value, QString::fromUtf8(metric->unit.data(), static_cast<int>(metric->unit.size())));
}

}  // namespace hone::ui
