// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/main_window.h"

#include <QCloseEvent>
#include <QDir>
#include <QDockWidget>
#include <QDropEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QMimeData>
#include <QScreen>
#include <QTimer>
#include <QVBoxLayout>

#include "ui/models/session_memory.h"
#include "ui/shell/drop_overlay.h"
#include "ui/shell/job_strip.h"
#include "ui/shell/log_panel.h"
#include "ui/shell/model_bar.h"
#include "ui/shell/page_host.h"
#include "ui/shell/rail.h"
#include "ui/shell/settings.h"
#include "ui/shell/window_place.h"
#include "ui/timeline/timeline_panel.h"

namespace hone::ui {

namespace {

constexpr int narrowBelow = 1100;
constexpr int frameSettles = 250;  // ms until a window manager has put its frame round the window
const QString geometryKey = QStringLiteral("window/geometry");
const QString docksKey = QStringLiteral("window/docks");

// The model that was open last time, where it is still there.
QString lastThatOpens() {
    const QString last = settings::lastCheckpoint();
    return QFileInfo::exists(last) || last.startsWith(QLatin1String("synthetic:")) ? last
                                                                                   : QString();
}

}  // namespace

MainWindow::MainWindow(Session& session, std::vector<PageEntry> entries, QWidget* parent)
    : QMainWindow(parent),
      session_(session),
      rail_(new Rail),
      modelBar_(new ModelBar(session)),
      inner_(new QMainWindow),
      pages_(new PageHost(session, std::move(entries))),
      strip_(new JobStrip(session)),
      logDock_(new QDockWidget(tr("Log"))),
      log_(new LogPanel),
      timelineDock_(new QDockWidget(tr("Timeline"))),
      timeline_(new TimelinePanel(session)),
      dropOverlay_(new DropOverlay(this)),
      memory_(new SessionMemory(session, this)) {
    setAcceptDrops(true);
    setWindowTitle(QStringLiteral("Hone"));
    setWindowIcon(QIcon(QStringLiteral(":/hone.svg")));
    setMinimumSize(800, 560);
    buildFrame();
    buildLogDock();
    buildTimelineDock();
    buildMenus();
    connectSession();
    restoreLayout();
    const QString last = lastThatOpens();
    memory_->restore(last);
    const QString page = settings::page();
    pages_->showPage(page.isEmpty() ? QStringLiteral("start") : page);
    if (pages_->current().isEmpty()) pages_->showPage(QStringLiteral("start"));
    pages_->focusPage(Qt::ShortcutFocusReason);
    // The other pages are made after the first paint, one at a time, so that starting stays quick
    // and none misses what a running job tells.
    QTimer::singleShot(0, this, &MainWindow::makeRemainingPages);
}

// Docks that are destroyed with the window say that they are hidden, when it is none any more.
MainWindow::~MainWindow() {
    for (QDockWidget* dock : findChildren<QDockWidget*>()) {
        disconnect(dock, nullptr, this, nullptr);
        disconnect(dock->toggleViewAction(), nullptr, this, nullptr);
    }
    disconnect(pages_, nullptr, this, nullptr);
}

void MainWindow::buildFrame() {
    int number = 0;
    for (const PageEntry& entry : pages_->entries())
        if (entry.within.isEmpty())
            rail_->addEntry(entry.id, entry.icon, entry.title,
                            QStringLiteral("Ctrl+%1").arg(++number));
    inner_->setWindowFlags(Qt::Widget);
    inner_->setCentralWidget(pages_);
    inner_->setContextMenuPolicy(Qt::NoContextMenu);
    auto* column = new QVBoxLayout;
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(modelBar_);
    column->addWidget(inner_, 1);
    column->addWidget(strip_);
    auto* frame = new QWidget;
    auto* row = new QHBoxLayout(frame);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(0);
    row->addWidget(rail_);
    row->addLayout(column, 1);
    setCentralWidget(frame);
    connect(rail_, &Rail::activated, this, [this](const QString& id) {
        pages_->showPage(id);
        pages_->focusPage(Qt::OtherFocusReason);
    });
    connect(rail_, &Rail::schemeToggled, this, [this] {
        setScheme(static_cast<int>(Theme::instance().dark() ? Scheme::light : Scheme::dark));
    });
    connect(pages_, &PageHost::currentPageChanged, rail_,
            [this](const QString& id) { rail_->setCurrent(pages_->railEntry(id)); });
    keepsPage_ = connect(pages_, &PageHost::currentPageChanged, this, &settings::setPage);
}

void MainWindow::connectSession() {
    connect(&session_, &Session::openRequested, this, &MainWindow::chooseFile);
    connect(&session_, &Session::pageRequested, pages_, &PageHost::showPage);
    connect(&session_, &Session::runRequested, this,
            [this] { pages_->showPage(QStringLiteral("compare")); });
    connect(&session_, &Session::traceRequested, this, &MainWindow::showTrace);
    connect(&session_, &Session::modelChanged, this, [this] {
        // Written twice it is no mark of what is not saved.
        setWindowTitle(
            tr("%1 — Hone")
                .arg(session_.modelName().replace(QLatin1String("[*]"), QLatin1String("[*][*]"))));
        settings::addRecentCheckpoint(session_.checkpoint());
        settings::setLastCheckpoint(session_.checkpoint());
        updateJobActions();
        // From Start, an opened model leads on; on any other page the user stays where he is.
        if (followOpen_ && pages_->current() == QLatin1String("start"))
            pages_->showPage(QStringLiteral("model"));
        followOpen_ = true;
    });
    connect(&session_, &Session::openFailed, this,
            [this] { pages_->showPage(QStringLiteral("start")); });
    connect(&session_.jobs(), &JobRunner::jobsChanged, this, &MainWindow::updateJobActions);
}

void MainWindow::makeRemainingPages() {
    if (pages_->complete()) return;
    pages_->makeOne();
    QTimer::singleShot(0, this, &MainWindow::makeRemainingPages);
}

void MainWindow::openCheckpoint(const QString& checkpoint) {
    if (!checkpoint.isEmpty()) session_.open(checkpoint);
}

void MainWindow::reopenLast() {
    const QString last = lastThatOpens();
    if (last.isEmpty()) return;
    followOpen_ = false;
    session_.open(last);
}

void MainWindow::keepRecipe() {
    memory_->keepRecipe();
}

void MainWindow::keepNothing() {
    memory_->stop();
    disconnect(keepsPage_);
}

void MainWindow::openAsked(const QString& checkpoint) {
    pages_->showPage(QStringLiteral("start"));
    openCheckpoint(checkpoint);
}

void MainWindow::chooseFile() {
    const QStringList recent = settings::recentCheckpoints();
    const QString folder = recent.isEmpty() || !QFileInfo::exists(recent.first())
                               ? QDir::homePath()
                               : QFileInfo(recent.first()).path();
    openCheckpoint(QFileDialog::getOpenFileName(
        this, tr("Open a model"), folder,
        tr("Models (*.gguf *.safetensors config.json);;All files (*)")));
}

void MainWindow::chooseStore() {
    const QString path = QFileDialog::getSaveFileName(
        this, tr("Choose the store of runs, or name a new one"),
        QString::fromStdString(session_.store().info().path.string()),
        tr("Stores (*.sqlite);;All files (*)"), nullptr, QFileDialog::DontConfirmOverwrite);
    if (!path.isEmpty() && confirmClose()) emit storeChosen(path);
}

void MainWindow::setScheme(int scheme) {
    const auto chosen = static_cast<Scheme>(scheme);
    settings::setScheme(chosen);
    Theme::instance().apply(chosen);
    for (int i = 0; i < 3; ++i) schemeActions_[i]->setChecked(i == scheme);
}

void MainWindow::updateJobActions() {
    measureAction_->setEnabled(!session_.checkpoint().isEmpty());
    cancelAction_->setEnabled(session_.jobs().running().has_value());
}

void MainWindow::restoreLayout() {
    if (!restoreGeometry(settings::bytes(geometryKey))) {
        const FirstPlace place = firstPlace(screen()->availableGeometry());
        setGeometry(place.normal);
        if (place.maximised) setWindowState(windowState() | Qt::WindowMaximized);
    }
    inner_->restoreState(settings::bytes(docksKey));
}

void MainWindow::resizeTo(const QSize& size) {
    sized_ = true;
    setWindowState(windowState() & ~(Qt::WindowMaximized | Qt::WindowFullScreen));
    resize(size);
}

// The frame is known only once the window is there, and a screen of the last time may be gone.
void MainWindow::showEvent(QShowEvent* event) {
    QMainWindow::showEvent(event);
    if (event->spontaneous()) return;
    setAttribute(Qt::WA_KeyboardFocusChange);  // a ring shows where the keyboard is from the start
    QTimer::singleShot(frameSettles, this, &MainWindow::fitScreen);
}

void MainWindow::fitScreen() {
    if (sized_ || (windowState() & (Qt::WindowMaximized | Qt::WindowFullScreen))) return;
    const QRect outer = frameGeometry(), fitted = fittedInto(outer, screen()->availableGeometry());
    if (fitted == outer) return;
    resize(size() - (outer.size() - fitted.size()));
    move(fitted.topLeft());
}

void MainWindow::rememberLayout() {
    fillWithTimeline(false);
    settings::setBytes(geometryKey, saveGeometry());
    settings::setBytes(docksKey, inner_->saveState());
}

void MainWindow::closeEvent(QCloseEvent* event) {
    if (!confirmClose()) {
        event->ignore();
        return;
    }
    rememberLayout();
    event->accept();
}

void MainWindow::resizeEvent(QResizeEvent* event) {
    QMainWindow::resizeEvent(event);
    rail_->setNarrow(width() < narrowBelow);
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    const QString file = DropOverlay::fileIn(event->mimeData());
    if (file.isEmpty()) return;
    event->acceptProposedAction();
    dropOverlay_->showFor(file);
}

void MainWindow::dragLeaveEvent(QDragLeaveEvent*) {
    dropOverlay_->hide();
}

void MainWindow::dropEvent(QDropEvent* event) {
    dropOverlay_->hide();
    event->acceptProposedAction();
    openCheckpoint(DropOverlay::fileIn(event->mimeData()));
}

}  // namespace hone::ui
