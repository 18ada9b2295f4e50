// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractButton>
#include <QTimer>
#include <cstdint>
#include <string>
#include <vector>

#include "ui/models/run_headline.h"
#include "ui/models/session.h"
#include "ui/widgets/card.h"

namespace hone::ui {

class EmptyState;

// One stored run on a line: its number and recipe, its headline, when it was.
class RunRow : public QAbstractButton {
    Q_OBJECT
public:
    RunRow(const profiler::RunRecord& run, RunHeadline headline, QWidget* parent = nullptr);
    QSize sizeHint() const override;
    std::int64_t run() const { return run_; }
    void refreshTime();  // "2 min ago" moves on

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void name();
    std::int64_t run_;
    std::string created_;
    QString label_, when_;
    RunHeadline headline_;
};

// The latest runs of the store; a click shows one in Compare.
class RecentRunsCard : public Card {
    Q_OBJECT
public:
    explicit RecentRunsCard(Session& session, QWidget* parent = nullptr);

private:
    void refresh();
    void show(const std::vector<profiler::RunRecord>& runs);
    Session& session_;
    QVBoxLayout* rows_;
    std::vector<profiler::RunRecord> shown_;
    QTimer minute_;
    EmptyState* empty_;
};

}  // namespace hone::ui
