// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>
#include <vector>

#include "ui/models/playground.h"
#include "ui/widgets/text_label.h"

class QTextEdit;

namespace hone::ui {

class ElidedLabel;

// One answer as it streams: who answers, the text with differing tokens underlined, and how fast it
// came.
class AnswerView : public QWidget {
    Q_OBJECT
public:
    AnswerView(const QString& accessibleName, Tone tone, QWidget* parent = nullptr);

    // `differs` is empty or says of each token whether it has no counterpart in the other answer.
    void show(const Playground::Answer& answer, const std::vector<bool>& differs);
    QString text() const;
    QStringList underlined() const;  // runs of underlined text
    QString figures() const;

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void showText(const Playground::Answer& answer, const std::vector<bool>& differs);
    void showFigures(const Playground::Answer& answer);
    Tone tone_;
    ElidedLabel* title_;
    QTextEdit* text_;
    TextLabel* rate_;
    TextLabel* detail_;
};

}  // namespace hone::ui
