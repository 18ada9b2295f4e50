// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QToolButton>
#include <QWidget>

#include "ui/models/session.h"
#include "ui/widgets/text_label.h"

namespace hone::ui {

// Where an option has a list of values: which of the candidates everything beside it is of, with
// the way to the others. Hidden otherwise.
class CandidateStrip : public QWidget {
    Q_OBJECT
public:
    explicit CandidateStrip(Session& session, QWidget* parent = nullptr);

private:
    void follow();
    void step(int by);
    Session& session_;
    QToolButton* previous_;
    QToolButton* next_;
    TextLabel* text_;
};

}  // namespace hone::ui
