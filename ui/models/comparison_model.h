// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>
#include <optional>
#include <vector>

#include "profiler/report/comparison.h"
#include "ui/models/run_differences.h"

namespace hone::ui {

// Runs against a baseline: a row a metric, a column a run. Cells say the verdict with its interval,
// or why there is none. Below them a heading with the options of the recipe that are not the same,
// which are shown or not, and whatever else is not.
class ComparisonModel : public QAbstractTableModel {
    Q_OBJECT
public:
    using QAbstractTableModel::QAbstractTableModel;

    void setRuns(const profiler::RunRecord& baseline, std::vector<profiler::RunRecord> runs,
                 std::vector<profiler::Comparison> comparisons,  // one a run
                 std::vector<RunDifference> differences = {});
    void clear();
    void setMetrics(std::vector<std::string> ids);  // only these, where not empty
    void setDifferencesOnly(bool only);
    void setRecipeShown(bool shown);
    bool recipeShown() const { return recipeShown_; }
    int headingRow() const;        // of the recipe's rows; −1: there are none
    QStringList warnings() const;  // of all comparisons, each once

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    const profiler::ComparedMetric* compared(const std::string& id, std::size_t run) const;
    const RunDifference* differenceAt(int row) const;  // null: it is a metric's row
    std::size_t recipeRows() const;
    const std::string& metricAt(int row) const;
    QVariant headingData(int column, int role) const;
    QVariant differenceData(const RunDifference& difference, int column, int role) const;
    QVariant cell(const std::string& id, std::size_t run, int role) const;
    QVariant ownFigure(const std::string& id, std::size_t run, int role) const;
    bool differs(const std::string& id) const;
    void chooseRows();

    std::optional<profiler::RunRecord> baseline_;
    std::vector<profiler::RunRecord> runs_;
    std::vector<profiler::Comparison> comparisons_;
    std::vector<std::string> rows_;
    std::vector<RunDifference> differences_;
    std::vector<std::string> metrics_;
    bool differencesOnly_ = false, recipeShown_ = false;
};

}  // namespace hone::ui
