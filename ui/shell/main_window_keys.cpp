// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QDockWidget>
#include <QKeyEvent>
#include <algorithm>
#include <iterator>

#include "ui/shell/job_strip.h"
#include "ui/shell/main_window.h"
#include "ui/shell/page_host.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/focus.h"
#include "ui/widgets/question.h"

namespace hone::ui {

bool MainWindow::confirmClose() {
    const std::optional<JobInfo> job = session_.jobs().running();
    if (!job) return true;
    return ask(this, {tr("A job is running"), tr("%1 has not finished.").arg(job->title),
                      tr("Closing cancels it. What it measured so far is kept in the store."),
                      tr("Keep it running"), tr("Cancel the job and close")});
}

// Esc acts on what has the focus. What reaches the window was of no use to the control itself: an
// editor is left, then the nearest message is closed, then the strip's, then the timeline gives the
// page its room back. Only then is a running job meant, and that is asked about.
bool MainWindow::escape() {
    if (leaveEditor(QApplication::focusWidget())) return true;
    if (closeBanner() || strip_->dismiss()) return true;
    if (timelineHeight_ > 0) return fillWithTimeline(false), true;
    const std::optional<JobInfo> job = session_.jobs().running();
    if (!job) return false;
    const int id = job->id;
    if (askToCancel(this, job->title)) session_.jobs().cancel(id);
    return true;
}

bool MainWindow::closeBanner() {
    // The part of the window that has the focus comes first: a page's message is not meant in the
    // timeline.
    const QWidget* const parts[] = {pages_, timelineDock_, logDock_};
    const auto holds = [at = QApplication::focusWidget()](const QWidget* part) {
        return at != nullptr && part->isAncestorOf(at);
    };
    QWidget* at = std::any_of(std::begin(parts), std::end(parts), holds)
                      ? QApplication::focusWidget()
                      : pages_->currentWidget();
    for (; at != nullptr && std::find(std::begin(parts), std::end(parts), at) == std::end(parts);
         at = at->parentWidget())
        for (Banner* banner : at->findChildren<Banner*>()) {
            if (!banner->isVisible()) continue;
            const QWidget* focused = QApplication::focusWidget();
            const bool within = focused != nullptr && banner->isAncestorOf(focused);
            banner->clear();
            if (within) pages_->focusPage(Qt::OtherFocusReason);
            return true;
        }
    return false;
}

void MainWindow::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape && event->modifiers() == Qt::NoModifier && escape()) return;
    QMainWindow::keyPressEvent(event);
}

}  // namespace hone::ui
