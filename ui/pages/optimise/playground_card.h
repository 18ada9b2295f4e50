// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/playground.h"
#include "ui/widgets/card.h"

class QCheckBox;
class QDoubleSpinBox;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;
class QStackedWidget;

namespace hone::ui {

class AnswerView;
class EmptyState;
class PickValueBanner;

// One prompt, two answers: the baseline's and the recipe's, side by side.
class PlaygroundCard : public Card {
    Q_OBJECT
public:
    explicit PlaygroundCard(Session& session, QWidget* parent = nullptr);

    void ask();
    void focusPrompt();
    const Playground& playground() const { return *playground_; }

signals:
    void closed();

protected:
    void showEvent(QShowEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void fitViewport();
    QWidget* makeControls();
    QWidget* makeAnswers();
    template <typename Number>
    Number* addNumber(QLayout* row, const QString& label, const QString& help, Number* box);
    void showModel();
    void showAnswers();
    QString verdict() const;
    Playground::Settings settings() const;

    Session& session_;
    QWidget* viewport_ = nullptr;  // of the scroll area that it is in
    Playground* playground_;
    PickValueBanner* pick_;
    QPlainTextEdit* prompt_;
    QPushButton* ask_;
    QPushButton* cancel_;
    QDoubleSpinBox* temperature_;
    QSpinBox* seed_;
    QSpinBox* most_;
    QCheckBox* chat_;
    QStackedWidget* stack_;
    EmptyState* empty_;
    AnswerView* baseline_;
    AnswerView* candidate_;
    TextLabel* alone_;  // in the candidate's place while the recipe is empty
    TextLabel* verdict_;
};

}  // namespace hone::ui
