// SPDX-License-Identifier: GPL-3.0-or-later
// Compare's exports: the comparison as a report, and runs with their figures.
#include <QFileDialog>
#include <QMenu>

#include "ui/pages/compare/save_runs.h"
#include "ui/pages/compare_page.h"
#include "ui/theme/theme.h"
#include "ui/widgets/banner.h"

namespace hone::ui {

using profiler::ComparisonFormat;
using profiler::ReportFormat;

std::vector<profiler::RunRecord> ComparePage::chosenRuns(Exported what) const {
    std::vector<profiler::RunRecord> runs;
    if (what == Exported::all) return model_.runs();
    if (what == Exported::shown) {
        for (const std::int64_t id : proxy_.matching()) runs.push_back(*model_.find(id));
        return runs;
    }
    if (const auto* baseline = model_.pinned() ? model_.find(*model_.pinned()) : nullptr)
        runs.push_back(*baseline);
    for (const std::int64_t id : model_.ticked())
        if (model_.pinned() != id) runs.push_back(*model_.find(id));
    return runs;
}

std::optional<ErrorDetails> ComparePage::exportTo(const QString& path, Exported what,
                                                  ReportFormat format) {
    return saveRuns(session().store(), chosenRuns(what), format, path);
}

std::optional<ErrorDetails> ComparePage::exportComparison(const QString& path,
                                                          ComparisonFormat format) {
    std::vector<profiler::RunRecord> runs = chosenRuns(Exported::compared);
    if (runs.size() < 2 || !model_.pinned()) return ErrorDetails{};
    const profiler::RunRecord baseline = runs.front();
    runs.erase(runs.begin());
    return saveComparison(session().store(), baseline, runs, format, path);
}

// Each entry says how many runs it saves.
void ComparePage::fillExportMenu(QMenu& menu) {
    addReports(menu);
    menu.addSeparator();
    const auto add = [&](Exported what, const QString& one, const QString& many) {
        const auto runs = static_cast<qint64>(chosenRuns(what).size());
        if (runs > 0) addRuns(menu, counted(runs, one, many), what);
    };
    add(Exported::compared, tr("%1 compared run"), tr("%1 compared runs"));
    add(Exported::shown, tr("%1 shown run"), tr("%1 shown runs"));
    add(Exported::all, tr("The only run"), tr("All %1 runs"));
}

void ComparePage::addReports(QMenu& menu) {
    const auto runs = chosenRuns(Exported::compared);
    const bool compared = model_.pinned() && runs.size() > 1;
    QMenu* reports = menu.addMenu(compared ? tr("The comparison of %1 with run %2")
                                                 .arg(counted(static_cast<qint64>(runs.size()) - 1,
                                                              tr("%1 run"), tr("%1 runs")))
                                                 .arg(*model_.pinned())
                                           : tr("The comparison: tick a run first"));
    reports->setEnabled(compared);
    const auto add = [&](const QString& text, ComparisonFormat format, const char* suffix) {
        reports->addAction(text, this, [this, format, suffix] {
            askExport(
                QStringLiteral("comparison"), QString::fromLatin1(suffix), tr("The comparison"),
                [this, format](const QString& path) { return exportComparison(path, format); });
        });
    };
    add(tr("Web page with pictures (HTML)…"), ComparisonFormat::html, "html");
    add(tr("Markdown…"), ComparisonFormat::markdown, "md");
    add(tr("CSV…"), ComparisonFormat::csv, "csv");
    add(tr("JSON…"), ComparisonFormat::json, "json");
}

void ComparePage::addRuns(QMenu& menu, const QString& title, Exported what) {
    QMenu* formats = menu.addMenu(title);
    const auto add = [&](const QString& text, ReportFormat format, const char* suffix) {
        formats->addAction(text, this, [this, what, title, format, suffix] {
            askExport(
                QStringLiteral("runs"), QString::fromLatin1(suffix), title,
                [this, what, format](const QString& path) { return exportTo(path, what, format); });
        });
    };
    add(tr("CSV…"), ReportFormat::csv, "csv");
    add(tr("JSON with samples…"), ReportFormat::json, "json");
    add(tr("Markdown…"), ReportFormat::markdown, "md");
}

void ComparePage::askExport(const QString& name, const QString& suffix, const QString& what,
                            const Save& save) {
    QString path = QFileDialog::getSaveFileName(this, tr("Export: %1").arg(what),
                                                name + QLatin1Char('.') + suffix,
                                                QStringLiteral("*.") + suffix);
    if (path.isEmpty()) return;
    if (!path.endsWith(QLatin1Char('.') + suffix, Qt::CaseInsensitive))
        path += QLatin1Char('.') + suffix;
    if (const std::optional<ErrorDetails> error = save(path))
        banner_->showError(*error);
    else
        tell(tr("%1: saved in %2.").arg(what, path));
}

}  // namespace hone::ui
