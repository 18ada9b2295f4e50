// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/session.h"
#include "ui/widgets/card.h"

namespace hone::ui {

class FactList;

// What this machine is, as the worker reports it: what every figure depends on.
class MachineCard : public Card {
    Q_OBJECT
public:
    explicit MachineCard(Session& session, QWidget* parent = nullptr);

private:
    void refresh();
    Session& session_;
    FactList* facts_;
};

}  // namespace hone::ui
