// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

class QToolButton;

namespace hone::ui {

class RunsTable;
class TextLabel;

// Where the rows of a table would be that shows none: why, and what shows them again.
class NoMatch : public QWidget {
    Q_OBJECT
public:
    explicit NoMatch(RunsTable& table);
    // Below so many rows that are there whatever is filtered.
    void tell(int rows, const QString& text, const QString& action);

signals:
    void triggered();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void place();
    RunsTable& table_;
    TextLabel* text_;
    QToolButton* action_;
    int rows_ = 0;
};

}  // namespace hone::ui
