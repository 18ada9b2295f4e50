// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>
#include <vector>

#include "ui/jobs/job_runner.h"

namespace hone::ui {

// The queue: running first, then waiting, then what ended.
class JobsModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Title, State, ColumnCount };

    explicit JobsModel(JobRunner& jobs, QObject* parent = nullptr);

    const JobInfo& job(int row) const { return jobs_[static_cast<std::size_t>(row)]; }
    int rowOf(int job) const;          // −1 where absent
    int queuePosition(int row) const;  // among the waiting ones; −1 where it does not wait
    int queueLength() const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    void reload();
    void update(const JobInfo& job);
    JobRunner& runner_;
    std::vector<JobInfo> jobs_;
};

}  // namespace hone::ui
