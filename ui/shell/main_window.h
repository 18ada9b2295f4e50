// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QMainWindow>

#include "ui/models/session.h"
#include "ui/shell/page_host.h"

class QAction;
class QDockWidget;
class QMenu;

namespace hone::ui {

class DropOverlay;
class JobStrip;
class LogPanel;
class ModelBar;
class Rail;
class SessionMemory;
class TimelinePanel;

// The window's frame: rail, model bar, the pages, the timeline's and the log's docks, and the job
// strip. It holds no state of its own beyond what it remembers between starts; that of the work is
// the session's.
class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    explicit MainWindow(Session& session, std::vector<PageEntry> entries = pageEntries(),
                        QWidget* parent = nullptr);
    ~MainWindow() override;

    PageHost& pages() { return *pages_; }
    Rail& rail() { return *rail_; }
    TimelinePanel& timeline() { return *timeline_; }
    void setTimelineShown(bool shown);
    void fillWithTimeline(bool fill);  // in place of the page, until another is chosen
    void openCheckpoint(const QString& checkpoint);
    void reopenLast();  // the model that was open last time, staying on the page of last time
    // As the command line asks: on Start, from where an opened model leads on; with the recipe that
    // the session has.
    void openAsked(const QString& checkpoint);
    void keepRecipe();
    void keepNothing();  // of this session for the next: it is not the user who changes it
    void resizeTo(const QSize& size);  // whatever the window was last, and whatever the screen is

signals:
    void storeChosen(const QString& path);

public slots:
    void chooseFile();  // the Open… dialog

protected:
    void closeEvent(QCloseEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dragLeaveEvent(QDragLeaveEvent* event) override;
    void dropEvent(QDropEvent* event) override;

private:
    void buildFrame();
    void buildLogDock();  // main_window_docks.cpp
    void buildTimelineDock();
    void showTrace(qint64 run);
    void connectSession();
    void buildMenus();  // main_window_menus.cpp
    void buildFileMenu();
    void buildEditMenu();
    void buildViewMenu();
    void buildJobMenu();
    void buildHelpMenu();
    void fillRecentMenu();
    void fillSyntheticMenu();
    void updateJobActions();
    void chooseStore();
    void setScheme(int scheme);
    void makeRemainingPages();
    void restoreLayout();
    void rememberLayout();
    void fitScreen();
    bool escape();
    bool closeBanner();
    bool confirmClose();

    Session& session_;
    Rail* rail_;
    ModelBar* modelBar_;
    QMainWindow* inner_;  // holds the pages and the docks, between model bar and job strip
    PageHost* pages_;
    JobStrip* strip_;
    QDockWidget* logDock_;
    LogPanel* log_;
    QDockWidget* timelineDock_;
    TimelinePanel* timeline_;
    int timelineHeight_ = 0;  // as it was before it filled the window; 0: it does not
    DropOverlay* dropOverlay_;
    SessionMemory* memory_;
    QMetaObject::Connection keepsPage_;
    bool followOpen_ = true, sized_ = false;
    QMenu* recentMenu_ = nullptr;
    QMenu* syntheticMenu_ = nullptr;
    QAction* measureAction_ = nullptr;
    QAction* cancelAction_ = nullptr;
    QAction* schemeActions_[3] = {};
};

}  // namespace hone::ui
