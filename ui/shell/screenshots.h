// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>
#include <functional>
#include <vector>

namespace hone::ui {

class MainWindow;

// Saves every page as PAGE-light.png and PAGE-dark.png in a folder, and the timeline where a stored run has a trace, and then emits
// finished(): for the documents, and to look at the window without a display.
class Screenshots : public QObject {
    Q_OBJECT
public:
    Screenshots(MainWindow& window, QString folder, QObject* parent = nullptr);
    void start();

signals:
    void finished();

private:
    struct Shot {
        QString name;
        std::function<void()> prepare;
    };
    void begin();
    void addPages();
    void addTimeline();
    void next();
    MainWindow& window_;
    QString folder_;
    std::vector<Shot> shots_;
    std::size_t next_ = 0;
};

}  // namespace hone::ui
