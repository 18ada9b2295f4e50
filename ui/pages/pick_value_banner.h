// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/session.h"
#include "ui/widgets/banner.h"

class QMenu;

namespace hone::ui {

// Where something takes one value and the recipe has a list of them: says so, and lets one be
// picked, which ends the list. Hidden otherwise.
class PickValueBanner : public Banner {
    Q_OBJECT
public:
    // `one` and `several` are what it says where one option, or several, have lists.
    PickValueBanner(Session& session, const QString& one, const QString& several,
                    QWidget* parent = nullptr);

    void fillMenu(QMenu& menu);  // an entry a candidate, the one that is looked at ticked

signals:
    void picked();

private:
    void follow();
    void ask();
    Session& session_;
    QString one_, several_;
};

}  // namespace hone::ui
