// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>
#include <optional>

#include "ui/jobs/job_runner.h"

class QProgressBar;
class QPushButton;

namespace hone::ui {

class TextLabel;

// How narrow the interval of a running measurement is, beside what it should come to, and a button
// that takes what was reached. Hidden while nothing narrows.
class IntervalBar : public QWidget {
    Q_OBJECT
public:
    explicit IntervalBar(QWidget* parent = nullptr);
    void showInterval(const std::optional<IntervalReach>& interval);
    QString text() const;

signals:
    void goodEnough();

private:
    TextLabel* label_;
    QProgressBar* bar_;
    QPushButton* button_;
    bool taken_ = false;
};

}  // namespace hone::ui
