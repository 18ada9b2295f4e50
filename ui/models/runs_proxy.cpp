// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/runs_proxy.h"

#include <algorithm>
#include <numeric>

#include "ui/models/run_identity.h"
#include "ui/models/run_roles.h"
#include "ui/models/series.h"
#include "ui/theme/plain_text.h"
#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

using profiler::RunRecord;

constexpr std::pair<RunsProxy::GroupBy, const char*> groupIds[] = {
    {RunsProxy::GroupBy::nothing, "nothing"},
    {RunsProxy::GroupBy::model, "model"},
    {RunsProxy::GroupBy::recipe, "recipe"},
    {RunsProxy::GroupBy::series, "series"}};

// Runs without the figure come last, whichever way the column is sorted.
bool comesBefore(const QVariant& a, const QVariant& b, Qt::SortOrder order) {
    if (!a.isValid() || !b.isValid()) return a.isValid() && !b.isValid();
    const bool ascending = order == Qt::AscendingOrder;
    if (a.typeId() == QMetaType::QString) {
        const int side = QString::localeAwareCompare(a.toString(), b.toString());
        return ascending ? side < 0 : side > 0;
    }
    return ascending ? a.toDouble() < b.toDouble() : a.toDouble() > b.toDouble();
}

}  // namespace

QString RunsProxy::groupId(GroupBy by) {
    for (const auto& [each, id] : groupIds)
        if (each == by) return QString::fromLatin1(id);
    return {};
}

RunsProxy::GroupBy RunsProxy::groupOf(const QString& id) {
    for (const auto& [each, known] : groupIds)
        if (id == QLatin1String(known)) return each;
    return GroupBy::nothing;
}

RunsProxy::RunsProxy(RunsModel& model, QObject* parent)
    : QAbstractProxyModel(parent), model_(model) {
    setSourceModel(&model);
    follow();
    arrange();
}

void RunsProxy::follow() {
    connect(&model_, &QAbstractItemModel::modelReset, this, [this] {
        emit aboutToArrange();
        beginResetModel();
        rows_ = wantedRows();
        findRows();
        endResetModel();
        emit arranged();
    });
    const auto later = [this] {
        if (!model_.reloading()) arrange();
    };
    connect(&model_, &QAbstractItemModel::rowsInserted, this, later);
    connect(&model_, &QAbstractItemModel::rowsRemoved, this, later);
    connect(&model_, &RunsModel::reloaded, this, &RunsProxy::arrange);
    connect(&model_, &QAbstractItemModel::dataChanged, this, &RunsProxy::tellChanged);
}

// What only moves on ("2 min ago") arranges nothing.
void RunsProxy::tellChanged(const QModelIndex& from, const QModelIndex& to,
                            const QList<int>& roles) {
    const bool textOnly = roles.size() == 1 && roles.first() == Qt::DisplayRole;
    if (!textOnly && !model_.reloading()) arrange();
    if (rows_.empty()) return;
    int first = 0, last = rowCount() - 1;
    if (from.row() == to.row()) {
        const auto found = at_.find(model_.run(from.row()).id);
        if (found == at_.end()) return;
        first = last = found->second;
    }
    emit dataChanged(index(first, from.column()), index(last, to.column()), roles);
}

void RunsProxy::setFilter(RunFilter filter) {
    filter_ = std::move(filter);
    arrange();
}

void RunsProxy::setTickedOnly(bool only) {
    if (only == tickedOnly_) return;
    tickedOnly_ = only;
    arrange();
}

void RunsProxy::setGroupBy(GroupBy by) {
    if (by == groupBy_) return;
    groupBy_ = by;
    collapsed_.clear();
    arrange();
}

void RunsProxy::sort(int column, Qt::SortOrder order) {
    if (column < 0) return;
    sortColumn_ = column;
    sortOrder_ = order;
    arrange();
}

std::vector<int> RunsProxy::sorted() const {
    std::vector<int> order(static_cast<std::size_t>(model_.rowCount()));
    std::iota(order.begin(), order.end(), 0);
    std::vector<QVariant> keys;  // read once a run, and not once a comparison
    keys.reserve(order.size());
    for (const int row : order) keys.push_back(model_.index(row, sortColumn_).data(SortRole));
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
        return comesBefore(keys[static_cast<std::size_t>(a)], keys[static_cast<std::size_t>(b)],
                           sortOrder_);
    });
    return order;
}

std::vector<std::int64_t> RunsProxy::wantedRows() {
    std::vector<std::int64_t> rows;
    std::vector<int> below;
    matching_.clear();
    const RunRecord* baseline = model_.pinned() ? model_.find(*model_.pinned()) : nullptr;
    if (baseline != nullptr) rows.push_back(baseline->id);
    for (const int row : sorted()) {
        const RunRecord& run = model_.run(row);
        const bool first = baseline != nullptr && run.id == baseline->id;
        const bool onTop = first || model_.isTicked(run.id), accepted = filter_.accepts(run);
        if (accepted) matching_.push_back(run.id);
        if (onTop && !first) rows.push_back(run.id);
        if (!onTop && accepted && !tickedOnly_) below.push_back(row);
    }
    top_ = static_cast<int>(rows.size());
    groups_.clear();
    if (groupBy_ != GroupBy::nothing)
        addGroups(rows, below);
    else
        for (const int row : below) rows.push_back(model_.run(row).id);
    return rows;
}

// Groups come in the order of their first runs.
void RunsProxy::addGroups(std::vector<std::int64_t>& rows, const std::vector<int>& order) {
    std::vector<std::int64_t> found;
    std::unordered_map<std::int64_t, std::vector<std::int64_t>> members;
    for (const int row : order) {
        const std::int64_t group = groupFor(model_.run(row));
        if (!members.contains(group)) found.push_back(group);
        members[group].push_back(model_.run(row).id);
        ++groups_[group].runs;
    }
    for (const std::int64_t group : found) {
        rows.push_back(group);
        if (!collapsed_.contains(groups_[group].key))
            rows.insert(rows.end(), members[group].begin(), members[group].end());
    }
}

std::int64_t RunsProxy::groupFor(const RunRecord& run) {
    Group group;
    if (groupBy_ == GroupBy::model) {
        group = {QString::fromStdString("model " + run.what.model_source), modelFile(run)};
    } else if (groupBy_ == GroupBy::recipe) {
        group.key = QStringLiteral("recipe ") +
                    QString::fromStdString(run.what.recipe.dump(
                        -1, ' ', false, nlohmann::json::error_handler_t::replace));
        group.title = plainLine(run.what.recipe_label);
    } else if (run.what.series) {
        group = {QStringLiteral("series %1").arg(run.what.series->id),
                 seriesTitle(*run.what.series)};
    } else {
        group = {QStringLiteral("series"), tr("Without a series")};
    }
    const auto id = groupIds_.contains(group.key)
                        ? groupIds_[group.key]
                        : -static_cast<std::int64_t>(groupIds_.size()) - 1;
    groupIds_[group.key] = id;
    groups_.try_emplace(id, group);
    return id;
}

void RunsProxy::arrange() {
    emit aboutToArrange();
    const std::vector<std::int64_t> wanted = wantedRows();
    change(wanted);
    emit arranged();
}

// What goes is first put last, so that views are told of one piece that goes and one that comes.
void RunsProxy::change(const std::vector<std::int64_t>& wanted) {
    if (wanted == rows_) return;
    std::unordered_map<std::int64_t, int> stays;
    for (const std::int64_t row : wanted) stays[row] = 0;
    std::vector<std::int64_t> order = rows_;
    const auto kept = std::stable_partition(order.begin(), order.end(),
                                            [&](std::int64_t row) { return stays.contains(row); });
    const int left = static_cast<int>(kept - order.begin());
    permute(order);
    if (left < rowCount()) {
        beginRemoveRows({}, left, rowCount() - 1);
        rows_.resize(static_cast<std::size_t>(left));
        findRows();
        endRemoveRows();
    }
    order = rows_;
    for (const std::int64_t row : wanted)
        if (!at_.contains(row)) order.push_back(row);
    if (order.size() > rows_.size()) {
        beginInsertRows({}, rowCount(), static_cast<int>(order.size()) - 1);
        rows_ = std::move(order);
        findRows();
        endInsertRows();
    }
    permute(wanted);
}

void RunsProxy::permute(const std::vector<std::int64_t>& order) {
    if (order == rows_) return;
    emit layoutAboutToBeChanged({}, QAbstractItemModel::VerticalSortHint);
    const std::vector<std::int64_t> before = std::exchange(rows_, order);
    findRows();
    const QModelIndexList from = persistentIndexList();
    QModelIndexList to;
    for (const QModelIndex& index : from)
        to.append(
            createIndex(at_.at(before[static_cast<std::size_t>(index.row())]), index.column()));
    changePersistentIndexList(from, to);
    emit layoutChanged({}, QAbstractItemModel::VerticalSortHint);
}

void RunsProxy::findRows() {
    at_.clear();
    for (std::size_t i = 0; i < rows_.size(); ++i) at_[rows_[i]] = static_cast<int>(i);
}

const RunRecord* RunsProxy::run(int row) const {
    if (row < 0 || row >= rowCount()) return nullptr;
    return model_.find(rows_[static_cast<std::size_t>(row)]);
}

int RunsProxy::rowOf(std::int64_t id) const {
    const auto found = at_.find(id);
    return found == at_.end() ? -1 : found->second;
}

bool RunsProxy::isGroup(int row) const {
    return row >= 0 && row < rowCount() && rows_[static_cast<std::size_t>(row)] < 0;
}

QString RunsProxy::groupTitle(int row) const {
    const auto found =
        isGroup(row) ? groups_.find(rows_[static_cast<std::size_t>(row)]) : groups_.end();
    return found == groups_.end() ? QString() : found->second.title;
}

int RunsProxy::groupSize(int row) const {
    const auto found =
        isGroup(row) ? groups_.find(rows_[static_cast<std::size_t>(row)]) : groups_.end();
    return found == groups_.end() ? 0 : found->second.runs;
}

bool RunsProxy::isCollapsed(int row) const {
    const auto found =
        isGroup(row) ? groups_.find(rows_[static_cast<std::size_t>(row)]) : groups_.end();
    return found != groups_.end() && collapsed_.contains(found->second.key);
}

void RunsProxy::setCollapsed(int row, bool collapsed) {
    if (!isGroup(row) || collapsed == isCollapsed(row)) return;
    const QString key = groups_[rows_[static_cast<std::size_t>(row)]].key;
    if (collapsed)
        collapsed_.insert(key);
    else
        collapsed_.remove(key);
    arrange();
    emit dataChanged(index(row, 0), index(row, columnCount() - 1));
}

void RunsProxy::setAllCollapsed(bool collapsed) {
    collapsed_.clear();
    if (collapsed)
        for (const auto& [id, group] : groups_) collapsed_.insert(group.key);
    arrange();
    if (!rows_.empty())
        emit dataChanged(index(0, RunsModel::Recipe), index(rowCount() - 1, RunsModel::Recipe));
}

int RunsProxy::groupRowOf(int row) const {
    if (groupBy_ == GroupBy::nothing) return -1;
    while (row >= top_ && !isGroup(row)) --row;
    return row >= top_ ? row : -1;
}

QModelIndex RunsProxy::index(int row, int column, const QModelIndex& parent) const {
    return hasIndex(row, column, parent) ? createIndex(row, column) : QModelIndex();
}

QModelIndex RunsProxy::parent(const QModelIndex&) const {
    return {};
}

int RunsProxy::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int RunsProxy::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : model_.columnCount();
}

QModelIndex RunsProxy::mapToSource(const QModelIndex& proxy) const {
    if (!proxy.isValid() || proxy.row() >= rowCount()) return {};
    const int row = model_.rowOf(rows_[static_cast<std::size_t>(proxy.row())]);
    return row < 0 ? QModelIndex() : model_.index(row, proxy.column());
}

QModelIndex RunsProxy::mapFromSource(const QModelIndex& source) const {
    if (!source.isValid()) return {};
    const auto found = at_.find(model_.run(source.row()).id);
    return found == at_.end() ? QModelIndex() : createIndex(found->second, source.column());
}

QVariant RunsProxy::data(const QModelIndex& index, int role) const {
    if (!index.isValid() || !isGroup(index.row())) return QAbstractProxyModel::data(index, role);
    if (index.column() != RunsModel::Recipe) return {};
    const int runs = groupSize(index.row());
    const QString title =
        tr("%1 · %2").arg(groupTitle(index.row()), counted(runs, tr("%1 run"), tr("%1 runs")));
    if (role == Qt::DisplayRole) return title;
    if (role == Qt::ToolTipRole) return plainTip(title);
    if (role == Qt::AccessibleTextRole)
        return (isCollapsed(index.row()) ? tr("Group %1, collapsed") : tr("Group %1, expanded"))
            .arg(title);
    return {};
}

QVariant RunsProxy::headerData(int section, Qt::Orientation orientation, int role) const {
    return orientation == Qt::Horizontal ? model_.headerData(section, orientation, role)
                                         : QVariant();
}

Qt::ItemFlags RunsProxy::flags(const QModelIndex& index) const {
    if (index.isValid() && isGroup(index.row())) return Qt::ItemIsEnabled | Qt::ItemIsSelectable;
    return QAbstractProxyModel::flags(index);
}

}  // namespace hone::ui
