// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/runs_model.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>
#include <algorithm>
#include <utility>

#include "profiler/report/comparability.h"
#include "ui/models/metric_text.h"
#include "ui/models/run_filter.h"
#include "ui/models/run_headline.h"
#include "ui/models/run_roles.h"
#include "ui/models/runs_columns.h"
#include "ui/theme/plain_text.h"
#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

using profiler::RunRecord;

QString fromView(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

QString textOf(const nlohmann::json& object, const char* key) {
    if (!object.is_object() || !object.contains(key) || object[key].is_null()) return {};
    return plainLine(
        object[key].is_string()
            ? object[key].get<std::string>()
            : object[key].dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace

RunsModel::RunsModel(profiler::Store& store, RunEdits& edits, QObject* parent)
    : QAbstractTableModel(parent), store_(store), edits_(edits) {
    connect(&edits, &RunEdits::edited, this, [this](qint64 run) { reread(run); });
    connect(&edits, &RunEdits::failed, this, &RunsModel::storeFailed);
}

QString RunsModel::columnId(int column) {
    const profiler::MetricDefinition* metric = metricOfColumn(column);
    return metric == nullptr ? QString::fromLatin1(plainColumn(column).id)
                             : fromView(metric->column);
}

int RunsModel::columnOf(std::string_view metric) {
    for (int column = FirstMetric; column < Threads; ++column)
        if (metricOfColumn(column)->id == metric) return column;
    return -1;
}

bool RunsModel::shownAtFirst(int column) {
    const profiler::MetricDefinition* metric = metricOfColumn(column);
    return metric == nullptr ? plainColumn(column).shown : metric->column_shown;
}

void RunsModel::refreshTimes() {
    if (!runs_.empty())
        emit dataChanged(index(0, When), index(rowCount() - 1, When), {Qt::DisplayRole});
}

const RunRecord* RunsModel::find(std::int64_t id) const {
    const int row = rowOf(id);
    return row < 0 ? nullptr : &run(row);
}

int RunsModel::rowOf(std::int64_t id) const {
    const auto found = rows_.find(id);
    return found == rows_.end() ? -1 : found->second;
}

void RunsModel::setPinned(std::optional<std::int64_t> run) {
    if (run == pinned_) return;
    pinned_ = run;
    if (!runs_.empty())
        emit dataChanged(index(0, Pin), index(rowCount() - 1, Recipe), {MarkRole, ToneRole});
    emit tickedChanged();
}

void RunsModel::setTicked(std::int64_t run, bool ticked) {
    if (ticked == isTicked(run)) return;
    if (ticked)
        ticked_.insert(run);
    else
        ticked_.erase(run);
    sayTicked({run});
    emit tickedChanged();
}

void RunsModel::clearTicks() {
    const std::set<std::int64_t> before = std::exchange(ticked_, {});
    if (before.empty()) return;
    sayTicked({before.begin(), before.end()});
    emit tickedChanged();
}

// Said once: each time a view arranges its rows anew.
void RunsModel::sayTicked(const std::vector<std::int64_t>& runs) {
    int first = rowCount(), last = -1;
    for (const std::int64_t run : runs) {
        const int row = rowOf(run);
        if (row < 0) continue;
        first = std::min(first, row);
        last = std::max(last, row);
    }
    if (last >= 0) emit dataChanged(index(first, Tick), index(last, Tick), {MarkRole});
}

void RunsModel::tick(const std::vector<std::int64_t>& runs) {
    std::vector<std::int64_t> now;
    for (const std::int64_t run : runs)
        if (ticked_.insert(run).second) now.push_back(run);
    if (now.empty()) return;
    sayTicked(now);
    emit tickedChanged();
}

std::vector<std::int64_t> RunsModel::ticked() const {
    std::vector<std::int64_t> result;
    for (const std::int64_t id : ticked_)
        if (rowOf(id) >= 0) result.push_back(id);
    return result;
}

int RunsModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(runs_.size());
}

int RunsModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant RunsModel::text(const RunRecord& run, int column) const {
    if (const auto* metric = metricOfColumn(column)) {
        const std::string id(metric->id);
        const auto value = metricOf(run, id);
        if (!value) return {};
        return metricUnit(id).isEmpty() ? formatMetric(QString::fromStdString(id), value->value)
                                        : formatNumber(value->value);
    }
    switch (column) {
        case Tick:
            return QString::number(run.id);
        case Recipe:
            return plainLine(run.what.recipe_label);
        case Model:
            return modelFile(run);
        case Type:
            return mainType(run);
        case Threads:
            return textOf(run.what.target, "threads");
        case Machine:
            return textOf(run.what.environment, "hostname");
        case Commit:
            return textOf(run.what.environment, "commit");
        case When:
            return timeAgo(run.created);
        case Status:
            return QCoreApplication::translate("RunStatus", run.status.c_str());
        case Tags:
            return plainLine(tagsText(run.tags));
        case Note:
            return plainLine(run.note);
        default:
            return {};
    }
}

QVariant RunsModel::mark(const RunRecord& run, int column) const {
    const auto as = [](Mark on, Mark off, bool yes) { return static_cast<int>(yes ? on : off); };
    if (column == Pin) return as(Mark::radioOn, Mark::radioOff, pinned_ == run.id);
    if (column == Tick) return as(Mark::checkOn, Mark::checkOff, isTicked(run.id));
    if (column == Star) return as(Mark::starOn, Mark::starOff, run.starred);
    return {};
}

QVariant RunsModel::sortValue(const RunRecord& run, int column) const {
    if (const auto* metric = metricOfColumn(column)) {
        const auto value = metricOf(run, std::string(metric->id));
        return value ? QVariant(value->value) : QVariant();
    }
    if (column == Pin) return pinned_ == run.id ? 0 : 1;
    if (column == Tick || column == When) return static_cast<qlonglong>(run.id);
    if (column == Star) return run.starred ? 0 : 1;
    if (column == Threads) return text(run, column).toDouble();
    return text(run, column).toString().toLower();
}

QString RunsModel::tooltip(const RunRecord& run, int column) const {
    if (const auto* metric = metricOfColumn(column)) {
        const std::string id(metric->id);
        const auto value = metricOf(run, id);
        return value ? metricTooltip(id, *value) : QString();
    }
    switch (column) {
        case Pin:
            return tr("Compare the others with this run");
        case Tick:
            return tr("Show in the comparison");
        case Star:
            return run.starred ? tr("Remove the star") : tr("Star this run");
        case Status: {
            QStringList lines;
            if (!run.reason.empty()) lines.append(plainLine(run.reason));
            for (const std::string& note : run.notes_from_run) lines.append(plainLine(note));
            return plainTip(lines.join(QLatin1Char('\n')));
        }
        case When:
            return QStringLiteral("%1, %2").arg(
                QLocale().toString(
                    QDateTime::fromString(QString::fromStdString(run.created), Qt::ISODate)
                        .toLocalTime(),
                    QLocale::LongFormat),
                tr("took %1").arg(formatSeconds(run.duration_seconds)));
        case Recipe:
            return plainTip(QString::fromStdString(
                run.what.model_name + "\n" +
                run.what.recipe.dump(2, ' ', false, nlohmann::json::error_handler_t::replace)));
        default:
            return plainTip(text(run, column).toString());
    }
}

// Beside the pinned run as fast or as exact: neither can be said where the conditions were others.
bool RunsModel::comparable(const RunRecord& run) const {
    const RunRecord* baseline = pinned_ && *pinned_ != run.id ? find(*pinned_) : nullptr;
    if (baseline == nullptr) return true;
    for (const auto role : {profiler::Role::speed, profiler::Role::accuracy})
        if (profiler::conditions_refusal(profiler::metric_for(role), *baseline, run).empty())
            return true;
    return false;
}

QVariant RunsModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    const RunRecord& run = this->run(index.row());
    const int column = index.column();
    switch (role) {
        case Qt::DisplayRole:
            return text(run, column);
        case Qt::EditRole:
            // As it is stored, whatever the cell shows.
            if (column == Note) return QString::fromStdString(run.note);
            return column == Tags ? tagsText(run.tags) : QVariant();
        case Qt::ToolTipRole:
            return tooltip(run, column);
        case Qt::TextAlignmentRole:
            return static_cast<int>(Qt::AlignVCenter |
                                    (isFigure(column) ? Qt::AlignRight : Qt::AlignLeft));
        case Qt::CheckStateRole:
            return {};  // painted as marks
        case Qt::AccessibleTextRole:
            if (column == Pin) return pinned_ == run.id ? tr("baseline") : tr("not the baseline");
            if (column == Tick)
                return isTicked(run.id) ? tr("run %1, ticked").arg(run.id)
                                        : tr("run %1").arg(run.id);
            if (column == Star) return run.starred ? tr("starred") : tr("not starred");
            return {};
        case SortRole:
            return sortValue(run, column);
        case MarkRole:
            return mark(run, column);
        case SuffixRole:
            return column == Status ? QVariant(plainLine(run.reason)) : QVariant();
        case ToneRole:
            if (column == Status && (run.status == "failed" || run.status == profiler::kUnreadable))
                return static_cast<int>(Tone::worse);
            if (column == Recipe && run.status == "done" && comparable(run))
                return static_cast<int>(Tone::text);
            return metricOfColumn(column) == nullptr ? QVariant(static_cast<int>(Tone::muted))
                                                     : QVariant();
        default:
            return {};
    }
}

QVariant RunsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    const auto* metric = metricOfColumn(section);
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>(Qt::AlignVCenter |
                                (isFigure(section) ? Qt::AlignRight : Qt::AlignLeft));
    if (role == Qt::ToolTipRole && metric != nullptr)
        return plainTip(metricDefinition(std::string(metric->id)));
    if (role == Qt::ToolTipRole && section == Pin)
        return tr("The baseline that the ticked runs are compared with");
    if (role != Qt::DisplayRole) return {};
    return columnTitle(section);
}

Qt::ItemFlags RunsModel::flags(const QModelIndex& index) const {
    Qt::ItemFlags flags = QAbstractTableModel::flags(index);
    if (index.column() == Tags || index.column() == Note) flags |= Qt::ItemIsEditable;
    return flags;
}

bool RunsModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    const RunRecord run = this->run(index.row());
    if (index.column() == Star && role == Qt::CheckStateRole)
        return edits_.setStarred(run, value.toBool());
    if (role != Qt::EditRole) return false;
    if (index.column() == Note)
        return edits_.setNote(run, value.toString().trimmed().toStdString());
    if (index.column() == Tags) return edits_.setTags(run, tagsOf(value.toString()));
    return false;
}

}  // namespace hone::ui
