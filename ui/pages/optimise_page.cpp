// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/optimise_page.h"

#include <QHBoxLayout>
#include <QShortcut>
#include <algorithm>
#include <utility>

#include "profiler/report/comparison.h"
#include "ui/models/recipe_prediction.h"
#include "ui/models/run_estimate.h"
#include "ui/models/run_samples.h"
#include "ui/pages/optimise/ledger_card.h"
#include "ui/pages/optimise/notes_card.h"
#include "ui/pages/optimise/playground_card.h"
#include "ui/pages/optimise/recipe_card.h"
#include "ui/pages/optimise/results_column.h"
#include "ui/pages/optimise/run_charts.h"
#include "ui/pages/optimise/technique_list.h"
#include "ui/pages/optimise/what_if_card.h"
#include "ui/theme/plain_text.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/buttons.h"

namespace hone::ui {

namespace {

constexpr int changePause = 150;  // ms: a held arrow key asks the worker once
// Pixels. Wider than its greatest width a form's words are far from its fields.
constexpr int leastTechniques = 290, mostTechniques = 430, mostResults = 1240;
constexpr double techniquesShare = 0.36;

}  // namespace

Page* makeOptimisePage(Session& session) {
    return new OptimisePage(session);
}

OptimisePage::OptimisePage(Session& session, QWidget* parent)
    : Page(session, parent),
      techniques_(new TechniqueList(session)),
      banner_(new Banner),
      ledger_(new LedgerCard(session)),
      whatIf_(new WhatIfCard(session)),
      playground_(new PlaygroundCard(session)),
      notes_(new NotesCard(session)),
      charts_(new RunCharts(session)),
      prediction_(new RecipePrediction(session, this)) {
    auto* columns = new QHBoxLayout(this);
    columns->setContentsMargins(0, 0, 0, 0);
    columns->setSpacing(spacing::group);
    columns->addWidget(techniques_);
    results_ = new ResultsColumn(makeLeading(), makeRest(), playground_);
    results_->setMaximumWidth(mostResults);
    columns->addWidget(results_, 1);
    columns->addStretch();
    pause_.setSingleShot(true);
    pause_.setInterval(changePause);
    connect(&pause_, &QTimer::timeout, this, &OptimisePage::ask);
    connect(ledger_, &LedgerCard::measureRequested, this, &OptimisePage::measure);
    connect(techniques_, &TechniqueList::refused, this,
            [this](const ErrorDetails& error) { banner_->showError(error); });
    connect(techniques_, &TechniqueList::changed, results_, &ResultsColumn::bringIntoSight);
    connect(playground_, &PlaygroundCard::closed, this, [this] { setPlaygroundOpen(false); });
    auto* find = new QShortcut(QKeySequence::Find, this);
    connect(find, &QShortcut::activated, techniques_, &TechniqueList::focusSearch);
    followSession();
    showState();
}

void OptimisePage::resizeEvent(QResizeEvent* event) {
    const int wanted = static_cast<int>(contentsRect().width() * techniquesShare);
    techniques_->setFixedWidth(std::clamp(wanted, leastTechniques, mostTechniques));
    Page::resizeEvent(event);
}

// What happens to a recipe stays beside the techniques that make it.
QWidget* OptimisePage::makeLeading() {
    auto* leading = new QWidget;
    auto* column = new QVBoxLayout(leading);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    column->addWidget(banner_);
    column->addWidget(ledger_);
    return leading;
}

QWidget* OptimisePage::makeRest() {
    auto* rest = new QWidget;
    auto* column = new QVBoxLayout(rest);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    for (QWidget* part : {static_cast<QWidget*>(whatIf_), static_cast<QWidget*>(notes_),
                          static_cast<QWidget*>(charts_)})
        column->addWidget(part);
    column->addWidget(new RecipeCard(session()));
    return rest;
}

// The playground is a panel in the place of the ledger: the techniques stay at hand beside it.
void OptimisePage::setPlaygroundOpen(bool open) {
    results_->setInsteadShown(open);
    if (open) playground_->focusPrompt();
    if (tryButton_ == nullptr) return;
    tryButton_->setChecked(open);
    if (!open) tryButton_->setFocus(Qt::OtherFocusReason);
}

QList<QWidget*> OptimisePage::headerWidgets() {
    QUndoStack& stack = session().undoStack();
    QPushButton* undo = plainButton(tr("Undo"));
    const auto follow = [&stack, undo] {
        undo->setEnabled(stack.canUndo());
        undo->setToolTip(plainTip(tr("Undo %1  Ctrl+Z").arg(stack.undoText())));
    };
    connect(&stack, &QUndoStack::indexChanged, undo, follow);
    connect(undo, &QPushButton::clicked, &stack, &QUndoStack::undo);
    follow();
    tryButton_ = plainButton(tr("Try it"));
    tryButton_->setCheckable(true);
    tryButton_->setToolTip(tr("Ask the baseline and the recipe the same, and read both answers"));
    connect(tryButton_, &QPushButton::clicked, this, &OptimisePage::setPlaygroundOpen);
    QPushButton* exporting = plainButton(tr("Export…"));
    connect(exporting, &QPushButton::clicked, this,
            [this] { session().requestPage(QStringLiteral("export")); });
    QPushButton* measuring = primaryButton(tr("Measure  Ctrl+R"));
    measuring->setAccessibleName(tr("Measure"));
    connect(measuring, &QPushButton::clicked, this, &OptimisePage::measure);
    const auto followModel = [this, measuring, exporting] {
        const std::uint64_t count = session().candidates();
        measuring->setText(count > 1 ? tr("Measure %1 candidates  Ctrl+R").arg(count)
                                     : tr("Measure  Ctrl+R"));
        measuring->setEnabled(!session().checkpoint().isEmpty());
        exporting->setEnabled(measuring->isEnabled());
    };
    connect(&session(), &Session::modelChanged, measuring, followModel);
    connect(&session(), &Session::recipeChanged, measuring, followModel);
    followModel();
    return {undo, tryButton_, exporting, measuring};
}

void OptimisePage::followSession() {
    for (const auto signal :
         {&Session::modelChanged, &Session::workloadChanged, &Session::targetChanged})
        connect(&session(), signal, this, &OptimisePage::experimentChanged);
    connect(&session(), &Session::recipeChanged, this, [this] {
        experimentChanged();
        followRecipe();
    });
    connect(&session(), &Session::runsChanged, this, [this] {
        read_ = false;
        if (isVisible()) pause_.start();
    });
    connect(&session().jobs(), &JobRunner::jobsChanged, this, &OptimisePage::showState);
    connect(whatIf_, &WhatIfCard::changed, this, [this] {
        read_ = false;
        banner_->clear();
        askPrediction();  // at once: it waits for none but its own answers
        pause_.start();   // the store is looked into once the slider rests
    });
    connect(prediction_, &RecipePrediction::changed, this, &OptimisePage::showPrediction);
    connect(prediction_, &RecipePrediction::failed, this,
            [this](const ErrorDetails& error) { banner_->showError(error); });
}

// Batches show nothing on fewer sequences than they hold: the workload follows, there and back.
void OptimisePage::followRecipe() {
    int wanted = 1;
    for (const Recipe& recipe :
         Sweep{session().recipe(), session().swept()}.recipes(session().registry()))
        wanted = std::max(wanted, sequences_wanted(recipe, session().registry()));
    Workload workload = session().workload();
    if (wanted > workload.concurrency) {
        if (raisedFrom_ == 0) raisedFrom_ = workload.concurrency;
        workload.concurrency = wanted;
        session().setWorkload(workload);
        banner_->show(Banner::Kind::note,
                      tr("The workload now runs %1 sequences together.").arg(wanted),
                      tr("The recipe shows nothing on fewer. Measure has the number."));
    } else if (wanted == 1 && raisedFrom_ > 0) {
        workload.concurrency = std::exchange(raisedFrom_, 0);
        session().setWorkload(workload);
    }
}

void OptimisePage::experimentChanged() {
    asked_ = read_ = false;
    banner_->clear();
    if (isVisible()) pause_.start();
}

void OptimisePage::shown() {
    ask();
}

void OptimisePage::ask() {
    if (!asked_) {
        asked_ = true;
        askSupport();
        askPrediction();
    }
    if (!read_) showRuns();
}

void OptimisePage::askSupport() {
    if (session().checkpoint().isEmpty()) return techniques_->setSupport({});
    Experiment experiment = session().experiment();
    // Switching a technique on brings the sequences it needs, so it is asked about as if it were
    // on.
    for (const Descriptor& descriptor : session().registry().descriptors())
        experiment.workload.concurrency =
            std::max(experiment.workload.concurrency,
                     sequences_wanted({{{std::string(descriptor.id), default_options(descriptor)}}},
                                      session().registry()));
    session().jobs().ask(
        QStringLiteral("supports"), this,
        messages::Supports{.checkpoint = experiment.checkpoint,
                           .recipe = experiment.recipe,
                           .target = experiment.target,
                           .workload = experiment.workload},
        [this](const messages::SupportsReply& answer) {
            techniques_->setSupport(answer.techniques);
        },
        [this](const ErrorDetails&) { techniques_->setSupport({}); });
}

Experiment OptimisePage::looked() {
    Experiment experiment = session().experiment();
    experiment.workload = whatIf_->workload();
    return experiment;
}

void OptimisePage::askPrediction() {
    if (session().checkpoint().isEmpty()) return prediction_->clear();
    prediction_->ask(looked());
}

void OptimisePage::showPrediction() {
    const auto& prediction = prediction_->recipe();
    ledger_->model().setPrediction(prediction, prediction_->baseline());
    ledger_->model().setCalibrating(prediction_->calibrating());
    whatIf_->showFit(prediction);
    // As Measure would say it. A look ahead has the sliders' own line for it, which moves nothing.
    if (prediction && prediction->refusal && !whatIf_->differs())
        banner_->showError(*prediction->refusal);
    else if (prediction && prediction->shortage && !whatIf_->differs())
        banner_->showError(*prediction->shortage);
    showEvidence();
}

void OptimisePage::showRuns() {
    read_ = true;
    try {
        const auto runs = session().store().list();
        const Experiment experiment = looked();
        StoredPair pair = newestPair(runs, experiment.checkpoint, to_json(experiment.recipe),
                                     to_json(experiment.workload), to_json(experiment.target),
                                     session().environment());
        std::optional<profiler::Comparison> comparison;
        if (pair.baseline && pair.candidate)
            comparison = profiler::compare(session().store(), *pair.baseline, *pair.candidate);
        if (pair.candidate)
            pair.candidate = session().store().load(pair.candidate->id);  // with its evidence
        seconds_ = estimateSeconds(runs, experiment, session().model(), session().candidates());
        ledger_->model().setRuns(std::move(pair.baseline), std::move(pair.candidate),
                                 std::move(comparison));
    } catch (const std::exception& error) {
        banner_->showError(error, tr("The store could not be read."));
    }
    showEvidence();
    showState();
}

// Charts and notes.
void OptimisePage::showEvidence() {
    const LedgerModel& ledger = ledger_->model();
    try {
        charts_->show(ledger.baseline(), ledger.candidate(), prediction_->baseline(),
                      prediction_->recipe());
        notes_->show(ledger.candidate(), prediction_->recipe());
    } catch (const profiler::StoreError& error) {
        banner_->showError(error, tr("The store could not be read."));
    }
}

void OptimisePage::showState() {
    const auto running = session().jobs().running();
    const bool measuring = running && running->kind == JobKind::measure;
    // What is being measured is what one wants to see.
    if (measuring && !std::exchange(measuring_, measuring)) whatIf_->reset();
    measuring_ = measuring;
    ledger_->showState(measuring, seconds_, whatIf_->differs());
}

void OptimisePage::measure() {
    session().measure();
}

}  // namespace hone::ui
