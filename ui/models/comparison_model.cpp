// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/comparison_model.h"

#include <algorithm>

#include "profiler/statistics/metrics.h"
#include "ui/models/metric_text.h"
#include "ui/models/run_roles.h"
#include "ui/models/runs_model.h"
#include "ui/theme/plain_text.h"
#include "ui/theme/theme.h"

namespace hone::ui {

void ComparisonModel::setRuns(const profiler::RunRecord& baseline,
                              std::vector<profiler::RunRecord> runs,
                              std::vector<profiler::Comparison> comparisons,
                              std::vector<RunDifference> differences) {
    beginResetModel();
    baseline_ = baseline;
    runs_ = std::move(runs);
    comparisons_ = std::move(comparisons);
    differences_ = std::move(differences);
    chooseRows();
    endResetModel();
}

void ComparisonModel::clear() {
    beginResetModel();
    baseline_.reset();
    runs_.clear();
    comparisons_.clear();
    differences_.clear();
    rows_.clear();
    endResetModel();
}

void ComparisonModel::setMetrics(std::vector<std::string> ids) {
    beginResetModel();
    metrics_ = std::move(ids);
    chooseRows();
    endResetModel();
}

void ComparisonModel::setDifferencesOnly(bool only) {
    beginResetModel();
    differencesOnly_ = only;
    chooseRows();
    endResetModel();
}

QStringList ComparisonModel::warnings() const {
    // Runs that were not measured in turn first: the foot shows a few, and what drifted between
    // them is the most that can mislead.
    std::vector<profiler::Comparison> ordered = comparisons_;
    std::stable_partition(ordered.begin(), ordered.end(),
                          [](const profiler::Comparison& each) { return !each.interleaved; });
    QStringList all;
    for (const std::string& warning : profiler::warning_lines(ordered))
        all.append(plainLine(warning));
    return all;
}

const profiler::ComparedMetric* ComparisonModel::compared(const std::string& id,
                                                          std::size_t run) const {
    for (const auto& metric : comparisons_[run].metrics)
        if (metric.id == id) return &metric;
    return nullptr;
}

bool ComparisonModel::differs(const std::string& id) const {
    for (std::size_t run = 0; run < runs_.size(); ++run) {
        const auto* metric = compared(id, run);
        if (metric == nullptr ? metricOf(runs_[run], id).has_value()
                              : !metric->verdict.empty() && metric->verdict != "cannot tell")
            return true;
    }
    return false;
}

void ComparisonModel::chooseRows() {
    rows_.clear();
    for (const auto& definition : profiler::metric_definitions()) {
        const std::string id(definition.id);
        if (!metrics_.empty() && std::find(metrics_.begin(), metrics_.end(), id) == metrics_.end())
            continue;
        bool known = false;
        for (std::size_t run = 0; run < runs_.size(); ++run)
            known = known || compared(id, run) != nullptr || metricOf(runs_[run], id).has_value();
        if (known && (!differencesOnly_ || differs(id))) rows_.push_back(id);
    }
}

int ComparisonModel::rowCount(const QModelIndex& parent) const {
    if (parent.isValid()) return 0;
    const std::size_t recipe = recipeRows();
    const std::size_t shown = recipe == 0 ? 0 : recipeShown_ ? recipe + 1 : 1;
    return static_cast<int>(rows_.size() + shown + differences_.size() - recipe);
}

int ComparisonModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(runs_.size()) + 1;
}

// KL divergence and agreement are measured against the baseline, so a run's own figure is the
// comparison.
QVariant ComparisonModel::ownFigure(const std::string& id, std::size_t run, int role) const {
    const auto value = metricOf(runs_[run], id);
    if (!value) return {};
    if (role == Qt::DisplayRole) return formatMetric(QString::fromStdString(id), value->value);
    if (role == SuffixRole) return intervalText(id, *value);
    if (role == Qt::ToolTipRole) return metricTooltip(id, *value);
    return {};
}

QVariant ComparisonModel::cell(const std::string& id, std::size_t run, int role) const {
    const profiler::ComparedMetric* metric = compared(id, run);
    if (metric == nullptr || (metric->refusal.empty() && metric->verdict.empty()))
        return ownFigure(id, run, role);
    const VerdictText verdict = verdictText(*metric);
    switch (role) {
        case Qt::DisplayRole:
            // Where the figure would be stands why there is none.
            return metric->refusal.empty() ? verdict.text : verdict.reason;
        case SuffixRole:
            return verdict.interval;
        case ToneRole:
            return static_cast<int>(verdict.tone);
        case StrongRole:
            return verdict.tone == Tone::better || verdict.tone == Tone::worse;
        case Qt::ToolTipRole:
            return verdict.tooltip;
        case Qt::AccessibleTextRole:
            return metric->refusal.empty()
                       ? QStringLiteral("%1 %2").arg(verdict.text, verdict.interval)
                       : QStringLiteral("%1 %2").arg(verdict.text, verdict.reason);
        default:
            return {};
    }
}

std::size_t ComparisonModel::recipeRows() const {
    return static_cast<std::size_t>(
        std::count_if(differences_.begin(), differences_.end(),
                      [](const RunDifference& d) { return d.ofRecipe; }));
}

int ComparisonModel::headingRow() const {
    return recipeRows() == 0 ? -1 : static_cast<int>(rows_.size());
}

// The recipe's differences come first among them.
const RunDifference* ComparisonModel::differenceAt(int row) const {
    auto at = static_cast<std::size_t>(row);
    if (at < rows_.size() || row == headingRow()) return nullptr;
    at -= rows_.size();
    if (recipeRows() > 0) at += recipeShown_ ? std::size_t(-1) : recipeRows() - 1;
    return &differences_[at];
}

const std::string& ComparisonModel::metricAt(int row) const {
    return rows_[static_cast<std::size_t>(row)];
}

void ComparisonModel::setRecipeShown(bool shown) {
    if (shown == recipeShown_) return;
    const int after = headingRow() + 1, rows = static_cast<int>(recipeRows());
    if (rows == 0) {
        recipeShown_ = shown;
        return;
    }
    if (shown)
        beginInsertRows({}, after, after + rows - 1);
    else
        beginRemoveRows({}, after, after + rows - 1);
    recipeShown_ = shown;
    shown ? endInsertRows() : endRemoveRows();
    emit dataChanged(index(headingRow(), 0), index(headingRow(), 0));
}

QVariant ComparisonModel::headingData(int column, int role) const {
    if (column != 0) return {};
    const QString text = counted(static_cast<qint64>(recipeRows()), tr("Recipe: %1 difference"),
                                 tr("Recipe: %1 differences"));
    if (role == Qt::DisplayRole) return text;
    if (role == Qt::AccessibleTextRole)
        return (recipeShown_ ? tr("%1, expanded") : tr("%1, collapsed")).arg(text);
    return {};
}

QVariant ComparisonModel::differenceData(const RunDifference& difference, int column,
                                         int role) const {
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>((column == 0 ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    const QString value = column == 0 ? difference.what : difference.values[column - 1];
    if (role == Qt::DisplayRole) return value.isEmpty() ? tr("the same") : value;
    if (role == Qt::ToolTipRole)
        return plainTip(column == 0
                            ? tr("%1: %2 in run %3")
                                  .arg(value, difference.baseline, QString::number(baseline_->id))
                            : value);
    if (role == ToneRole && column > 0)
        return static_cast<int>(value.isEmpty() ? Tone::muted : Tone::text);
    return {};
}

QVariant ComparisonModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    if (index.row() == headingRow()) return headingData(index.column(), role);
    if (const RunDifference* difference = differenceAt(index.row()))
        return differenceData(*difference, index.column(), role);
    const std::string& id = metricAt(index.row());
    if (index.column() > 0) {
        if (role == Qt::TextAlignmentRole)
            return static_cast<int>(Qt::AlignRight | Qt::AlignVCenter);
        return cell(id, static_cast<std::size_t>(index.column() - 1), role);
    }
    if (role == Qt::DisplayRole) return metricTitle(id);
    if (role == Qt::ToolTipRole) return plainTip(metricDefinition(id));
    if (role == SuffixRole && baseline_) {
        const auto value = metricOf(*baseline_, id);
        return value ? QVariant(formatMetric(QString::fromStdString(id), value->value))
                     : QVariant();
    }
    return {};
}

QVariant ComparisonModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || !baseline_) return {};
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>((section == 0 ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole) return {};
    const QString title = section == 0 ? tr("Against run %1").arg(baseline_->id)
                                       : runName(runs_[static_cast<std::size_t>(section - 1)]);
    return role == Qt::ToolTipRole ? plainTip(title) : title;
}

}  // namespace hone::ui
