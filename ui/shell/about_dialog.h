// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

namespace hone::ui {

// What the program is, under which licences, and how every figure is defined.
class AboutDialog : public QDialog {
    Q_OBJECT
public:
    enum class Topic { program, metrics };
    explicit AboutDialog(Topic topic, QWidget* parent = nullptr);
};

}  // namespace hone::ui
