// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/question.h"

#include <QCoreApplication>
#include <QLabel>
#include <QMessageBox>
#include <QPushButton>

#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

constexpr int iconSize = 28;

}  // namespace

void showAsPlainText(QMessageBox& box) {
    for (QLabel* label : box.findChildren<QLabel*>()) label->setTextFormat(Qt::PlainText);
}

bool ask(QWidget* parent, const Question& question) {
    QMessageBox box(QMessageBox::NoIcon, question.title, question.text, QMessageBox::NoButton,
                    parent);
    const Theme& theme = Theme::instance();
    box.setIconPixmap(theme.pixmap(QStringLiteral("warning"), iconSize, theme.palette().warning,
                                   box.devicePixelRatioF()));
    box.setInformativeText(question.explanation);
    showAsPlainText(box);
    QPushButton* stay = box.addButton(question.stay, QMessageBox::RejectRole);
    QPushButton* go = box.addButton(question.go, QMessageBox::AcceptRole);
    for (QPushButton* button : {stay, go}) button->setAccessibleName(button->text());
    box.setDefaultButton(stay);
    box.setEscapeButton(stay);
    box.exec();
    return box.clickedButton() == go;
}

bool askToCancel(QWidget* parent, const QString& job) {
    const auto word = [](const char* text) {
        return QCoreApplication::translate("Question", text);
    };
    return ask(parent, {word("Cancel the job?"), word("%1 has not finished.").arg(job),
                        word("What it measured so far is kept in the store."),
                        word("Keep it running"), word("Cancel the job")});
}

}  // namespace hone::ui
