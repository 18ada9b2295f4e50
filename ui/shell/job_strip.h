// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTimer>
#include <QWidget>

#include "ui/models/session.h"

class QProgressBar;
class QPushButton;
class QToolButton;

namespace hone::ui {

class ElidedLabel;
class TextLabel;

// The line at the window's foot that says what runs, how far it is, and stops it. It is there when
// nothing runs, too.
class JobStrip : public QWidget {
    Q_OBJECT
public:
    explicit JobStrip(Session& session, QWidget* parent = nullptr);
    QToolButton* logButton() { return log_; }
    QToolButton* timelineButton() { return timeline_; }

    // Puts away what the strip says of a job that ended, or of something unasked. False where it
    // says nothing of that.
    bool dismiss();

protected:
    bool event(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    void showJob(const JobInfo& job);
    void showIdle();
    void refresh();
    void setOver(bool over);
    QString idleText() const;

    Session& session_;
    TextLabel* title_;
    ElidedLabel* detail_;
    QProgressBar* bar_;
    TextLabel* time_;
    TextLabel* queued_;
    QPushButton* cancel_;
    QToolButton *dismiss_, *timeline_, *log_;
    QString word_;                      // said unasked; before what jobs say
    int shownJob_ = 0, dismissed_ = 0;  // of those that ended
    QTimer seen_;
};

// "12 s · about 30 s left"; the second half only where the fraction allows a guess.
QString elapsedAndLeft(double seconds, double fraction);

}  // namespace hone::ui
