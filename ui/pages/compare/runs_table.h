// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/run_views.h"
#include "ui/models/runs_proxy.h"
#include "ui/tables/stuck_rows_table.h"

class QMenu;

namespace hone::ui {

// The stored runs with their marks: a click, or a key on the current row, pins (B), ticks and goes
// on (Space), stars (S), edits the note (F2) or the tags (T), whichever cell is the current one,
// opens the run's own page (Return), measures again (R), or the series that the run is of
// (Shift+R), shows the trace (V) and deletes (Delete). The baseline and the ticked runs stay in
// sight. Headings of groups open and close with a click, Return, Space, Left and Right. Columns are
// dragged, or moved with Ctrl+Shift+Left and Right.
class RunsTable : public StuckRowsTable {
    Q_OBJECT
public:
    RunsTable(RunsModel& model, RunsProxy& proxy, QWidget* parent = nullptr);

    const profiler::RunRecord* currentRun() const;
    void selectRun(std::int64_t run);  // where its group is collapsed, opens that
    std::vector<std::int64_t> selectedRuns() const;
    void selectAll() override;  // what the filter accepts
    bool isEditing() const { return state() == EditingState; }
    void fillColumnMenu(QMenu& menu);
    void fillRunMenu(QMenu& menu);  // what can be done with the current run
    // Sorting, grouping and columns; filter and name are the page's.
    RunView view() const;
    void setView(const RunView& view);
    // Shown as soon as the runs are of two models, until it was chosen.
    void followModels();

signals:
    void pinRequested(qint64 run);
    void openRequested(qint64 run);
    void deleteRequested();
    void rerunRequested();
    void rerunSeriesRequested();
    void traceRequested(qint64 run);
    void currentRunChanged();

protected:
    std::optional<Heading> headingAt(int row) const override;
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;

private:
    void keepPlace();
    void takePlace();
    bool groupKey(QKeyEvent* event);
    void clickCell(const QModelIndex& index);
    void toggleTick();
    void tickAndGoOn();
    void toggleStar();
    void editColumn(int column);
    void moveColumn(int by);
    void followColumns();
    void restoreColumns();
    void keepColumns() const;
    void setColumnShown(int column, bool shown);
    QStringList columnOrder() const;
    void setColumnOrder(const QStringList& ids);
    RunsModel& model_;
    RunsProxy& proxy_;
    std::vector<std::int64_t> before_;  // the rows, while they are arranged
    std::int64_t place_ = 0;            // the current one of them
};

}  // namespace hone::ui
