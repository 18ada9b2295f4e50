// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "profiler/statistics/metric_rows.h"
#include "profiler/store/store.h"
#include "ui/models/run_edits.h"
#include "ui/models/run_identity.h"

namespace hone::ui {

// The stored runs, one a row, newest first. Tags, notes and stars are written to the store as they
// are edited, and can be undone.
class RunsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column {
        Pin,
        Tick,
        Recipe,
        Model,
        Type,
        FirstMetric,  // one column each of the metrics that have one, in their order
        Threads = FirstMetric + profiler::kMetricColumns,
        Machine,
        Commit,
        When,
        Status,
        Star,
        Tags,
        Note,
        ColumnCount
    };

    RunsModel(profiler::Store& store, RunEdits& edits, QObject* parent = nullptr);
    static QString columnId(int column);           // what a column is remembered by
    static int columnOf(std::string_view metric);  // −1: none
    static bool shownAtFirst(int column);

    // What changed since the last time, row by row: selections, marks and what is scrolled to stay.
    // Throws StoreError.
    void reload();
    void refreshTimes();  // "2 min ago" moves on
    const profiler::RunRecord& run(int row) const { return runs_[static_cast<std::size_t>(row)]; }
    const profiler::RunRecord* find(std::int64_t id) const;
    int rowOf(std::int64_t id) const;  // −1 where absent
    const std::vector<profiler::RunRecord>& runs() const { return runs_; }
    bool reloading() const { return reloading_; }  // reloaded() will follow
    int models() const;                            // how many checkpoints the runs are of

    void setPinned(std::optional<std::int64_t> run);
    std::optional<std::int64_t> pinned() const { return pinned_; }
    void setTicked(std::int64_t run, bool ticked);
    void tick(const std::vector<std::int64_t>& runs);  // and says so once
    void clearTicks();
    bool isTicked(std::int64_t run) const { return ticked_.contains(run); }
    std::vector<std::int64_t> ticked() const;  // ascending; only runs that are there

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;

signals:
    void tickedChanged();  // or the pinned one, or what the table knows of any run
    void reloaded();       // after what reload() changed
    void storeFailed(const hone::ErrorDetails& error);

private:
    QVariant text(const profiler::RunRecord& run, int column) const;
    QVariant mark(const profiler::RunRecord& run, int column) const;
    QVariant sortValue(const profiler::RunRecord& run, int column) const;
    QString tooltip(const profiler::RunRecord& run, int column) const;
    bool comparable(const profiler::RunRecord& run) const;
    void reread(std::int64_t run);
    void findRows();
    void sayTicked(const std::vector<std::int64_t>& runs);
    bool removeMissing(const std::vector<profiler::RunRecord>& now);
    bool insertNew(const std::vector<profiler::RunRecord>& now);
    bool replaceChanged(std::vector<profiler::RunRecord> now);
    profiler::Store& store_;
    RunEdits& edits_;
    std::vector<profiler::RunRecord> runs_;
    std::optional<std::int64_t> pinned_;
    std::set<std::int64_t> ticked_;
    std::unordered_map<std::int64_t, int> rows_;  // by run
    bool reloading_ = false;
};

}  // namespace hone::ui
