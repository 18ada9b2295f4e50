// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QComboBox>

#include "ui/models/session.h"

namespace hone::ui {

// Where models run: the CPU and the CUDA devices that the worker found. All boxes show and set the
// session's one target.
class DeviceBox : public QComboBox {
    Q_OBJECT
public:
    explicit DeviceBox(Session& session, QWidget* parent = nullptr);

private:
    void refresh();
    Session& session_;
};

}  // namespace hone::ui
