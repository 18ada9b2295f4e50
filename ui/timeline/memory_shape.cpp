// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/timeline/memory_shape.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

struct Step {
    double begin = 0;      // ns
    std::size_t step = 0;  // of MemorySteps
};

// The steps within the shown part; where several begin in one pixel column, the one of them in
// which most was held.
std::vector<Step> stepsShown(const MemorySteps& memory, const TimeScale& scale) {
    const double end = scale.begin + scale.nsPerPixel * scale.width;
    std::vector<Step> steps{{scale.begin, memory.at(scale.begin)}};
    double column = -1;
    for (std::size_t i = steps.front().step + 1; i < memory.times().size(); ++i) {
        const auto time = static_cast<double>(memory.times()[i]);
        if (time >= end) break;
        const double now = std::floor((time - scale.begin) / scale.nsPerPixel);
        if (now != column) {
            steps.push_back({time, i});
            column = now;
        } else if (memory.together(i) > memory.together(steps.back().step)) {
            steps.back().step = i;
        }
    }
    return steps;
}

}  // namespace

std::vector<MemoryShape> memoryShapes(const TraceData& data, const TimeScale& scale,
                                      const QRect& area) {
    const MemorySteps& memory = data.memory();
    if (memory.empty()) return {};
    const double most = std::max(1.0, static_cast<double>(memory.most()));
    const std::vector<Step> steps = stepsShown(memory, scale);
    const double right = scale.left + scale.width;
    const auto y = [&](double bytes) {
        return area.bottom() + 1 - bytes / most * (area.height() - 2);
    };
    std::vector<double> below(steps.size(), 0.0);
    std::vector<MemoryShape> shapes;
    for (const MemorySteps::Line& line : memory.lines()) {
        MemoryShape shape{QString::fromStdString(line.name), {}, line.seen};
        QPolygonF back;  // along the top of what lies below, from left to right
        for (std::size_t i = 0; i < steps.size(); ++i) {
            const double held = static_cast<double>(line.held[steps[i].step]),
                         base = shape.line ? 0 : below[i];
            const double from = scale.x(steps[i].begin);
            const double to = i + 1 < steps.size() ? scale.x(steps[i + 1].begin) : right;
            shape.outline << QPointF(from, y(base + held)) << QPointF(to, y(base + held));
            back << QPointF(from, y(base)) << QPointF(to, y(base));
            if (!shape.line) below[i] += held;
        }
        if (!shape.line) {
            std::reverse(back.begin(), back.end());
            shape.outline += back;
        }
        shapes.push_back(std::move(shape));
    }
    return shapes;
}

QStringList memoryLines(const TraceData& data, double time) {
    const MemorySteps& memory = data.memory();
    if (memory.empty()) return {};
    const std::size_t step = memory.at(time);
    QStringList lines{QCoreApplication::translate("Trace", "Device memory: %1")
                          .arg(formatBytes(static_cast<double>(memory.together(step))))};
    for (const MemorySteps::Line& line : memory.lines())
        lines << QStringLiteral("%1: %2").arg(
            QString::fromStdString(line.name).replace(QLatin1Char('_'), QLatin1Char(' ')),
            formatBytes(static_cast<double>(line.held[step])));
    return lines;
}

}  // namespace hone::ui
