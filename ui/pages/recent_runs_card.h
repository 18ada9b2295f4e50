// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractButton>

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

protected:
    void paintEvent(QPaintEvent* event) override;

private:
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
    Session& session_;
    QVBoxLayout* rows_;
    EmptyState* empty_;
};

}  // namespace hone::ui
