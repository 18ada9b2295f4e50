// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPolygonF>
#include <QRect>
#include <QString>
#include <vector>

#include "ui/timeline/lane_painter.h"
#include "ui/timeline/trace_data.h"

namespace hone::ui {

// One class of memory as an area on top of those before it; or, as a line, all that the device's
// profiler saw.
struct MemoryShape {
    QString name;
    QPolygonF outline;
    bool line = false;
};

// Memory over the shown time, in pixels of `area`, from the bottom up to the most that was held.
std::vector<MemoryShape> memoryShapes(const TraceData& data, const TimeScale& scale,
                                      const QRect& area);

// What each class held at `time`, a line each, and all together.
QStringList memoryLines(const TraceData& data, double time);

}  // namespace hone::ui
