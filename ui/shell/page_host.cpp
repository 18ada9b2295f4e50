// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/page_host.h"

#include <QHBoxLayout>
#include <QScrollArea>
#include <QVBoxLayout>

#include "ui/widgets/focus.h"
#include "ui/widgets/text_label.h"

namespace hone::ui {

PageHost::PageHost(Session& session, std::vector<PageEntry> entries, QWidget* parent)
    : QStackedWidget(parent),
      session_(session),
      entries_(std::move(entries)),
      pages_(entries_.size()) {}

QWidget* PageHost::framed(Page* page, const QString& name) {
    auto* frame = new QWidget;
    auto* layout = new QVBoxLayout(frame);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    auto* titleRow = new QHBoxLayout;
    titleRow->setContentsMargins(spacing::page, spacing::group, spacing::page, 12);
    titleRow->setSpacing(spacing::inside);
    auto* title = new TextLabel(name, TextStyle::pageTitle);
    title->setMinimumHeight(spacing::controlHeight);
    titleRow->addWidget(title);
    titleRow->addStretch();
    for (QWidget* widget : page->headerWidgets()) titleRow->addWidget(widget);
    layout->addLayout(titleRow);
    auto* scroll = new QScrollArea;
    scroll->setWidgetResizable(true);
    scroll->setFrameShape(QFrame::NoFrame);
    // Reached through what it holds; by itself it would be a stop without a name.
    scroll->setFocusPolicy(Qt::NoFocus);
    page->setContentsMargins(spacing::page, 0, spacing::page, spacing::page);
    scroll->setWidget(page);
    layout->addWidget(scroll, 1);
    return frame;
}

PageHost::Made& PageHost::make(std::size_t index) {
    Made& made = pages_[index];
    if (made.page != nullptr) return made;
    made.page = entries_[index].make(session_);
    made.frame = framed(made.page, entries_[index].title);
    addWidget(made.frame);
    ++made_;
    return made;
}

Page* PageHost::page(const QString& id) {
    for (std::size_t i = 0; i < entries_.size(); ++i)
        if (entries_[i].id == id) return make(i).page;
    return nullptr;
}

QString PageHost::railEntry(const QString& id) const {
    for (const PageEntry& entry : entries_)
        if (entry.id == id && !entry.within.isEmpty()) return entry.within;
    return id;
}

void PageHost::makeOne() {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (pages_[i].page != nullptr) continue;
        make(i);
        return;
    }
}

void PageHost::focusPage(Qt::FocusReason reason) {
    Page* shown = page(current_);
    if (shown == nullptr) return;
    QWidget* control = shown->entry();
    if (control == nullptr) control = firstControl(shown);
    if (control == nullptr) control = firstControl(currentWidget());
    (control != nullptr ? control : shown)->setFocus(reason);
}

void PageHost::showPage(const QString& id) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        if (entries_[i].id != id) continue;
        const Made& made = make(i);
        // What had the focus is hidden with its page; Qt would give it to whatever control comes
        // next.
        const QWidget* focused = window()->focusWidget();
        const bool within = focused != nullptr && isAncestorOf(focused) && current_ != id;
        setCurrentWidget(made.frame);
        current_ = id;
        made.page->shown();
        if (within) focusPage(Qt::OtherFocusReason);
        emit currentPageChanged(id);
        return;
    }
}

}  // namespace hone::ui
