// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTimer>
#include <QWidget>

#include "ui/timeline/timeline_view.h"

class QLineEdit;
class QToolButton;

namespace hone::ui {

class Chip;
class TextLabel;

// Finds operations by name, operation, phase or layer, says how many, and goes from one to the next
// (Return, Shift+Return).
class SearchBar : public QWidget {
    Q_OBJECT
public:
    explicit SearchBar(TimelineView& view, QWidget* parent = nullptr);
    void setText(const QString& text);  // and searches at once
    QLineEdit* box() { return box_; }
    const TraceSearch& search() const { return search_; }
    // Only what is of this layer is found; nothing: of all. A chip says so, and where it was
    // chosen.
    void setLayer(std::optional<std::int32_t> layer, bool fromModel = false);
    void restart();  // the view has other data
    void next();
    void previous();

signals:
    void layerCleared();  // by the chip

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void run();
    void go(std::size_t match);
    void showPlace();
    TimelineView& view_;
    TraceSearch search_;
    QLineEdit* box_;
    Chip* layerChip_;
    std::optional<std::int32_t> layer_;
    TextLabel* place_;
    QToolButton *previous_, *next_;
    QTimer pause_;
};

}  // namespace hone::ui
