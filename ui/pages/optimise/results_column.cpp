// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/optimise/results_column.h"

#include <QEvent>
#include <QPointer>
#include <QScrollArea>
#include <QScrollBar>
#include <QVBoxLayout>

#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

constexpr int gap = 12, leastRest = 150;  // pixels

int heightOf(const QWidget* widget, int width) {
    return widget->hasHeightForWidth() ? widget->heightForWidth(width)
                                       : widget->sizeHint().height();
}

}  // namespace

ResultsColumn::ResultsColumn(QWidget* leading, QWidget* rest, QWidget* instead, QWidget* parent)
    : QWidget(parent),
      leading_(leading),
      rest_(rest),
      instead_(instead),
      column_(new QVBoxLayout(this)),
      scroll_(new QScrollArea) {
    column_->setContentsMargins(0, 0, 0, 0);
    column_->setSpacing(gap);
    column_->addWidget(leading_);
    column_->addWidget(scroll_, 1);
    auto* all = new QWidget;
    scrolled_ = new QVBoxLayout(all);
    scrolled_->setContentsMargins(0, 0, 2, 0);
    scrolled_->setSpacing(gap);
    scrolled_->addWidget(rest_);
    scrolled_->addWidget(instead_, 1);
    scrolled_->addStretch();
    instead_->hide();
    scroll_->setWidgetResizable(true);
    scroll_->setFrameShape(QFrame::NoFrame);
    scroll_->setFocusPolicy(Qt::NoFocus);  // reached through what it holds
    scroll_->setWidget(all);
}

void ResultsColumn::setInsteadShown(bool shown) {
    instead_->setVisible(shown);
    leading_->setVisible(!shown);
    rest_->setVisible(!shown);
}

void ResultsColumn::bringIntoSight() {
    if (scroll_->isAncestorOf(leading_)) scroll_->verticalScrollBar()->setValue(0);
}

void ResultsColumn::place() {
    const bool stays = height() >= heightOf(leading_, width()) + gap + leastRest;
    if (stays != scroll_->isAncestorOf(leading_)) return;
    // A widget that changes its parent is hidden on the way, and loses the focus.
    const QPointer<QWidget> focused =
        leading_->isAncestorOf(window()->focusWidget()) ? window()->focusWidget() : nullptr;
    (stays ? column_ : scrolled_)->insertWidget(0, leading_);
    leading_->setVisible(instead_->isHidden());
    if (focused != nullptr) focused->setFocus(Qt::OtherFocusReason);
}

// Also where it has grown: a row more of the ledger.
bool ResultsColumn::event(QEvent* event) {
    const bool done = QWidget::event(event);
    if (event->type() == QEvent::LayoutRequest) place();
    return done;
}

void ResultsColumn::resizeEvent(QResizeEvent* event) {
    QWidget::resizeEvent(event);
    place();
}

}  // namespace hone::ui
