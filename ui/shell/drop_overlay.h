// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QMimeData;

namespace hone::ui {

// Shown over the window while a file is dragged across it.
class DropOverlay : public QWidget {
    Q_OBJECT
public:
    explicit DropOverlay(QWidget* parent);
    // The file a drag carries; empty where it carries none or several.
    static QString fileIn(const QMimeData* data);
    void showFor(const QString& file);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QString text_;
};

}  // namespace hone::ui
