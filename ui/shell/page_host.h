// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStackedWidget>
#include <functional>
#include <vector>

#include "ui/pages/page.h"

namespace hone::ui {

// How the shell knows a page before it is made.
struct PageEntry {
    QString id, title, icon;
    QString within;  // the page that leads to it; empty: it has an entry in the rail
    std::function<Page*(Session&)> make;
};
std::vector<PageEntry> pageEntries();  // in the order of the rail: ui/pages/list.inc

// The page area. A page is made when it is first shown or by makeAll(), framed by its title row and
// a scroll area.
class PageHost : public QStackedWidget {
    Q_OBJECT
public:
    PageHost(Session& session, std::vector<PageEntry> entries, QWidget* parent = nullptr);
    void showPage(const QString& id);
    // The focus goes into the shown page: to what the page names, or its first control.
    void focusPage(Qt::FocusReason reason);
    QString current() const { return current_; }
    Page* page(const QString& id);  // makes it where needed; null for an unknown id
    void makeOne();                 // makes the next page that is not made yet
    bool complete() const { return made_ == entries_.size(); }
    const std::vector<PageEntry>& entries() const { return entries_; }
    // The page whose entry in the rail leads to this one: itself, where it has one.
    QString railEntry(const QString& id) const;

signals:
    void currentPageChanged(const QString& id);

private:
    struct Made {
        Page* page = nullptr;
        QWidget* frame = nullptr;
    };
    Made& make(std::size_t index);
    QWidget* framed(Page* page, const QString& name);

    Session& session_;
    std::vector<PageEntry> entries_;
    std::vector<Made> pages_;
    std::size_t made_ = 0;
    QString current_;
};

}  // namespace hone::ui
