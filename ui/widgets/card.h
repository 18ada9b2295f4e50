// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFrame>
#include <QHBoxLayout>
#include <QVBoxLayout>

#include "ui/widgets/text_label.h"

namespace hone::ui {

// A surface with a border, a title where given, widgets right of it, and a body.
class Card : public QFrame {
    Q_OBJECT
public:
    explicit Card(const QString& title = {}, QWidget* parent = nullptr);

    void setTitle(const QString& title);
    void addHeaderWidget(QWidget* widget);
    QVBoxLayout* body() { return body_; }
    // For a body that reaches the border, such as a table: no padding around it.
    void setFlush(bool flush);
    // A dashed border: a place to drop things on.
    void setDashed(bool dashed);
    void setHighlighted(bool highlighted);  // an accent border

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QWidget* header_;
    QHBoxLayout* headerLayout_;
    TextLabel* title_;
    QVBoxLayout* body_;
    bool dashed_ = false;
    bool highlighted_ = false;
};

}  // namespace hone::ui
