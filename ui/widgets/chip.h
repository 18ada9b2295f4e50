// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractButton>

#include "ui/widgets/text_label.h"

namespace hone::ui {

// A short fact in a rounded outline. Clickable ones take the keyboard focus and emit clicked().
class Chip : public QAbstractButton {
    Q_OBJECT
public:
    explicit Chip(const QString& text = {}, Tone tone = Tone::muted, QWidget* parent = nullptr);

    void setTone(Tone tone);
    void setClickable(bool clickable);
    void setMenuArrow(bool shown);  // that it opens a menu
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    Tone tone_;
    bool clickable_ = false;
    bool arrow_ = false;
};

}  // namespace hone::ui
