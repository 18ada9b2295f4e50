// SPDX-License-Identifier: GPL-3.0-or-later
#include <QDockWidget>
#include <QToolButton>

#include "ui/shell/job_strip.h"
#include "ui/shell/log_panel.h"
#include "ui/shell/main_window.h"
#include "ui/theme/theme.h"
#include "ui/timeline/timeline_panel.h"

namespace hone::ui {

void MainWindow::buildLogDock() {
    logDock_->setObjectName(QStringLiteral("log"));
    logDock_->setWidget(log_);
    logDock_->setAllowedAreas(Qt::BottomDockWidgetArea);
    logDock_->setFeatures(QDockWidget::DockWidgetClosable);
    logDock_->setTitleBarWidget(new QWidget);  // the panel has its own head
    connect(log_, &LogPanel::closed, logDock_, &QDockWidget::hide);
    inner_->addDockWidget(Qt::BottomDockWidgetArea, logDock_);
    logDock_->hide();
    strip_->logButton()->setDefaultAction(logDock_->toggleViewAction());
    logDock_->toggleViewAction()->setIcon(Theme::instance().icon(QStringLiteral("log")));
    logDock_->toggleViewAction()->setIconVisibleInMenu(false);
    connect(&session_.jobs(), &JobRunner::logged, log_, &LogPanel::append);
}

void MainWindow::buildTimelineDock() {
    timelineDock_->setObjectName(QStringLiteral("timeline"));
    timelineDock_->setWidget(timeline_);
    timelineDock_->setAllowedAreas(Qt::BottomDockWidgetArea);
    timelineDock_->setFeatures(QDockWidget::DockWidgetClosable);
    timelineDock_->setTitleBarWidget(new QWidget);  // the panel has its own head
    inner_->splitDockWidget(logDock_, timelineDock_, Qt::Vertical);
    timelineDock_->hide();
    strip_->timelineButton()->setDefaultAction(timelineDock_->toggleViewAction());
    timelineDock_->toggleViewAction()->setIcon(Theme::instance().icon(QStringLiteral("timeline")));
    timelineDock_->toggleViewAction()->setIconVisibleInMenu(false);
    connect(timeline_, &TimelinePanel::closed, this, [this] { setTimelineShown(false); });
    connect(timeline_, &TimelinePanel::fillToggled, this, &MainWindow::fillWithTimeline);
    connect(timelineDock_, &QDockWidget::visibilityChanged, this, [this](bool shown) {
        if (shown) timeline_->showNewest();
    });
    connect(timelineDock_->toggleViewAction(), &QAction::toggled, this, [this](bool shown) {
        if (!shown) fillWithTimeline(false);
    });
    connect(pages_, &PageHost::currentPageChanged, this, [this] { fillWithTimeline(false); });
}

void MainWindow::setTimelineShown(bool shown) {
    if (!shown) fillWithTimeline(false);
    timelineDock_->setVisible(shown);
}

void MainWindow::showTrace(qint64 run) {
    timeline_->showRun(run);
    setTimelineShown(true);
    timeline_->view().setFocus();
}

void MainWindow::fillWithTimeline(bool fill) {
    if (fill == (timelineHeight_ > 0)) return;
    if (fill) {
        timelineHeight_ = timelineDock_->height();
        pages_->hide();
    } else {
        pages_->show();
        inner_->resizeDocks({timelineDock_}, {timelineHeight_}, Qt::Vertical);
        timelineHeight_ = 0;
    }
    timeline_->setFilling(fill);
}

}  // namespace hone::ui
