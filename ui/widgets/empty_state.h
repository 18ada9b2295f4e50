// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLabel>
#include <QPushButton>
#include <QWidget>

#include "ui/widgets/text_label.h"

namespace hone::ui {

// Says what would be here, why it is not, and offers the one next step.
class EmptyState : public QWidget {
    Q_OBJECT
public:
    EmptyState(const QString& icon, const QString& title, const QString& explanation,
               const QString& action = {}, QWidget* parent = nullptr);
    void setTexts(const QString& title, const QString& explanation);
    QPushButton* button() { return button_; }  // null where there is no action

signals:
    void triggered();

private:
    void recolor();
    void fitExplanation();
    QString iconName_;
    QLabel* icon_;
    TextLabel* title_;
    TextLabel* explanation_;
    QPushButton* button_ = nullptr;
};

}  // namespace hone::ui
