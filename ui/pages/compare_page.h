// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStackedLayout>
#include <QTimer>
#include <functional>

#include "profiler/report/comparison_report.h"
#include "ui/models/runs_proxy.h"
#include "ui/pages/page.h"

class QLineEdit;
class QMenu;
class QPushButton;
class QSplitter;

namespace hone::ui {

class Banner;
class ComparisonCard;
class ComparisonChartsCard;
class ElidedLabel;
class NoMatch;
class RunsTable;
class TableBar;
class TextLabel;
struct RunView;

// The stored runs, and the ticked ones against the pinned one.
class ComparePage : public Page {
    Q_OBJECT
public:
    explicit ComparePage(Session& session, QWidget* parent = nullptr);

    QList<QWidget*> headerWidgets() override;
    void shown() override;
    QWidget* entry() override;

    // What an export holds: the baseline with the ticked runs, what the filter shows, or every run.
    enum class Exported { compared, shown, all };
    // Both return why the file could not be written.
    std::optional<ErrorDetails> exportTo(const QString& path, Exported what,
                                         profiler::ReportFormat format);
    std::optional<ErrorDetails> exportComparison(const QString& path,
                                                 profiler::ComparisonFormat format);
    void fillExportMenu(QMenu& menu);

private:
    QWidget* makeContent();
    QWidget* makeTablePane();
    void keepSplitters();
    void moveSplitter(int by);
    void followTable();
    void followBar();
    void addUndo(QList<QWidget*>& into);
    void addExport(QList<QWidget*>& into);
    void reload();
    void followRuns();
    void showRun(std::int64_t run);
    void pin(std::int64_t run);
    void restoreTicks();
    void pinSomething();
    bool pinNewest(const std::function<bool(const profiler::RunRecord&)>& meant);
    void filter(const QString& text);
    void tellNoMatch();
    void showAll();
    RunView view() const;
    void setView(const RunView& view);
    void compare();
    void explainCurrent();
    void followCurrentTrace();
    void remove();
    void chooseRerun();
    void rerun();
    void rerunSeries();
    void tellQueued(std::size_t experiments, const QString& advice);
    void tell(const QString& message, const QString& advice = {}, const QString& action = {},
              std::function<void()> act = {});
    void addReports(QMenu& menu);
    void addRuns(QMenu& menu, const QString& title, Exported what);
    using Save = std::function<std::optional<ErrorDetails>(const QString& path)>;
    void askExport(const QString& name, const QString& suffix, const QString& what,
                   const Save& save);
    std::vector<profiler::RunRecord> chosenRuns(Exported what) const;

    RunsModel model_;
    RunsProxy proxy_;
    QStackedLayout* stack_;
    Banner* banner_;
    TextLabel* filterError_;
    RunsTable* table_;
    TableBar* bar_;
    NoMatch* noMatch_;
    ElidedLabel* foot_;  // what there is to say of the current run, or what its keys do
    QSplitter *splitter_, *below_;
    ComparisonCard* comparison_;
    ComparisonChartsCard* charts_;
    QLineEdit* filterBox_ = nullptr;
    QPushButton *openButton_ = nullptr, *traceButton_ = nullptr, *againButton_ = nullptr,
                *columnsButton_ = nullptr, *exportButton_ = nullptr;
    QTimer pause_, minute_;
    std::function<void()> bannerAction_;
    bool stale_ = true, ticksRestored_ = false;
};

}  // namespace hone::ui
