// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMenu>

namespace hone::ui {

// A menu whose entries with a tick are ticked one after the other: it stays open until another
// entry is chosen, or until one clicks or goes elsewhere.
class StayingMenu : public QMenu {
    Q_OBJECT
public:
    using QMenu::QMenu;

protected:
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    bool tick();
};

}  // namespace hone::ui
