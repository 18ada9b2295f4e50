// SPDX-License-Identifier: GPL-3.0-or-later
// What of the stored runs is other than it was when they were read last.
#include "ui/models/runs_model.h"

namespace hone::ui {

using profiler::RunRecord;

void RunsModel::reload() {
    std::vector<RunRecord> now = store_.list();
    if (runs_.empty() || now.empty()) {
        beginResetModel();
        runs_ = std::move(now);
        findRows();
        endResetModel();
        emit tickedChanged();
        return;
    }
    reloading_ = true;
    const bool fewer = removeMissing(now), more = insertNew(now),
               other = replaceChanged(std::move(now));
    reloading_ = false;
    emit reloaded();
    if (fewer || more || other) emit tickedChanged();
}

void RunsModel::findRows() {
    rows_.clear();
    for (std::size_t i = 0; i < runs_.size(); ++i) rows_[runs_[i].id] = static_cast<int>(i);
}

int RunsModel::models() const {
    std::set<std::string> seen;
    for (const RunRecord& run : runs_) seen.insert(run.what.model_source);
    return static_cast<int>(seen.size());
}

bool RunsModel::removeMissing(const std::vector<RunRecord>& now) {
    std::set<std::int64_t> there;
    for (const RunRecord& run : now) there.insert(run.id);
    bool any = false;
    for (int row = rowCount() - 1; row >= 0; --row) {
        if (there.contains(run(row).id)) continue;
        beginRemoveRows({}, row, row);
        runs_.erase(runs_.begin() + row);
        findRows();
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
        findRows();
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

}  // namespace hone::ui
