// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

namespace hone::ui {

// The wheel scrolls: it changes a combo box, number, date, slider or tab only where that control
// has the focus already, and no control takes the focus from a wheel. Watches every widget of the
// application, those that are made later too.
class WheelGuard : public QObject {
    Q_OBJECT
public:
    explicit WheelGuard(QObject* parent = nullptr);
    // Whether a turn of the wheel over this widget would choose another value.
    static bool changesByWheel(const QWidget* widget);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
};

}  // namespace hone::ui
