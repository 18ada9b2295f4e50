// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/trace_tip.h"

#include <QCoreApplication>
#include <QLocale>

namespace hone::ui {

QString traceTip(const profiler::RunRecord& run) {
    if (run.trace_events > 0)
        return QCoreApplication::translate("Trace",
                                           "The %1 operations of one repetition on a timeline")
            .arg(QLocale().toString(static_cast<qlonglong>(run.trace_events)));
    return QCoreApplication::translate("Trace",
                                       "Run %1 was measured without a trace: tick “Record a trace” "
                                       "on Measure and run it again")
        .arg(run.id);
}

}  // namespace hone::ui
