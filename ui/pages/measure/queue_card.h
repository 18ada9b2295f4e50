// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QToolButton>

#include "ui/models/jobs_model.h"
#include "ui/widgets/card.h"

namespace hone::ui {

class FigureTable;

// The jobs that run, wait and ended, with what can be done to them.
class QueueCard : public Card {
    Q_OBJECT
public:
    explicit QueueCard(JobRunner& jobs, QWidget* parent = nullptr);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void addButtons();
    void showState();
    void move(int by);
    void cancelByKey();
    void follow();
    JobRunner& jobs_;
    JobsModel* model_;
    FigureTable* table_;
    TextLabel* empty_;
    QToolButton *up_, *down_, *cancel_, *pause_;
    int selected_ = 0;  // job
};

}  // namespace hone::ui
