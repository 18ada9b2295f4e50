// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/jobs_model.h"

#include <algorithm>
#include <cmath>

#include "ui/models/run_roles.h"
#include "ui/theme/plain_text.h"
#include "ui/theme/theme.h"
#include "ui/widgets/error_words.h"
#include "ui/widgets/text_label.h"

namespace hone::ui {

namespace {

QString stateText(const JobInfo& job) {
    switch (job.state) {
        case JobState::queued:
            return JobsModel::tr("waiting");
        case JobState::running:
            return job.fraction < 0
                       ? JobsModel::tr("running")
                       : formatNumber(std::floor(job.fraction * 100), QStringLiteral("%"));
        case JobState::done:
            return JobsModel::tr("done");
        case JobState::failed:
            return JobsModel::tr("failed");
        case JobState::cancelled:
            return JobsModel::tr("cancelled");
    }
    return {};
}

QString suffixOf(const JobInfo& job) {
    if (job.state == JobState::failed) return job.error;
    return job.detail.isEmpty() ? job.about : job.detail;
}

QString tipOf(const JobInfo& job) {
    QStringList lines{job.title, job.about, job.detail};
    lines.removeAll(QString());
    return lines.join(QLatin1Char('\n'));
}

Tone stateTone(JobState state) {
    if (state == JobState::running) return Tone::accent;
    return state == JobState::failed ? Tone::worse : Tone::muted;
}

}  // namespace

JobsModel::JobsModel(JobRunner& jobs, QObject* parent)
    : QAbstractTableModel(parent), runner_(jobs) {
    connect(&jobs, &JobRunner::jobsChanged, this, &JobsModel::reload);
    connect(&jobs, &JobRunner::jobProgress, this, &JobsModel::update);
    reload();
}

void JobsModel::reload() {
    std::vector<JobInfo> now = runner_.jobs();
    // Answers are read where they were asked for; here they stand while others wait for them.
    std::erase_if(now, [](const JobInfo& job) {
        return job.kind == JobKind::generate && job.state != JobState::queued &&
               job.state != JobState::running;
    });
    beginResetModel();
    jobs_ = std::move(now);
    endResetModel();
}

void JobsModel::update(const JobInfo& job) {
    const int row = rowOf(job.id);
    if (row < 0) return;
    jobs_[static_cast<std::size_t>(row)] = job;
    emit dataChanged(index(row, 0), index(row, ColumnCount - 1));
}

int JobsModel::rowOf(int job) const {
    const auto it = std::find_if(jobs_.begin(), jobs_.end(),
                                 [job](const JobInfo& info) { return info.id == job; });
    return it == jobs_.end() ? -1 : static_cast<int>(it - jobs_.begin());
}

int JobsModel::queuePosition(int row) const {
    if (row < 0 || row >= rowCount() || job(row).state != JobState::queued) return -1;
    return static_cast<int>(
        std::count_if(jobs_.begin(), jobs_.begin() + row,
                      [](const JobInfo& info) { return info.state == JobState::queued; }));
}

int JobsModel::queueLength() const {
    return static_cast<int>(std::count_if(jobs_.begin(), jobs_.end(), [](const JobInfo& info) {
        return info.state == JobState::queued;
    }));
}

int JobsModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(jobs_.size());
}

int JobsModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

QVariant JobsModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    const JobInfo& info = job(index.row());
    const bool title = index.column() == Title;
    switch (role) {
        case Qt::DisplayRole:
            return title ? plainLine(info.title) : stateText(info);
        case SuffixRole:
            return title ? QVariant(plainLine(suffixOf(info))) : QVariant();
        case Qt::ToolTipRole:
            return info.error.isEmpty() ? plainTip(tipOf(info)) : errorTip(info.failure);
        case ToneRole:
            return title ? QVariant() : QVariant(static_cast<int>(stateTone(info.state)));
        case Qt::TextAlignmentRole:
            return static_cast<int>((title ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
        default:
            return {};
    }
}

QVariant JobsModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) return {};
    return section == Title ? tr("Job") : tr("State");
}

}  // namespace hone::ui
