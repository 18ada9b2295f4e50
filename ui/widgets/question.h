// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

class QMessageBox;
class QWidget;

namespace hone::ui {

struct Question {
    QString title, text, explanation;
    QString stay, go;  // the two answers; `stay` is that of Return and Esc
};

// Shows its texts as they are: Qt would take those of a message box for markup where they look like
// it.
void showAsPlainText(QMessageBox& box);

// Asks before something that cannot be taken back; true for `go`.
bool ask(QWidget* parent, const Question& question);

// Asks whether the job of this title shall be cancelled.
bool askToCancel(QWidget* parent, const QString& job);

}  // namespace hone::ui
