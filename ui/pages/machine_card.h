// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/session.h"
#include "ui/widgets/card.h"

namespace hone::ui {

class DeviceBox;
class FactList;

// What this machine is, as the worker reports it, and which of its devices models run on: what
// every figure depends on.
class MachineCard : public Card {
    Q_OBJECT
public:
    explicit MachineCard(Session& session, QWidget* parent = nullptr);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void refresh();
    Session& session_;
    DeviceBox* device_;
    FactList* facts_;
    TextLabel* noDevice_;  // why only the CPU can be used
};

}  // namespace hone::ui
