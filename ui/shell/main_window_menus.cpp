// SPDX-License-Identifier: GPL-3.0-or-later
#include <QActionGroup>
#include <QApplication>
#include <QDockWidget>
#include <QFileInfo>
#include <QMenuBar>
#include <QUndoGroup>

#include "ui/shell/about_dialog.h"
#include "ui/shell/main_window.h"
#include "ui/shell/page_host.h"
#include "ui/shell/settings.h"
#include "ui/theme/plain_text.h"

namespace hone::ui {

void MainWindow::buildMenus() {
    buildFileMenu();
    buildEditMenu();
    buildViewMenu();
    buildJobMenu();
    buildHelpMenu();
    updateJobActions();
}

void MainWindow::buildFileMenu() {
    const Theme& theme = Theme::instance();
    QMenu* menu = menuBar()->addMenu(tr("&File"));
    QAction* open = menu->addAction(theme.icon(QStringLiteral("open")), tr("&Open…"), this,
                                    &MainWindow::chooseFile);
    open->setShortcut(QKeySequence::Open);
    recentMenu_ = menu->addMenu(tr("Open &recent"));
    recentMenu_->setToolTipsVisible(true);  // names are the last part of a path, and may be alike
    connect(menu, &QMenu::aboutToShow, this, &MainWindow::fillRecentMenu);
    syntheticMenu_ = menu->addMenu(tr("Open a &synthetic model"));
    syntheticMenu_->setToolTipsVisible(true);
    connect(menu, &QMenu::aboutToShow, this, &MainWindow::fillSyntheticMenu);
    menu->addSeparator();
    menu->addAction(tr("&Choose the store…"), this, &MainWindow::chooseStore);
    menu->addSeparator();
    QAction* quit = menu->addAction(tr("&Quit"), this, &QWidget::close);
    quit->setShortcut(QKeySequence::Quit);
}

void MainWindow::fillRecentMenu() {
    recentMenu_->clear();
    const QStringList recent = settings::recentCheckpoints();
    for (const QString& checkpoint : recent) {
        QAction* action = recentMenu_->addAction(plainEntry(QFileInfo(checkpoint).fileName()));
        action->setToolTip(plainTip(checkpoint));
        connect(action, &QAction::triggered, this,
                [this, checkpoint] { openCheckpoint(checkpoint); });
    }
    recentMenu_->setEnabled(!recent.isEmpty());
}

void MainWindow::fillSyntheticMenu() {
    syntheticMenu_->clear();
    const QStringList& shapes = session_.syntheticShapes();
    syntheticMenu_->setEnabled(!shapes.isEmpty());
    for (const QString& shape : shapes) {
        const QString checkpoint = QStringLiteral("synthetic:") + shape;
        QAction* action = syntheticMenu_->addAction(plainEntry(shape));
        action->setToolTip(
            tr("Random weights of this shape: speed and memory are real, accuracy means nothing."));
        connect(action, &QAction::triggered, this,
                [this, checkpoint] { openCheckpoint(checkpoint); });
    }
}

void MainWindow::buildEditMenu() {
    const Theme& theme = Theme::instance();
    QMenu* menu = menuBar()->addMenu(tr("&Edit"));
    // What Ctrl+Z takes back belongs to the page: stored runs on Compare, the recipe elsewhere.
    auto* stacks = new QUndoGroup(this);
    QUndoStack &recipe = session_.undoStack(), &runs = session_.runEdits().undoStack();
    stacks->addStack(&recipe);
    stacks->addStack(&runs);
    const auto follow = [this, stacks, &recipe, &runs](const QString& page) {
        const bool ofRuns = pages_->railEntry(page) == QLatin1String("compare");
        stacks->setActiveStack(ofRuns ? &runs : &recipe);
    };
    connect(pages_, &PageHost::currentPageChanged, stacks, follow);
    follow(pages_->current());
    // As QUndoGroup's own actions, which would take a & in what is undone for the mark of a key.
    auto* undo = new QAction(tr("Undo"), this);
    undo->setEnabled(stacks->canUndo());
    connect(undo, &QAction::triggered, stacks, &QUndoGroup::undo);
    connect(stacks, &QUndoGroup::canUndoChanged, undo, &QAction::setEnabled);
    connect(stacks, &QUndoGroup::undoTextChanged, undo, [undo](const QString& what) {
        undo->setText(plainEntry(tr("Undo %1").arg(what).trimmed()));
    });
    undo->setShortcut(QKeySequence::Undo);
    undo->setIcon(theme.icon(QStringLiteral("undo")));
    auto* redo = new QAction(tr("Redo"), this);
    redo->setEnabled(stacks->canRedo());
    connect(redo, &QAction::triggered, stacks, &QUndoGroup::redo);
    connect(stacks, &QUndoGroup::canRedoChanged, redo, &QAction::setEnabled);
    connect(stacks, &QUndoGroup::redoTextChanged, redo, [redo](const QString& what) {
        redo->setText(plainEntry(tr("Redo %1").arg(what).trimmed()));
    });
    redo->setShortcut(QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_Z));
    redo->setIcon(theme.icon(QStringLiteral("redo")));
    menu->addAction(undo);
    menu->addAction(redo);
}

void MainWindow::buildViewMenu() {
    QMenu* menu = menuBar()->addMenu(tr("&View"));
    int number = 0;
    for (const PageEntry& entry : pages_->entries()) {
        if (!entry.within.isEmpty()) continue;
        QAction* action = menu->addAction(Theme::instance().icon(entry.icon), entry.title);
        action->setShortcut(QKeySequence(static_cast<int>(Qt::CTRL) + Qt::Key_1 + number++));
        connect(action, &QAction::triggered, this, [this, id = entry.id] {
            pages_->showPage(id);
            pages_->focusPage(Qt::ShortcutFocusReason);
        });
    }
    menu->addSeparator();
    menu->addAction(timelineDock_->toggleViewAction());
    timelineDock_->toggleViewAction()->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_T));
    menu->addAction(logDock_->toggleViewAction());
    logDock_->toggleViewAction()->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_L));
    menu->addSeparator();
    auto* group = new QActionGroup(this);
    const QString names[] = {tr("Theme of the &system"), tr("&Light theme"), tr("&Dark theme")};
    for (int i = 0; i < 3; ++i) {
        QAction* action = menu->addAction(names[i]);
        action->setCheckable(true);
        action->setChecked(static_cast<int>(settings::scheme()) == i);
        group->addAction(action);
        connect(action, &QAction::triggered, this, [this, i] { setScheme(i); });
        schemeActions_[i] = action;
    }
}

void MainWindow::buildJobMenu() {
    const Theme& theme = Theme::instance();
    QMenu* menu = menuBar()->addMenu(tr("&Job"));
    measureAction_ = menu->addAction(theme.icon(QStringLiteral("play")), tr("&Measure the recipe"),
                                     this, [this] { session_.measure(); });
    measureAction_->setShortcut(QKeySequence(Qt::CTRL | Qt::Key_R));
    cancelAction_ =
        menu->addAction(theme.icon(QStringLiteral("cancel")), tr("&Cancel the running job"), this,
                        [this] { session_.jobs().cancelRunning(); });
}

void MainWindow::buildHelpMenu() {
    QMenu* menu = menuBar()->addMenu(tr("&Help"));
    menu->addAction(tr("&Metric definitions"), QKeySequence::HelpContents, this,
                    [this] { AboutDialog(AboutDialog::Topic::metrics, this).exec(); });
    menu->addAction(Theme::instance().icon(QStringLiteral("info")), tr("&About Hone"), this,
                    [this] { AboutDialog(AboutDialog::Topic::program, this).exec(); });
}

}  // namespace hone::ui
