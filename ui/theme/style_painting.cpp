// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/style_painting.h"

#include <QStyle>
#include <QWidget>

namespace hone::ui::painting {

namespace {

class Saved {
public:
    explicit Saved(QPainter* painter) : painter_(painter) {
        painter_->save();
        painter_->setRenderHint(QPainter::Antialiasing);
    }
    ~Saved() { painter_->restore(); }
    Saved(const Saved&) = delete;
    Saved& operator=(const Saved&) = delete;

private:
    QPainter* painter_;
};

QPen roundPen(const QColor& color, qreal width) {
    return QPen(color, width, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin);
}

}  // namespace

void roundedBox(QPainter* painter, const QRect& rect, const QColor& fill, const QColor& border,
                qreal radius) {
    const Saved saved(painter);
    painter->setBrush(fill);
    painter->setPen(border.isValid() ? QPen(border, 1) : QPen(Qt::NoPen));
    const qreal half = border.isValid() ? 0.5 : 0;
    painter->drawRoundedRect(QRectF(rect).adjusted(half, half, -half, -half), radius, radius);
}

void focusRing(QPainter* painter, const QRect& rect, qreal radius) {
    const Saved saved(painter);
    painter->setBrush(Qt::NoBrush);
    painter->setPen(QPen(Theme::instance().palette().accent, 2));
    painter->drawRoundedRect(QRectF(rect).adjusted(1, 1, -1, -1), radius - 1, radius - 1);
}

void chevron(QPainter* painter, const QRect& rect, Qt::ArrowType direction, const QColor& color) {
    const Saved saved(painter);
    painter->setPen(roundPen(color, 1.5));
    painter->translate(QRectF(rect).center());
    if (direction == Qt::UpArrow) painter->rotate(180);
    if (direction == Qt::LeftArrow) painter->rotate(90);
    if (direction == Qt::RightArrow) painter->rotate(-90);
    const QPointF points[] = {{-3.5, -1.75}, {0, 1.75}, {3.5, -1.75}};
    painter->drawPolyline(points, 3);
}

void checkMark(QPainter* painter, const QRect& rect, const QColor& color) {
    const Saved saved(painter);
    painter->setPen(roundPen(color, 1.8));
    painter->translate(QRectF(rect).center());
    const QPointF points[] = {{-3.6, 0.2}, {-1.1, 2.7}, {3.8, -2.6}};
    painter->drawPolyline(points, 3);
}

bool hasMenuArrow(const QStyleOption* option) {
    const auto* tool = qstyleoption_cast<const QStyleOptionToolButton*>(option);
    return tool != nullptr && (tool->features & QStyleOptionToolButton::HasMenu) &&
           !tool->text.isEmpty() && tool->toolButtonStyle != Qt::ToolButtonIconOnly;
}

bool isLink(const QWidget* widget) {
    return widget != nullptr && widget->property("link").toBool();
}

QString linkText(const QStyleOption* option) {
    const auto* tool = qstyleoption_cast<const QStyleOptionToolButton*>(option);
    return tool == nullptr ? QString() : tool->text;
}

void link(QPainter* painter, const QStyleOption* option) {
    const Saved saved(painter);
    const QColor color = option->palette.color(
        (option->state & QStyle::State_Enabled) ? QPalette::Active : QPalette::Disabled,
        QPalette::ButtonText);
    const QString text = linkText(option);
    painter->setPen(color);
    painter->drawText(option->rect, Qt::AlignLeft | Qt::AlignVCenter, text);
    const bool focus = showsFocus(option);
    if (!focus && !(option->state & (QStyle::State_MouseOver | QStyle::State_Sunken))) return;
    const QFontMetrics& metrics = option->fontMetrics;
    const int y = option->rect.center().y() + metrics.height() / 2;
    painter->fillRect(option->rect.left(), y, metrics.horizontalAdvance(text), focus ? 2 : 1,
                      color);
}

QColor controlBorder(const QStyleOption* option) {
    const Palette& p = Theme::instance().palette();
    if (!(option->state & QStyle::State_Enabled)) return p.border;
    if (option->state & QStyle::State_HasFocus) return p.accent;
    return p.strongBorder;
}

bool showsFocus(const QStyleOption* option) {
    return (option->state & QStyle::State_HasFocus) &&
           (option->state & QStyle::State_KeyboardFocusChange);
}

}  // namespace hone::ui::painting
