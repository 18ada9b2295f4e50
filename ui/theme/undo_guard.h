// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

namespace hone::ui {

// A box for a number takes Ctrl+Z for its text, also where nothing was typed that it could take
// back: then the keys are the window's, whose undo takes back the value. Watches every box of the
// application.
class UndoGuard : public QObject {
    Q_OBJECT
public:
    explicit UndoGuard(QObject* parent = nullptr);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;
};

}  // namespace hone::ui
