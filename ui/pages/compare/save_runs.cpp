// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/compare/save_runs.h"

#include <QSaveFile>

namespace hone::ui {

std::optional<ErrorDetails> saveRuns(profiler::Store& store,
                                     const std::vector<profiler::RunRecord>& runs,
                                     profiler::ReportFormat format, const QString& path) {
    try {
        const std::string text = profiler::export_runs(store, runs, format);
        QSaveFile file(path);
        if (file.open(QIODevice::WriteOnly))
            file.write(text.data(), static_cast<qint64>(text.size()));
        if (file.commit()) return std::nullopt;
        throw Error(ErrorDetails{.message = {},
                                 .file = path.toStdString(),
                                 .field = "file",
                                 .found = file.errorString().toStdString(),
                                 .expected = "a place that can be written",
                                 .fault = Fault::not_written});
    } catch (const std::exception& error) {
        return details_of(error);
    }
}

}  // namespace hone::ui
