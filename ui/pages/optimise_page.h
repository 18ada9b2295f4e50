// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>
#include <QTimer>
#include <optional>

#include "engine/experiment/protocol/messages/plans.h"
#include "ui/pages/page.h"

class QPushButton;

namespace hone::ui {

class Banner;
class Card;
class LedgerCard;
class LineChart;
class PlaygroundCard;
class StackedBarsChart;
class TechniqueList;
class TextLabel;

// Techniques on the left, what they do on the right.
class OptimisePage : public Page {
    Q_OBJECT
public:
    explicit OptimisePage(Session& session, QWidget* parent = nullptr);

    QList<QWidget*> headerWidgets() override;
    void shown() override;

private:
    QWidget* makeResults();
    QWidget* makeLedger();
    void setPlaygroundOpen(bool open);
    void followSession();
    void followRecipe();
    void experimentChanged();
    void ask();
    void askSupport();
    void askPrediction();
    void showRuns();
    void showCharts();
    void showNotes();
    void calibrate();
    QStringList engagedLines(std::int64_t run);
    void showState();
    void measure();

    TechniqueList* techniques_;
    Banner* banner_;
    LedgerCard* ledger_;
    PlaygroundCard* playground_;
    QWidget* results_ = nullptr;  // what the playground takes the place of
    QPushButton* tryButton_ = nullptr;
    Card* notesCard_;
    TextLabel* notes_;
    LineChart* tokenTimes_;
    StackedBarsChart* memory_;
    QTimer pause_;
    bool calibrated_ = false;  // or tried to
    std::optional<messages::PredictReply> prediction_;
    double seconds_ = 0;
    int raisedFrom_ = 0;  // the workload's sequences before a recipe raised them; 0: none did
    bool asked_ = false, read_ = false;
};

}  // namespace hone::ui
