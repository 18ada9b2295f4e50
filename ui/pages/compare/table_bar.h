// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>
#include <functional>

#include "ui/models/run_views.h"
#include "ui/models/runs_proxy.h"

class QCheckBox;
class QComboBox;
class QMenu;
class QPushButton;
class QToolButton;

namespace hone::ui {

class ElidedLabel;

// Above the table of runs: how many there are, are shown and are compared; ticked runs alone, or
// none; groups; and views that were given a name.
class TableBar : public QWidget {
    Q_OBJECT
public:
    // `current`: how the table is looked at now.
    TableBar(RunsModel& model, RunsProxy& proxy, std::function<RunView()> current,
             QWidget* parent = nullptr);

    void fillViewsMenu(QMenu& menu);
    QString counts() const;

signals:
    void viewChosen(const hone::ui::RunView& view);

private:
    void follow();
    void addNameField(QMenu& menu);
    RunsModel& model_;
    RunsProxy& proxy_;
    std::function<RunView()> current_;
    ElidedLabel* counts_;
    QCheckBox* tickedOnly_;
    QToolButton* clear_;
    QComboBox* groups_;
    QPushButton* views_;
};

}  // namespace hone::ui
