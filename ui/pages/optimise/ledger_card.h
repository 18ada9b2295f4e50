// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPushButton>

#include "ui/models/ledger_model.h"
#include "ui/models/session.h"
#include "ui/widgets/card.h"

namespace hone::ui {

class FigureTable;

// The ledger with what to do where figures are missing.
class LedgerCard : public Card {
    Q_OBJECT
public:
    explicit LedgerCard(Session& session, QWidget* parent = nullptr);

    LedgerModel& model() { return *model_; }
    // `seconds` is how long measuring would take; 0: not known. `whatIf`: of another workload than
    // Measure would run.
    void showState(bool measuring, double seconds, bool whatIf);

signals:
    void measureRequested();

private:
    Session& session_;
    LedgerModel* model_;
    FigureTable* table_;
    QWidget* strip_;
    TextLabel* advice_;
    QPushButton* button_;
};

}  // namespace hone::ui
