// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "ui/models/session.h"

namespace hone::ui {

// A page of the window; its row in list.inc says what it is called. The shell makes each from its
// factory, shows its title, gives it the page margin (so a page's own layout has margins of 0) and
// puts it in a scroll area.
class Page : public QWidget {
    Q_OBJECT
public:
    explicit Page(Session& session, QWidget* parent = nullptr)
        : QWidget(parent), session_(session) {}
    virtual QList<QWidget*> headerWidgets() { return {}; }  // buttons right of the title
    virtual void shown() {}
    // What has the focus when the page was reached by a key; null: its first control that the wheel
    // does not change.
    virtual QWidget* entry() { return nullptr; }

protected:
    Session& session() { return session_; }

private:
    Session& session_;
};

#define HONE_PAGE(Name, id, title, within) Page* make##Name##Page(Session& session);
#include "ui/pages/list.inc"
#undef HONE_PAGE

}  // namespace hone::ui
