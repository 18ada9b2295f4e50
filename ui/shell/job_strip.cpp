// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/job_strip.h"

#include <QCoreApplication>
#include <QEvent>
#include <QHBoxLayout>
#include <QPainter>
#include <QProgressBar>
#include <QToolButton>
#include <cmath>

#include "ui/widgets/buttons.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/focus.h"

namespace hone::ui {

namespace {

constexpr int seenAfter = 30'000;  // ms in the active window: then what is over has been seen

QString wholeSeconds(double seconds) {
    const auto whole = static_cast<qlonglong>(std::round(seconds));
    if (whole < 60) return QCoreApplication::translate("JobStrip", "%1 s").arg(whole);
    return QCoreApplication::translate("JobStrip", "%1 min %2 s").arg(whole / 60).arg(whole % 60);
}

}  // namespace

QString elapsedAndLeft(double seconds, double fraction) {
    const QString elapsed = wholeSeconds(seconds);
    // Before a twentieth is done a guess is worth nothing.
    if (fraction < 0.05 || fraction >= 1) return elapsed;
    return QCoreApplication::translate("JobStrip", "%1 · about %2 left")
        .arg(elapsed, wholeSeconds(seconds / fraction * (1 - fraction)));
}

JobStrip::JobStrip(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      title_(new TextLabel({}, TextStyle::strong)),
      detail_(new ElidedLabel({}, TextStyle::body, Tone::muted)),
      bar_(new QProgressBar),
      time_(new TextLabel({}, TextStyle::body, Tone::muted)),
      queued_(new TextLabel({}, TextStyle::body, Tone::muted)),
      cancel_(plainButton(tr("Cancel"))),
      dismiss_(iconButton(QStringLiteral("cancel"), tr("Put this message away"))),
      timeline_(new QToolButton),
      log_(new QToolButton) {
    setFixedHeight(40);
    setAccessibleName(tr("Job"));
    bar_->setFixedWidth(220);
    bar_->setFixedHeight(12);
    bar_->setTextVisible(false);
    bar_->setAccessibleName(tr("Progress of the running job"));
    cancel_->setToolTip(tr("Cancel the running job"));
    cancel_->setAccessibleName(tr("Cancel the running job"));
    timeline_->setAccessibleName(tr("Timeline"));
    log_->setAccessibleName(tr("Log"));
    for (QToolButton* button : {timeline_, log_}) {
        button->setFocusPolicy(Qt::StrongFocus);
        button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
        button->setIconSize(QSize(spacing::iconSize, spacing::iconSize));
    }

    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(spacing::page, 1, spacing::group, 0);
    layout->setSpacing(12);
    layout->addWidget(title_);
    layout->addWidget(detail_, 0);
    layout->addWidget(dismiss_);
    layout->addWidget(bar_);
    layout->addWidget(time_);
    layout->addWidget(queued_);
    layout->addStretch(1);
    layout->addWidget(cancel_);
    layout->addWidget(timeline_);
    layout->addWidget(log_);

    connect(cancel_, &QPushButton::clicked, this, [this] { session_.jobs().cancelRunning(); });
    connect(&session_.jobs(), &JobRunner::jobProgress, this, &JobStrip::refresh);
    connect(&session_.jobs(), &JobRunner::jobsChanged, this, &JobStrip::refresh);
    connect(&session_, &Session::modelChanged, this, &JobStrip::refresh);
    connect(&session_, &Session::said, this, [this](const QString& word) {
        word_ = word;
        refresh();
    });
    connect(dismiss_, &QToolButton::clicked, this, &JobStrip::dismiss);
    seen_.setSingleShot(true);
    seen_.setInterval(seenAfter);
    connect(&seen_, &QTimer::timeout, this, &JobStrip::dismiss);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
    refresh();
}

bool JobStrip::dismiss() {
    if (dismiss_->isHidden()) return false;
    if (word_.isEmpty())
        dismissed_ = shownJob_;
    else
        word_.clear();
    refresh();
    return true;
}

// Only an active window's words count as seen.
bool JobStrip::event(QEvent* event) {
    if (event->type() == QEvent::WindowActivate && !dismiss_->isHidden()) seen_.start();
    if (event->type() == QEvent::WindowDeactivate) seen_.stop();
    return QWidget::event(event);
}

void JobStrip::refresh() {
    const std::vector<JobInfo> jobs = session_.jobs().jobs();
    const bool running = !jobs.empty() && jobs.front().state == JobState::running;
    if (running)
        showJob(jobs.front());
    else
        showIdle();
    int waiting = 0;
    for (const JobInfo& job : jobs) waiting += job.state == JobState::queued ? 1 : 0;
    QString text =
        waiting > 0 ? counted(waiting, tr("%1 job waiting"), tr("%1 jobs waiting")) : QString();
    if (session_.jobs().paused())
        text = waiting > 0 ? tr("%1, paused").arg(text) : tr("queue paused");
    queued_->setText(text);
    queued_->setVisible(!text.isEmpty());
    if (!running) handFocus(cancel_, timeline_);
    for (QWidget* widget : {static_cast<QWidget*>(bar_), static_cast<QWidget*>(time_),
                            static_cast<QWidget*>(cancel_)})
        widget->setVisible(running);
}

void JobStrip::showJob(const JobInfo& job) {
    setOver(false);
    title_->setVisible(true);
    title_->setText(job.title);
    detail_->setTone(Tone::muted);
    detail_->setText(job.detail);
    // A range of nothing is Qt's sign for an unknown length.
    bar_->setRange(0, job.fraction < 0 ? 0 : 1000);
    if (job.fraction >= 0) bar_->setValue(static_cast<int>(job.fraction * 1000));
    time_->setText(elapsedAndLeft(job.seconds, job.fraction));
}

void JobStrip::showIdle() {
    title_->setVisible(false);
    if (!word_.isEmpty()) {
        detail_->setTone(Tone::warning);
        detail_->setText(word_);
        return setOver(true);
    }
    for (const JobInfo& job : session_.jobs().jobs()) {
        if (job.state == JobState::queued) continue;
        if (job.id == dismissed_) break;
        if (shownJob_ != job.id) seen_.stop();
        shownJob_ = job.id;
        detail_->setTone(job.state == JobState::failed ? Tone::worse : Tone::muted);
        detail_->setText(job.state == JobState::failed
                             ? tr("%1: failed. %2").arg(job.title, job.error)
                         : job.state == JobState::cancelled
                             ? tr("%1: cancelled").arg(job.title)
                             : tr("%1: done in %2").arg(job.title, wholeSeconds(job.seconds)));
        return setOver(true);
    }
    setOver(false);
    detail_->setTone(Tone::muted);
    detail_->setText(idleText());
}

// Whether it speaks of something that is over, which can be put away.
void JobStrip::setOver(bool over) {
    if (!over) handFocus(dismiss_, timeline_);
    dismiss_->setVisible(over);
    if (!over)
        seen_.stop();
    else if (isActiveWindow() && !seen_.isActive())
        seen_.start();
}

QString JobStrip::idleText() const {
    return session_.checkpoint().isEmpty() ? tr("Idle") : tr("Idle · Ctrl+R measures the recipe");
}

void JobStrip::paintEvent(QPaintEvent*) {
    const Palette& p = Theme::instance().palette();
    QPainter painter(this);
    painter.fillRect(rect(), p.surface);
    painter.fillRect(QRect(0, 0, width(), 1), p.border);
}

}  // namespace hone::ui
