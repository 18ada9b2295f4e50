// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/runs_model.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>
#include <algorithm>

#include "ui/models/metric_text.h"
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

QString joined(const std::vector<std::string>& tags) {
    QStringList list;
    for (const std::string& tag : tags) list.append(QString::fromStdString(tag));
    return list.join(QStringLiteral(", "));
}

std::vector<std::string> splitTags(const QString& text) {
    std::vector<std::string> tags;
    for (const QString& part : text.split(QLatin1Char(','), Qt::SkipEmptyParts)) {
        const std::string tag = part.trimmed().toStdString();
        if (!tag.empty() && std::find(tags.begin(), tags.end(), tag) == tags.end())
            tags.push_back(tag);
    }
    std::sort(tags.begin(), tags.end());  // as the store keeps them
    return tags;
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

void RunsModel::reload() {
    std::vector<RunRecord> now = store_.list();
    if (runs_.empty() || now.empty()) {
        beginResetModel();
        runs_ = std::move(now);
        endResetModel();
        emit tickedChanged();
        return;
    }
    const bool fewer = removeMissing(now), more = insertNew(now),
               other = replaceChanged(std::move(now));
    if (fewer || more || other) emit tickedChanged();
}

bool RunsModel::removeMissing(const std::vector<RunRecord>& now) {
    std::set<std::int64_t> there;
    for (const RunRecord& run : now) there.insert(run.id);
    bool any = false;
    for (int row = rowCount() - 1; row >= 0; --row) {
        if (there.contains(run(row).id)) continue;
        beginRemoveRows({}, row, row);
        runs_.erase(runs_.begin() + row);
        endRemoveRows();
        any = true;
    }
    return any;
}

// Both lists are newest first, and what is gone was removed: what is missing in between is new.
bool RunsModel::insertNew(const std::vector<RunRecord>& now) {
    bool any = false;
    for (std::size_t at = 0; at < now.size(); ++at) {
        std::size_t end = at;
        while (end < now.size() && (at >= runs_.size() || now[end].id != runs_[at].id)) ++end;
        if (end == at) continue;
        beginInsertRows({}, static_cast<int>(at), static_cast<int>(end - 1));
        runs_.insert(runs_.begin() + static_cast<std::ptrdiff_t>(at),
                     now.begin() + static_cast<std::ptrdiff_t>(at),
                     now.begin() + static_cast<std::ptrdiff_t>(end));
        endInsertRows();
        at = end - 1;
        any = true;
    }
    return any;
}

bool RunsModel::replaceChanged(std::vector<RunRecord> now) {
    bool any = false;
    for (std::size_t i = 0; i < now.size() && i < runs_.size(); ++i) {
        if (sameRun(now[i], runs_[i])) continue;
        runs_[i] = std::move(now[i]);
        emit dataChanged(index(static_cast<int>(i), 0),
                         index(static_cast<int>(i), ColumnCount - 1));
        any = true;
    }
    return any;
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
    const auto it =
        std::find_if(runs_.begin(), runs_.end(), [id](const RunRecord& r) { return r.id == id; });
    return it == runs_.end() ? -1 : static_cast<int>(it - runs_.begin());
}

void RunsModel::setPinned(std::optional<std::int64_t> run) {
    if (run == pinned_) return;
    pinned_ = run;
    if (!runs_.empty()) emit dataChanged(index(0, Pin), index(rowCount() - 1, Recipe));
    emit tickedChanged();
}

void RunsModel::setTicked(std::int64_t run, bool ticked) {
    if (ticked == isTicked(run)) return;
    if (ticked)
        ticked_.insert(run);
    else
        ticked_.erase(run);
    if (const int row = rowOf(run); row >= 0) emit dataChanged(index(row, Tick), index(row, Tick));
    emit tickedChanged();
}

void RunsModel::tick(const std::vector<std::int64_t>& runs) {
    bool any = false;
    for (const std::int64_t run : runs) {
        if (!ticked_.insert(run).second) continue;
        any = true;
        if (const int row = rowOf(run); row >= 0)
            emit dataChanged(index(row, Tick), index(row, Tick));
    }
    if (any) emit tickedChanged();
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
            return plainLine(run.what.model_name);
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
            return plainLine(joined(run.tags));
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
            return column == Tags ? joined(run.tags) : QVariant();
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
            if (column == Recipe && run.status == "done") return static_cast<int>(Tone::text);
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

// The store says what is now true of it: the edit may be one that was undone.
void RunsModel::reread(std::int64_t run) {
    const int row = rowOf(run);
    if (row < 0) return;
    try {
        if (auto now = store_.load(run)) runs_[static_cast<std::size_t>(row)] = std::move(*now);
    } catch (const std::exception& error) {
        emit storeFailed(details_of(error));
    }
    emit dataChanged(index(row, 0), index(row, ColumnCount - 1));
}

bool RunsModel::setData(const QModelIndex& index, const QVariant& value, int role) {
    const RunRecord run = this->run(index.row());
    if (index.column() == Star && role == Qt::CheckStateRole)
        return edits_.setStarred(run, value.toBool());
    if (role != Qt::EditRole) return false;
    if (index.column() == Note)
        return edits_.setNote(run, value.toString().trimmed().toStdString());
    if (index.column() == Tags) return edits_.setTags(run, splitTags(value.toString()));
    return false;
}

}  // namespace hone::ui
