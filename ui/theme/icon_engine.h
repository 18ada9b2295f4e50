// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QIconEngine>

namespace hone::ui {

// Paints resources/icons/NAME.svg in the colour of the theme at the time of painting, so that icons
// already handed out follow a change of scheme.
class TintedIconEngine : public QIconEngine {
public:
    explicit TintedIconEngine(QString name) : name_(std::move(name)) {}

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State state) override;
    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override;
    QPixmap scaledPixmap(const QSize& size, QIcon::Mode mode, QIcon::State state,
                         qreal scale) override;
    QIconEngine* clone() const override { return new TintedIconEngine(name_); }

private:
    QString name_;
};

// `size` in device pixels.
QPixmap tintedPixmap(const QString& name, const QSize& size, const QColor& color);

}  // namespace hone::ui
