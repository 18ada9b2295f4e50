// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QScrollArea;
class QVBoxLayout;

namespace hone::ui {

// The right half of Optimise: what it leads with stays in sight while the rest scrolls below it.
// Where the window is too low for both, all of it scrolls.
class ResultsColumn : public QWidget {
    Q_OBJECT
public:
    // `instead` is a panel that is shown in the place of both while it is open.
    ResultsColumn(QWidget* leading, QWidget* rest, QWidget* instead, QWidget* parent = nullptr);
    void setInsteadShown(bool shown);
    void bringIntoSight();  // what it leads with
    // It scrolls in whatever height there is: the page must not grow to show all of it.
    bool hasHeightForWidth() const override { return false; }

protected:
    bool event(QEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;

private:
    void place();
    QWidget *leading_, *rest_, *instead_;
    QVBoxLayout *column_, *scrolled_;
    QScrollArea* scroll_;
};

}  // namespace hone::ui
