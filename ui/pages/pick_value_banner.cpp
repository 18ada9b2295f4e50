// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/pick_value_banner.h"

#include <QMenu>

#include "ui/theme/plain_text.h"

namespace hone::ui {

PickValueBanner::PickValueBanner(Session& session, const QString& one, const QString& several,
                                 QWidget* parent)
    : Banner(parent), session_(session), one_(one), several_(several) {
    setLasting();
    connect(&session, &Session::recipeChanged, this, &PickValueBanner::follow);
    connect(this, &Banner::triggered, this, &PickValueBanner::ask);
    follow();
}

void PickValueBanner::follow() {
    const std::size_t lists = session_.swept().size();
    if (lists == 0) return clear();
    show(Kind::note, lists == 1 ? one_ : several_, {}, tr("Pick…"));
    button()->setAccessibleName(lists == 1 ? tr("Pick one value") : tr("Pick one candidate"));
}

void PickValueBanner::ask() {
    QMenu menu(button());
    fillMenu(menu);
    menu.exec(button()->mapToGlobal(QPoint(0, button()->height() + 2)));
}

void PickValueBanner::fillMenu(QMenu& menu) {
    const QStringList names = session_.candidateNames();
    const std::size_t shown = session_.shownCandidate();
    for (std::size_t i = 0; i < static_cast<std::size_t>(names.size()); ++i) {
        QAction* action =
            menu.addAction(plainEntry(names[static_cast<qsizetype>(i)]), this, [this, i] {
                session_.takeCandidate(i);
                emit picked();
            });
        action->setCheckable(true);
        action->setChecked(i == shown);
    }
}

}  // namespace hone::ui
