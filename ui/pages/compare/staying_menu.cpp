// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/compare/staying_menu.h"

#include <QKeyEvent>
#include <QMouseEvent>

namespace hone::ui {

bool StayingMenu::tick() {
    QAction* action = activeAction();
    if (action == nullptr || !action->isCheckable() || !action->isEnabled()) return false;
    action->trigger();
    return true;
}

void StayingMenu::mouseReleaseEvent(QMouseEvent* event) {
    if (actionAt(event->position().toPoint()) != activeAction() || !tick())
        QMenu::mouseReleaseEvent(event);
}

void StayingMenu::keyPressEvent(QKeyEvent* event) {
    const bool chooses = event->key() == Qt::Key_Space || event->key() == Qt::Key_Return ||
                         event->key() == Qt::Key_Enter;
    if (!chooses || !tick()) QMenu::keyPressEvent(event);
}

}  // namespace hone::ui
