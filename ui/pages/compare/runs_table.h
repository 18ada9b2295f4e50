// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/runs_model.h"
#include "ui/tables/figure_table.h"

class QMenu;

namespace hone::ui {

// The stored runs with their marks: a click, or a key on the current row, pins (B), ticks (Space),
// stars (S), edits the note (F2) or the tags (T), whichever cell is the current one, measures again
// (R), or the series that the run is of (Shift+R), shows the trace (V) and deletes (Delete).
class RunsTable : public FigureTable {
    Q_OBJECT
public:
    RunsTable(RunsModel& model, RunsProxy& proxy, QWidget* parent = nullptr);

    const profiler::RunRecord* currentRun() const;
    void selectRun(std::int64_t run);
    std::vector<std::int64_t> selectedRuns() const;
    bool isEditing() const { return state() == EditingState; }
    void fillColumnMenu(QMenu& menu);
    void fillRunMenu(QMenu& menu);  // what can be done with the current run

signals:
    void pinRequested(qint64 run);
    void deleteRequested();
    void rerunRequested();
    void rerunSeriesRequested();
    void traceRequested(qint64 run);
    void currentRunChanged();

protected:
    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;

private:
    void clickCell(const QModelIndex& index);
    void toggleTick();
    void toggleStar();
    void editColumn(int column);
    void restoreColumns();
    RunsModel& model_;
    RunsProxy& proxy_;
};

}  // namespace hone::ui
