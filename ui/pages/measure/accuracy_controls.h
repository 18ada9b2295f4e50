// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>

#include "ui/models/session.h"

class QComboBox;
class QLayout;
class QSpinBox;

namespace hone::ui {

// What accuracy is measured on: the text, how its windows are cut and scored, how long they are and
// how many. What a choice makes meaningless is hidden: everything without a text, the stride where
// windows do not overlap.
class AccuracyControls : public QObject {
    Q_OBJECT
public:
    // Adds its controls to `row`, whose widget owns them.
    AccuracyControls(Session& session, QLayout* row, QObject* parent);

private:
    void addText(QLayout* row);
    void addWindows(QLayout* row);
    void show();
    void showText(const Workload& workload);
    void read();
    void chooseText(int index);
    Session& session_;
    QComboBox *text_, *protocol_;
    QSpinBox *context_, *stride_, *windows_;
    QWidget *protocolBox_, *contextBox_, *strideBox_, *windowsBox_;
};

}  // namespace hone::ui
