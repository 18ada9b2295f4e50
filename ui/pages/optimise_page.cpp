// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/optimise_page.h"

#include <QVBoxLayout>
#include <algorithm>
#include <utility>

#include "profiler/report/comparison.h"
#include "profiler/statistics/metrics.h"
#include "ui/charts/chart_card.h"
#include "ui/charts/line_chart.h"
#include "ui/charts/stacked_bars_chart.h"
#include "ui/models/engaged_text.h"
#include "ui/models/metric_text.h"
#include "ui/models/run_estimate.h"
#include "ui/models/run_samples.h"
#include "ui/pages/optimise/ledger_card.h"
#include "ui/pages/optimise/playground_card.h"
#include "ui/pages/optimise/recipe_card.h"
#include "ui/pages/optimise/technique_list.h"
#include "ui/pages/run_lines.h"
#include "ui/theme/plain_text.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/buttons.h"

namespace hone::ui {

namespace {

constexpr int changePause = 150;  // ms: a held arrow key asks the worker once
constexpr int techniquesWidth = 370, chartHeight = 150;

}  // namespace

Page* makeOptimisePage(Session& session) {
    return new OptimisePage(session);
}

OptimisePage::OptimisePage(Session& session, QWidget* parent)
    : Page(session, parent),
      techniques_(new TechniqueList(session)),
      banner_(new Banner),
      ledger_(new LedgerCard(session)),
      playground_(new PlaygroundCard(session)),
      notesCard_(new Card),
      notes_(new TextLabel),
      tokenTimes_(new LineChart(tr("Time per token along the generation"),
                                {tr("token"), tr("ms"), tr("ms"), true})),
      memory_(new StackedBarsChart(tr("Peak memory by class"), tr("bytes"), formatBytes)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(spacing::group);
    layout->addWidget(banner_);
    auto* columns = new QHBoxLayout;
    columns->setSpacing(spacing::group);
    techniques_->setFixedWidth(techniquesWidth);
    columns->addWidget(techniques_, 0);
    columns->addWidget(makeResults(), 1);
    layout->addLayout(columns, 1);
    pause_.setSingleShot(true);
    pause_.setInterval(changePause);
    connect(&pause_, &QTimer::timeout, this, &OptimisePage::ask);
    connect(ledger_, &LedgerCard::measureRequested, this, &OptimisePage::measure);
    connect(techniques_, &TechniqueList::refused, this,
            [this](const ErrorDetails& error) { banner_->showError(error); });
    followSession();
    showState();
}

// The playground is a panel in the place of the ledger: the techniques stay at hand beside it.
QWidget* OptimisePage::makeResults() {
    auto* side = new QWidget;
    auto* column = new QVBoxLayout(side);
    column->setContentsMargins(0, 0, 0, 0);
    results_ = makeLedger();
    column->addWidget(results_);
    column->addWidget(playground_, 1);
    column->addStretch();
    playground_->hide();
    connect(playground_, &PlaygroundCard::closed, this, [this] { setPlaygroundOpen(false); });
    return side;
}

void OptimisePage::setPlaygroundOpen(bool open) {
    playground_->setVisible(open);
    results_->setVisible(!open);
    if (open) playground_->focusPrompt();
    if (tryButton_ == nullptr) return;
    tryButton_->setChecked(open);
    if (!open) tryButton_->setFocus(Qt::OtherFocusReason);
}

QWidget* OptimisePage::makeLedger() {
    auto* results = new QWidget;
    auto* column = new QVBoxLayout(results);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    column->addWidget(ledger_);
    notes_->setWordWrap(true);
    notes_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    notesCard_->body()->addWidget(notes_);
    notesCard_->hide();
    column->addWidget(notesCard_);
    auto* charts = new QHBoxLayout;
    charts->setSpacing(12);
    tokenTimes_->setEmptyText(tr("Measure to see each token's time."));
    memory_->setEmptyText(tr("Open a model to see its memory predicted, and measure to see it."));
    for (Chart* chart : {static_cast<Chart*>(tokenTimes_), static_cast<Chart*>(memory_)}) {
        chart->setFixedHeight(chartHeight);
        charts->addWidget(new ChartCard(chart->accessibleName(), chart), 1);
    }
    column->addLayout(charts);
    column->addWidget(new RecipeCard(session()));
    column->addStretch(1);
    return results;
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

void OptimisePage::askPrediction() {
    const auto show = [this](const std::optional<messages::PredictReply>& prediction) {
        prediction_ = prediction;
        ledger_->model().setPrediction(prediction_);
        if (prediction_ && !prediction_->times) calibrate();
        showCharts();
        showNotes();
    };
    if (session().checkpoint().isEmpty()) return show({});
    session().jobs().ask(
        QStringLiteral("predict"), this, messages::Predict{session().experiment()},
        [this, show](const messages::PredictReply& prediction) {
            if (prediction.refusal)
                banner_->showError(*prediction.refusal);
            else if (!prediction.fits)
                banner_->show(
                    Banner::Kind::warning, tr("This does not fit in the memory that is free."),
                    tr("It needs %1 and %2 are free. Fewer sequences, a shorter prompt or smaller "
                       "weights help.")
                        .arg(formatBytes(static_cast<double>(prediction.peak_memory())),
                             formatBytes(static_cast<double>(prediction.available))));
            show(prediction);
        },
        [this, show](const ErrorDetails& error) {
            banner_->showError(error);
            show({});
        });
}

// Times cannot be predicted before this machine's kernels were timed. Not beside a job, whose
// figures it would spoil: a job that measures does it first.
void OptimisePage::calibrate() {
    if (calibrated_ || session().jobs().running()) return;
    calibrated_ = true;
    ledger_->model().setCalibrating(true);
    session().jobs().ask(
        QStringLiteral("calibrate"), this, messages::Calibrate{.target = session().target()},
        [this](const messages::CalibrateReply&) {
            ledger_->model().setCalibrating(false);
            askPrediction();
        },
        [this](const ErrorDetails& error) {
            ledger_->model().setCalibrating(false);
            emit session().jobs().logged(QString::fromStdString(error.message));
        });
}

void OptimisePage::showRuns() {
    read_ = true;
    try {
        const auto runs = session().store().list();
        const Experiment experiment = session().experiment();
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
    showCharts();
    showNotes();
    showState();
}

void OptimisePage::showCharts() {
    const auto& baseline = ledger_->model().baseline();
    const auto& candidate = ledger_->model().candidate();
    std::vector<LineSeries> lines;
    QStringList bars;
    std::vector<std::map<std::string, std::int64_t>> memory;
    const auto add = [&](const std::optional<profiler::RunRecord>& run, const QString& name,
                         ChartColor color) {
        if (!run) return;
        const TokenTimes times = tokenTimes(session().store().samples(run->id));
        const auto mean =
            metricOf(*run, std::string(profiler::metric_for(profiler::Role::token_time).id));
        const QString label =
            mean ? QStringLiteral("%1 %2").arg(name, formatNumber(mean->value * 1e3)) : name;
        if (!times.empty()) lines.push_back(tokenTimeSeries(label, color, times));
        bars.append(name);
        memory.push_back(run->memory);
    };
    try {
        add(baseline, tr("baseline"), ChartColor::baseline());
        add(candidate, tr("recipe"), ChartColor::candidate());
    } catch (const profiler::StoreError& error) {
        banner_->showError(error, tr("The store could not be read."));
    }
    // Until it is measured, the recipe's bar is the prediction, and says so.
    const bool measured =
        session().recipe().steps.empty() ? baseline.has_value() : candidate.has_value();
    if (!measured && prediction_) {
        bars.append(tr("predicted"));
        memory.push_back(prediction_->memory);
    }
    tokenTimes_->setSeries(std::move(lines));
    memory_->setData(bars, memoryParts(memory));
}

// What shows that a technique acted; one that did not is among the run's notes.
QStringList OptimisePage::engagedLines(std::int64_t run) {
    QStringList lines;
    try {
        const auto stored = session().store().load(run);
        if (!stored || !stored->engaged.is_object()) return lines;
        for (const auto& [id, evidence] : stored->engaged.items()) {
            if (!evidence.is_object() || evidence.value("engaged", nlohmann::json()) != true)
                continue;
            lines.append(tr("%1 engaged · %2")
                             .arg(techniqueTitle(id, session().registry()),
                                  countedText(id, evidence, session().registry())));
        }
    } catch (const profiler::StoreError&) {  // showCharts() has said so
    }
    return lines;
}

void OptimisePage::showNotes() {
    QStringList lines;
    if (const auto& candidate = ledger_->model().candidate()) {
        notesCard_->setTitle(tr("What the run says"));
        lines = engagedLines(candidate->id);
        for (const std::string& note : candidate->notes_from_run)
            lines.append(QString::fromStdString(note));
    } else if (prediction_) {
        notesCard_->setTitle(tr("What the recipe will do"));
        for (const std::string& note : prediction_->notes)
            lines.append(QString::fromStdString(note));
    }
    for (QString& line : lines) line.prepend(QStringLiteral("• "));
    notes_->setText(lines.join(QLatin1Char('\n')));
    notesCard_->setVisible(!lines.isEmpty());
}

void OptimisePage::showState() {
    const auto running = session().jobs().running();
    ledger_->showState(running && running->kind == JobKind::measure, seconds_);
}

void OptimisePage::measure() {
    session().measure();
}

}  // namespace hone::ui
