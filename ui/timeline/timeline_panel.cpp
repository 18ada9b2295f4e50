// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/timeline/timeline_panel.h"

#include <QComboBox>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QLocale>
#include <QMenu>
#include <QPainter>
#include <QScrollBar>
#include <algorithm>

#include "ui/forms/schema_text.h"
#include "ui/models/runs_model.h"
#include "ui/tables/figure_table.h"
#include "ui/theme/plain_text.h"
#include "ui/theme/theme.h"
#include "ui/timeline/trace_files.h"
#include "ui/timeline/trace_text.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/empty_state.h"

namespace hone::ui {

namespace {

constexpr int totalsDelay = 30, readingDelay = 150;  // ms
constexpr int scrollSteps = 1'000'000;

}  // namespace

void TimelinePanel::follow() {
    connect(view_, &TimelineView::selectionChanged, &totalsPause_, qOverload<>(&QTimer::start));
    connect(view_, &TimelineView::eventChanged, this, &TimelinePanel::showEvent);
    connect(view_, &TimelineView::shownChanged, this, &TimelinePanel::syncScrollBar);
    connect(view_, &QWidget::customContextMenuRequested, this, &TimelinePanel::showMenu);
    connect(figures_, &FiguresPane::searched, search_, &SearchBar::setText);
    // One layer is chosen in the whole window, whether here or on the Model page.
    connect(figures_, &FiguresPane::layerChosen, this,
            [this](std::optional<std::int32_t> layer) { chooseLayer(layer.value_or(-1)); });
    connect(search_, &SearchBar::layerCleared, this, [this] { chooseLayer(-1); });
    connect(&session_, &Session::layerChosen, this, [this] {
        chosenHere_ = choosing_;
        showChosenLayer();
    });
    connect(view_, &TimelineView::eventChanged, this, &TimelinePanel::pointAtEvent);
    connect(bar_, &QScrollBar::valueChanged, this, [this](int value) {
        if (syncing_) return;
        const TimeWindow& shown = view_->shown();
        const double begin = value * shown.whole() / scrollSteps;
        view_->setShown(begin, begin + shown.length());
    });
    connect(choice_, &QComboBox::activated, this,
            [this](int index) { load(runs_[static_cast<std::size_t>(index)].id); });
    connect(empty_, &EmptyState::triggered, this,
            [this] { session_.requestPage(QStringLiteral("measure")); });
    connect(&session_, &Session::runsChanged, this, [this] {
        if (isVisible()) fillChoice();
    });
    totalsPause_.setSingleShot(true);
    totalsPause_.setInterval(totalsDelay);
    connect(&totalsPause_, &QTimer::timeout, this, &TimelinePanel::showTotals);
    // What is read at once replaces the last one without a word in between.
    readingPause_.setSingleShot(true);
    readingPause_.setInterval(readingDelay);
    connect(&readingPause_, &QTimer::timeout, this, [this] { stack_->setCurrentIndex(reading); });
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void TimelinePanel::paintEvent(QPaintEvent*) {
    const Palette& p = Theme::instance().palette();
    QPainter painter(this);
    painter.fillRect(rect(), p.surface);
    painter.fillRect(QRect(0, 0, width(), 1), p.border);
}

void TimelinePanel::fillChoice() {
    try {
        runs_ = session_.store().list();
    } catch (const std::exception& error) {
        return fail(tr("The store could not be read."), details_of(error));
    }
    std::erase_if(runs_, [](const profiler::RunRecord& run) { return run.trace_events == 0; });
    choice_->clear();
    for (const profiler::RunRecord& run : runs_) {
        choice_->addItem(tr("Run %1").arg(runName(run)));
        choice_->setItemData(choice_->count() - 1,
                             plainTip(QString::fromStdString(run.what.model_name)),
                             Qt::ToolTipRole);
    }
    const auto shown = std::find_if(runs_.begin(), runs_.end(), [this](const auto& run) {
        return run.id == (wanted_ != 0 ? wanted_ : run_);
    });
    choice_->setCurrentIndex(shown == runs_.end() ? -1 : static_cast<int>(shown - runs_.begin()));
    choice_->setVisible(!runs_.empty());
}

void TimelinePanel::showRun(std::int64_t run) {
    fillChoice();
    load(run);
}

void TimelinePanel::showNewest() {
    fillChoice();
    if (run_ == 0 && wanted_ == 0 && !runs_.empty()) load(runs_.front().id);
}

void TimelinePanel::load(std::int64_t run) {
    const auto found = std::find_if(runs_.begin(), runs_.end(),
                                    [run](const auto& record) { return record.id == run; });
    if (found == runs_.end()) return fail(tr("Run %1 has no trace.").arg(run));
    banner_->clear();
    choice_->setCurrentIndex(static_cast<int>(found - runs_.begin()));
    wanted_ = run;
    reading_->setText(tr("Reading the trace of run %1: %2…")
                          .arg(QString::number(run), operationsText(found->trace_events)));
    readingPause_.start();
    loadTrace(
        session_, run, this,
        [this, record = *found](std::shared_ptr<const TraceData> made) {
            setData(record, std::move(made));
        },
        [this, run](const ErrorDetails& error) {
            fail(tr("The trace of run %1 could not be read.").arg(run), error);
        });
}

void TimelinePanel::setData(const profiler::RunRecord& run, std::shared_ptr<const TraceData> made) {
    readingPause_.stop();
    wanted_ = 0;
    run_ = run.id;
    data_ = std::move(made);
    view_->setData(data_);
    search_->restart();
    figures_->setData(data_);
    if (session_.layer() >= 0) showChosenLayer();
    sayFacts(run);
    showTotals();
    showEvent();
    for (QWidget* control : needTrace_) control->setVisible(true);
    stack_->setCurrentIndex(timeline);
    emit loaded();
}

void TimelinePanel::sayFacts(const profiler::RunRecord& run) {
    facts_->setText(QStringLiteral("%1 · %2").arg(
        operationsText(run.trace_events), formatNanoseconds(static_cast<double>(data_->end()))));
    facts_->setToolTip(
        tr("Recorded in one repetition after those that were timed: its own figures are not the "
           "run's."));
    const profiler::CudaTraceFacts& device = data_->trace().device;
    if (!device.empty()) {
        facts_->setText(
            QStringLiteral("%1 · %2 · %3")
                .arg(QString::fromStdString(device.source),
                     tr("%1 kernels").arg(QLocale().toString(qlonglong(device.kernels))),
                     formatNanoseconds(static_cast<double>(data_->end()))));
        facts_->setToolTip(wrappedTip(deviceText(device)));
    }
    if (const QString doubt = deviceDoubt(device); !doubt.isEmpty() && run.trace_dropped == 0) {
        dropped_->setVisible(true);
        dropped_->setText(doubt);
        dropped_->setToolTip(wrappedTip(deviceText(device)));
        return;
    }
    dropped_->setVisible(run.trace_dropped > 0);
    dropped_->setText(
        tr("%1 not recorded").arg(QLocale().toString(static_cast<qlonglong>(run.trace_dropped))));
    dropped_->setToolTip(wrappedTip(tr("%1 more found no room: a trace keeps its first million. A "
                                       "shorter workload is recorded whole.")
                                        .arg(operationsText(run.trace_dropped))));
}

void TimelinePanel::fail(const QString& message, const ErrorDetails& reason) {
    readingPause_.stop();
    wanted_ = 0;
    stack_->setCurrentIndex(data_ ? timeline : empty);
    banner_->showError(reason, message);
}

void TimelinePanel::showTotals() {
    if (data_) figures_->setRange(view_->selection());
}

// One choice, shown in two places: the figures' box and the search's chip. What was searched for by
// words stays.
void TimelinePanel::showLayer(std::optional<std::int32_t> layer) {
    figures_->setLayer(layer);
    search_->setLayer(layer, !chosenHere_);
}

void TimelinePanel::chooseLayer(int layer) {
    choosing_ = true;
    session_.chooseLayer(layer);
    choosing_ = false;
}

// A trace without that layer, of a smaller model, is shown whole.
void TimelinePanel::showChosenLayer() {
    const std::int32_t layer = session_.layer();
    const bool has = layer >= 0 && (!data_ || layer <= data_->mostLayer());
    showLayer(has ? std::optional(layer) : std::nullopt);
}

// What is selected here is selected in the table, and, where the open model is the one that ran, in
// its layers.
void TimelinePanel::pointAtEvent() {
    const auto event = view_->selectedEvent();
    figures_->selectEvent(event);
    const auto shown = std::find_if(runs_.begin(), runs_.end(),
                                    [this](const auto& run) { return run.id == run_; });
    if (shown == runs_.end() ||
        QString::fromStdString(shown->what.model_name) != session_.modelName())
        return;
    session_.pointAtLayer(event ? data_->event(*event).layer : -1);
}

void TimelinePanel::showEvent() {
    const auto event = view_->selectedEvent();
    event_->setTone(event ? Tone::text : Tone::muted);
    event_->setText(event ? eventLines(*data_, *event).join(QStringLiteral(" · "))
                          : tr("Click an operation for its figures, drag to select a range, double "
                               "click to zoom in."));
}

void TimelinePanel::syncScrollBar() {
    const TimeWindow& shown = view_->shown();
    const auto steps = [&shown](double time) {
        return static_cast<int>(time / shown.whole() * scrollSteps);
    };
    syncing_ = true;
    const int page = std::max(1, steps(shown.length()));
    bar_->setRange(0, scrollSteps - page);
    bar_->setPageStep(page);
    bar_->setSingleStep(std::max(1, page / 8));
    bar_->setValue(steps(shown.begin()));
    bar_->setEnabled(!shown.fitsAll());
    syncing_ = false;
}

void TimelinePanel::askAndSave() {
    const QString path = QFileDialog::getSaveFileName(
        this, tr("Save the trace for Chrome or Perfetto"),
        QStringLiteral("run-%1-trace.json").arg(run_), tr("Traces (*.json)"));
    if (!path.isEmpty()) saveTo(path);
}

void TimelinePanel::saveTo(const QString& path) {
    QString title;
    for (const profiler::RunRecord& run : runs_)
        if (run.id == run_)
            title = QString::fromStdString(run.what.model_name + ", " + run.what.recipe_label);
    save_->setEnabled(false);
    saveTrace(
        session_, data_, title, path, this,
        [this, path] {
            save_->setEnabled(true);
            banner_->show(Banner::Kind::note, tr("The trace is saved in %1.").arg(path),
                          tr("chrome://tracing and ui.perfetto.dev open it."));
            emit saved(path);
        },
        [this](const ErrorDetails& error) {
            save_->setEnabled(true);
            banner_->showError(error, tr("The trace was not saved."));
        });
}

void TimelinePanel::askAndSavePicture() {
    const QString path = QFileDialog::getSaveFileName(
        this, tr("Save a picture of the timeline"), QStringLiteral("run-%1-timeline.png").arg(run_),
        tr("Pictures (*.png)"));
    if (!path.isEmpty()) savePicture(path);
}

void TimelinePanel::savePicture(const QString& path) {
    if (view_->grab().save(path, "PNG"))
        banner_->show(Banner::Kind::note, tr("The picture is saved in %1.").arg(path));
    else
        banner_->show(Banner::Kind::error, tr("The picture was not saved."),
                      tr("%1 cannot be written.").arg(path));
}

void TimelinePanel::showMenu(const QPoint& position) {
    QMenu menu(this);
    QAction* zoom = menu.addAction(tr("Show the selection large\tReturn"), this, [this] {
        if (view_->selection()) view_->frame(*view_->selection());
    });
    zoom->setEnabled(view_->selection().has_value());
    menu.addAction(tr("Show everything\t0"), view_, &TimelineView::fitAll);
    QAction* clear = menu.addAction(tr("Select nothing\tEsc"), this, [this] {
        view_->selectEvent({});
        view_->setSelection({});
    });
    clear->setEnabled(view_->selection() || view_->selectedEvent());
    menu.addSeparator();
    menu.addAction(Theme::instance().icon(QStringLiteral("copy")), tr("Copy the totals"), figures_,
                   &FiguresPane::copyTable);
    menu.addAction(Theme::instance().icon(QStringLiteral("save")), tr("Save picture…"), this,
                   &TimelinePanel::askAndSavePicture);
    menu.addAction(Theme::instance().icon(QStringLiteral("save")), tr("Save trace…"), this,
                   &TimelinePanel::askAndSave);
    menu.exec(view_->mapToGlobal(position));
}

}  // namespace hone::ui
