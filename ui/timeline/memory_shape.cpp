// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/timeline/memory_shape.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>
#include <set>

#include "ui/theme/theme.h"

namespace hone::ui {

using profiler::MemoryLine;
using profiler::MemoryMoment;

namespace {

std::int64_t heldAt(const MemoryLine& line, double time) {
    const auto after = std::upper_bound(
        line.moments.begin(), line.moments.end(), time,
        [](double at, const MemoryMoment& moment) { return at < static_cast<double>(moment.time); });
    return after == line.moments.begin() ? 0 : (after - 1)->bytes;
}

// Times at which anything changes within the shown part, its two ends among them.
std::vector<double> changes(const TraceData& data, double begin, double end) {
    std::set<double> times{begin, end};
    for (const MemoryLine& line : data.trace().memory)
        for (const MemoryMoment& moment : line.moments)
            if (const auto time = static_cast<double>(moment.time); time > begin && time < end)
                times.insert(time);
    return {times.begin(), times.end()};
}

}  // namespace

std::int64_t mostTogether(const TraceData& data) {
    std::int64_t most = 0;
    for (const double time : changes(data, 0, static_cast<double>(data.end()))) {
        std::int64_t sum = 0;
        for (const MemoryLine& line : data.trace().memory)
            if (!line.seen) sum += heldAt(line, time);
        most = std::max(most, sum);
    }
    return most;
}

std::vector<MemoryShape> memoryShapes(const TraceData& data, const TimeScale& scale, const QRect& area) {
    const double most = std::max(1.0, static_cast<double>(std::max(mostTogether(data), data.mostMemory())));
    const std::vector<double> times =
        changes(data, scale.begin, scale.begin + scale.nsPerPixel * scale.width);
    const auto y = [&](double bytes) { return area.bottom() + 1 - bytes / most * (area.height() - 2); };
    std::vector<double> below(times.size(), 0.0);
    std::vector<MemoryShape> shapes;
    for (const MemoryLine& line : data.trace().memory) {
        MemoryShape shape{QString::fromStdString(line.name), {}, line.seen};
        QPolygonF back;  // along the top of what lies below
        for (std::size_t i = 0; i + 1 < times.size(); ++i) {
            const double held = static_cast<double>(heldAt(line, times[i])), base = shape.line ? 0 : below[i];
            shape.outline << QPointF(scale.x(times[i]), y(base + held))
                          << QPointF(scale.x(times[i + 1]), y(base + held));
            back.prepend(QPointF(scale.x(times[i]), y(base)));
            back.prepend(QPointF(scale.x(times[i + 1]), y(base)));
            if (!shape.line) below[i] += held;
        }
        if (!shape.line) shape.outline += back;
        shapes.push_back(std::move(shape));
    }
    return shapes;
}

QStringList memoryLines(const TraceData& data, double time) {
    QStringList lines;
    std::int64_t sum = 0;
    for (const MemoryLine& line : data.trace().memory) {
        const std::int64_t held = heldAt(line, time);
        if (!line.seen) sum += held;
        lines << QStringLiteral("%1: %2").arg(
            QString::fromStdString(line.name).replace(QLatin1Char('_'), QLatin1Char(' ')),
            formatBytes(static_cast<double>(held)));
    }
    lines.prepend(
        QCoreApplication::translate("Trace", "Device memory: %1").arg(formatBytes(static_cast<double>(sum))));
    return lines;
}

}  // namespace hone::ui
