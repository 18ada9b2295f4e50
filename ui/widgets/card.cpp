// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/card.h"

#include <QPainter>

namespace hone::ui {

Card::Card(const QString& title, QWidget* parent)
    : QFrame(parent),
      header_(new QWidget(this)),
      title_(new TextLabel(title, TextStyle::cardTitle)) {
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(1, 1, 1, 1);
    outer->setSpacing(0);
    headerLayout_ = new QHBoxLayout(header_);
    headerLayout_->setContentsMargins(spacing::group - 1, 12, spacing::group - 1, 0);
    headerLayout_->setSpacing(spacing::inside);
    headerLayout_->addWidget(title_);
    headerLayout_->addStretch();
    header_->setVisible(!title.isEmpty());
    outer->addWidget(header_);
    body_ = new QVBoxLayout;
    body_->setSpacing(spacing::inside);
    setFlush(false);
    // No stretch: it would make every card want more height than it needs. What is to spare goes to
    // the body.
    header_->setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    outer->addLayout(body_);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void Card::setTitle(const QString& title) {
    title_->setText(title);
    header_->setVisible(!title.isEmpty() || headerLayout_->count() > 2);
}

void Card::addHeaderWidget(QWidget* widget) {
    headerLayout_->addWidget(widget);
    header_->setVisible(true);
}

void Card::setFlush(bool flush) {
    if (flush)
        body_->setContentsMargins(0, 0, 0, 0);
    else
        body_->setContentsMargins(spacing::group - 1, 12, spacing::group - 1, spacing::group - 3);
}

void Card::setDashed(bool dashed) {
    dashed_ = dashed;
    update();
}

void Card::setHighlighted(bool highlighted) {
    highlighted_ = highlighted;
    update();
}

void Card::paintEvent(QPaintEvent*) {
    const Palette& p = Theme::instance().palette();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    QPen pen(highlighted_ ? p.accent : dashed_ ? p.strongBorder : p.border, 1);
    if (dashed_) pen.setDashPattern({5, 4});
    painter.setPen(pen);
    painter.setBrush(highlighted_ && dashed_ ? p.accentSoft : dashed_ ? p.window : p.surface);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), spacing::radius,
                            spacing::radius);
}

}  // namespace hone::ui
