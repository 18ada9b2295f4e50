// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>

namespace hone::ui {

class MainWindow;

// Saves every page as PAGE-light.png and PAGE-dark.png in a folder and then emits finished(): for the documents, and to
// look at the window without a display.
class Screenshots : public QObject {
    Q_OBJECT
public:
    Screenshots(MainWindow& window, QString folder, QObject* parent = nullptr);
    void start();

signals:
    void finished();

private:
    void next();
    MainWindow& window_;
    QString folder_;
    std::size_t shot_ = 0;
};

}  // namespace hone::ui
