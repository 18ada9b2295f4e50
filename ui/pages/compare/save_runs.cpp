// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/compare/save_runs.h"

#include <QSaveFile>
#include <functional>

namespace hone::ui {

namespace {

std::optional<ErrorDetails> save(const std::function<std::string()>& make, const QString& path) {
    try {
        const std::string text = make();
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

}  // namespace

std::optional<ErrorDetails> saveRuns(profiler::Store& store,
                                     const std::vector<profiler::RunRecord>& runs,
                                     profiler::ReportFormat format, const QString& path) {
    return save([&] { return profiler::export_runs(store, runs, format); }, path);
}

std::optional<ErrorDetails> saveComparison(profiler::Store& store,
                                           const profiler::RunRecord& baseline,
                                           const std::vector<profiler::RunRecord>& runs,
                                           profiler::ComparisonFormat format, const QString& path) {
    return save(
        [&] {
            return profiler::comparison_report(profiler::compare_runs(store, baseline, runs),
                                               format);
        },
        path);
}

}  // namespace hone::ui
