// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/switch.h"

#include <QKeyEvent>
#include <QPainter>

#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

constexpr int trackWidth = 30, trackHeight = 16, ring = 3;

}  // namespace

Switch::Switch(const QString& accessibleName, QWidget* parent) : QAbstractButton(parent) {
    setCheckable(true);
    setAccessibleName(accessibleName);
    setFocusPolicy(Qt::StrongFocus);
    setSizePolicy(QSizePolicy::Fixed, QSizePolicy::Fixed);
    setCursor(Qt::PointingHandCursor);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

QSize Switch::sizeHint() const {
    return QSize(trackWidth + 2 * ring, trackHeight + 2 * ring);
}

void Switch::paintEvent(QPaintEvent*) {
    const Palette& p = Theme::instance().palette();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    const QRectF track(ring, (height() - trackHeight) / 2.0, trackWidth, trackHeight);
    painter.setPen(Qt::NoPen);
    painter.setBrush(!isEnabled() ? p.border : isChecked() ? p.accent : p.switchOff);
    painter.drawRoundedRect(track, trackHeight / 2.0, trackHeight / 2.0);
    const qreal knob = trackHeight - 4;
    const qreal x = isChecked() ? track.right() - 2 - knob : track.left() + 2;
    painter.setBrush(isChecked() ? p.onAccent : p.surface);
    painter.drawEllipse(QRectF(x, track.top() + 2, knob, knob));
    if (!keyboardFocus(this)) return;
    painter.setBrush(Qt::NoBrush);
    painter.setPen(QPen(p.accent, 1.5));
    painter.drawRoundedRect(track.adjusted(-2, -2, 2, 2), trackHeight / 2.0 + 2,
                            trackHeight / 2.0 + 2);
}

void Switch::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        click();
    else
        QAbstractButton::keyPressEvent(event);
}

}  // namespace hone::ui
