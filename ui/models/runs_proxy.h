// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractProxyModel>
#include <QHash>
#include <QSet>
#include <unordered_map>
#include <vector>

#include "ui/models/run_filter.h"
#include "ui/models/runs_model.h"

namespace hone::ui {

// The runs as the table shows them: the baseline and the ticked runs on top, whatever is filtered
// or sorted; below them those that the filter accepts, sorted by value, in groups where wanted. A
// group has a row of its own as its heading, which is no run's.
class RunsProxy : public QAbstractProxyModel {
    Q_OBJECT
public:
    enum class GroupBy { nothing, model, recipe, series };
    static QString groupId(GroupBy by);  // what it is remembered by
    static GroupBy groupOf(const QString& id);

    explicit RunsProxy(RunsModel& model, QObject* parent = nullptr);

    void setFilter(RunFilter filter);
    void setTickedOnly(bool only);
    void setGroupBy(GroupBy by);
    bool tickedOnly() const { return tickedOnly_; }
    GroupBy groupBy() const { return groupBy_; }
    int sortColumn() const { return sortColumn_; }
    Qt::SortOrder sortOrder() const { return sortOrder_; }

    int topRows() const { return top_; }  // the baseline and the ticked runs
    // Runs that the filter accepts, in the order of the table, also those on top and those of
    // collapsed groups.
    const std::vector<std::int64_t>& matching() const { return matching_; }
    const profiler::RunRecord* run(int row) const;  // null: a group's heading
    // What stands in a row, whatever row it is in later.
    std::int64_t idAt(int row) const { return rows_[static_cast<std::size_t>(row)]; }
    const std::vector<std::int64_t>& ids() const { return rows_; }
    int rowOf(std::int64_t id) const;  // −1: none
    bool isGroup(int row) const;
    QString groupTitle(int row) const;  // "SmolLM2.Q4_1.gguf"
    int groupSize(int row) const;       // runs below the heading
    bool isCollapsed(int row) const;
    void setCollapsed(int row, bool collapsed);
    void setAllCollapsed(bool collapsed);
    int groupRowOf(int row) const;  // the heading that a row is below; −1: none

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& child) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QModelIndex mapToSource(const QModelIndex& proxy) const override;
    QModelIndex mapFromSource(const QModelIndex& source) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;
    Qt::ItemFlags flags(const QModelIndex& index) const override;
    void sort(int column, Qt::SortOrder order) override;

signals:
    void aboutToArrange();
    void arranged();  // rows came, went or moved, or the counts are others

private:
    struct Group {
        QString key, title;
        int runs = 0;
    };
    std::vector<int> sorted() const;  // rows of the model
    std::vector<std::int64_t> wantedRows();
    void addGroups(std::vector<std::int64_t>& rows, const std::vector<int>& order);
    std::int64_t groupFor(const profiler::RunRecord& run);
    void arrange();
    void change(const std::vector<std::int64_t>& wanted);
    void permute(const std::vector<std::int64_t>& order);
    void findRows();
    void follow();
    void tellChanged(const QModelIndex& from, const QModelIndex& to, const QList<int>& roles);

    RunsModel& model_;
    RunFilter filter_;
    bool tickedOnly_ = false;
    GroupBy groupBy_ = GroupBy::nothing;
    int sortColumn_ = RunsModel::When;
    Qt::SortOrder sortOrder_ = Qt::DescendingOrder;
    std::vector<std::int64_t> rows_;            // runs, and below 0 headings of groups
    std::unordered_map<std::int64_t, int> at_;  // where those are
    std::vector<std::int64_t> matching_;
    int top_ = 0;
    std::unordered_map<std::int64_t, Group> groups_;  // by what stands in rows_
    QHash<QString, std::int64_t> groupIds_;           // by key
    QSet<QString> collapsed_;                         // keys
};

}  // namespace hone::ui
