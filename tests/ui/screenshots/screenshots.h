// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>
#include <functional>
#include <vector>

namespace hone::ui {

class MainWindow;
class Session;

// Saves every page as PAGE-light.png and PAGE-dark.png in a folder, the playground with answers
// where a model is open, and the timeline where a stored run has a trace, and then emits
// finished().
class Screenshots : public QObject {
    Q_OBJECT
public:
    Screenshots(MainWindow& window, Session& session, QString folder, QObject* parent = nullptr);
    void start();

signals:
    void finished();

private:
    struct Shot {
        QString name;
        std::function<void()> prepare;
        std::function<bool()> ready = {};  // nothing: at once
    };
    void begin();
    void takeNewestWorkload();
    void addPages();
    void addPlayground();
    void addCompare();
    void tickRuns();
    void addTimeline();
    void next();
    void waitFor(const Shot& shot, int waited);
    void take(const QString& name);
    MainWindow& window_;
    Session& session_;
    QString folder_;
    std::vector<Shot> shots_;
    std::size_t next_ = 0;
};

}  // namespace hone::ui
