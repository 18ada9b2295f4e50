// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/chip.h"

#include <QPainter>

namespace hone::ui {

namespace {

constexpr int sidePadding = 9, arrowSpace = 14, chipHeight = 20;

}  // namespace

Chip::Chip(const QString& text, Tone tone, QWidget* parent) : QAbstractButton(parent), tone_(tone) {
    setText(text);
    setFont(Theme::instance().font(TextStyle::caption));
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setAttribute(Qt::WA_Hover);
    setClickable(false);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void Chip::setTone(Tone tone) {
    tone_ = tone;
    update();
}

void Chip::setClickable(bool clickable) {
    clickable_ = clickable;
    setFocusPolicy(clickable ? Qt::StrongFocus : Qt::NoFocus);
    setCursor(clickable ? Qt::PointingHandCursor : Qt::ArrowCursor);
    update();
}

void Chip::setMenuArrow(bool shown) {
    arrow_ = shown;
    updateGeometry();
    update();
}

QSize Chip::sizeHint() const {
    return QSize(
        fontMetrics().horizontalAdvance(text()) + 2 * sidePadding + (arrow_ ? arrowSpace : 0),
        chipHeight);
}

void Chip::paintEvent(QPaintEvent*) {
    const Palette& p = Theme::instance().palette();
    const QColor color = toneColor(tone_);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const bool ring = keyboardFocus(this);
    const bool active = clickable_ && isEnabled() && underMouse();
    painter.setPen(QPen(ring ? p.accent : tone_ == Tone::muted ? p.border : color, ring ? 2 : 1));
    painter.setBrush(active ? p.hover : p.surface);
    const qreal half = ring ? 1 : 0.5;
    const QRectF box = QRectF(rect()).adjusted(half, half, -half, -half);
    painter.drawRoundedRect(box, box.height() / 2, box.height() / 2);
    painter.setPen(color);
    painter.drawText(rect().adjusted(sidePadding, 0, arrow_ ? -arrowSpace - 4 : -sidePadding, 0),
                     Qt::AlignVCenter | Qt::AlignLeft, text());
    if (!arrow_) return;
    const QPixmap chevron =
        Theme::instance().pixmap(QStringLiteral("chevron-down"), 12, color, devicePixelRatioF());
    painter.drawPixmap(width() - arrowSpace - 5, (height() - 12) / 2, chevron);
}

}  // namespace hone::ui
