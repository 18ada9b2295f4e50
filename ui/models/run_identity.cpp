// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_identity.h"

#include <algorithm>
#include <cmath>

#include "ui/theme/plain_text.h"

namespace hone::ui {

using profiler::RunRecord;

bool sameRun(const RunRecord& a, const RunRecord& b) {
    const auto same = [](double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); };
    const auto sameFigure = [&same](const auto& x, const auto& y) {
        return x.first == y.first && same(x.second.value, y.second.value) &&
               same(x.second.low, y.second.low) && same(x.second.high, y.second.high) &&
               x.second.n == y.second.n;
    };
    return a.id == b.id && a.status == b.status && a.reason == b.reason && a.note == b.note &&
           a.tags == b.tags && a.starred == b.starred && a.notes_from_run == b.notes_from_run &&
           a.trace_events == b.trace_events && same(a.duration_seconds, b.duration_seconds) &&
           a.memory == b.memory && a.what.workload == b.what.workload &&
           a.what.target == b.what.target && a.what.paired_with == b.what.paired_with &&
           std::equal(a.metrics.begin(), a.metrics.end(), b.metrics.begin(), b.metrics.end(),
                      sameFigure);
}

QString runName(const RunRecord& run) {
    return QStringLiteral("%1 %2").arg(QString::number(run.id), plainLine(run.what.recipe_label));
}

QString modelFile(const RunRecord& run) {
    QString source = QString::fromStdString(run.what.model_source);
    while (source.endsWith(QLatin1Char('/'))) source.chop(1);
    const QString file = source.section(QLatin1Char('/'), -1);
    return plainLine(file.isEmpty() ? QString::fromStdString(run.what.model_name) : file);
}

}  // namespace hone::ui
