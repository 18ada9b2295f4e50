// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTimer>

#include "ui/pages/page.h"

class QPushButton;

namespace hone::ui {

class Banner;
class LedgerCard;
class NotesCard;
class PlaygroundCard;
class RecipePrediction;
class ResultsColumn;
class RunCharts;
class TechniqueList;
class WhatIfCard;

// Techniques on the left, what they do on the right; each scrolls by itself.
class OptimisePage : public Page {
    Q_OBJECT
public:
    explicit OptimisePage(Session& session, QWidget* parent = nullptr);

    QList<QWidget*> headerWidgets() override;
    void shown() override;

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    QWidget* makeLeading();
    QWidget* makeRest();
    void setPlaygroundOpen(bool open);
    void followSession();
    void followRecipe();
    void experimentChanged();
    void ask();
    void askSupport();
    void askPrediction();
    void showPrediction();
    void showRuns();
    void showEvidence();
    void showState();
    void measure();
    Experiment looked();  // the experiment, with the workload that is looked at

    TechniqueList* techniques_;
    Banner* banner_;
    LedgerCard* ledger_;
    WhatIfCard* whatIf_;
    PlaygroundCard* playground_;
    NotesCard* notes_;
    RunCharts* charts_;
    RecipePrediction* prediction_;
    ResultsColumn* results_ = nullptr;
    QPushButton* tryButton_ = nullptr;
    QTimer pause_;
    double seconds_ = 0;
    int raisedFrom_ = 0;  // the workload's sequences before a recipe raised them; 0: none did
    bool asked_ = false, read_ = false, measuring_ = false;
};

}  // namespace hone::ui
