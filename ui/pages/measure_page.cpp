// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/measure_page.h"

#include <QVBoxLayout>

#include "ui/models/run_estimate.h"
#include "ui/models/run_samples.h"
#include "ui/pages/measure/interval_bar.h"
#include "ui/pages/measure/live_charts.h"
#include "ui/pages/measure/queue_card.h"
#include "ui/pages/measure/result_card.h"
#include "ui/pages/measure/workload_card.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/buttons.h"
#include "ui/widgets/focus.h"

namespace hone::ui {

namespace {

constexpr int sideWidth = 390, gap = 12, changePause = 150;

}  // namespace

Page* makeMeasurePage(Session& session) {
    return new MeasurePage(session);
}

MeasurePage::MeasurePage(Session& session, QWidget* parent)
    : Page(session, parent),
      workload_(new WorkloadCard(session)),
      banner_(new Banner),
      interval_(new IntervalBar),
      charts_(new LiveCharts),
      side_(new QWidget),
      result_(new ResultCard(session)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(gap);
    layout->addWidget(workload_);
    layout->addWidget(banner_);
    layout->addWidget(interval_);
    auto* columns = new QWidget;
    columns_ = new QBoxLayout(QBoxLayout::LeftToRight, columns);
    columns_->setContentsMargins(0, 0, 0, 0);
    columns_->setSpacing(gap);
    columns_->addWidget(charts_, 1);
    auto* side = new QVBoxLayout(side_);
    side->setContentsMargins(0, 0, 0, 0);
    side->setSpacing(gap);
    side->addWidget(new QueueCard(session.jobs()));
    side->addWidget(result_);
    side->addStretch(1);
    side_->setFixedWidth(sideWidth);
    columns_->addWidget(side_);
    layout->addWidget(columns, 1);
    pause_.setSingleShot(true);
    pause_.setInterval(changePause);
    connect(&pause_, &QTimer::timeout, this, [this] {
        if (stale_) showStored();
    });
    followJobs();
    followSession();
}

QList<QWidget*> MeasurePage::headerWidgets() {
    QPushButton* baseline = plainButton(tr("Measure the baseline alone"));
    connect(baseline, &QPushButton::clicked, this, [this] {
        MeasureRequest request;
        request.experiment = session().experiment();
        request.experiment.recipe = {};
        request.against = MeasureRequest::Against::nothing;
        request.trace = session().tracing();
        session().jobs().measure(tr("Measuring the baseline"), request);
    });
    QPushButton* cancel = plainButton(tr("Cancel"));
    cancel->setToolTip(tr("Cancel the running job"));
    connect(cancel, &QPushButton::clicked, &session().jobs(), &JobRunner::cancelRunning);
    QPushButton* measuring = primaryButton(tr("Measure  Ctrl+R"));
    measuring_ = measuring;
    connect(measuring, &QPushButton::clicked, this, [this] { session().measure(); });
    const auto follow = [this, baseline, cancel, measuring] {
        const bool open = !session().checkpoint().isEmpty();
        const bool busy = session().jobs().running().has_value();
        measuring->setEnabled(open);
        const std::uint64_t count = session().candidates();
        measuring->setText(busy        ? tr("Queue  Ctrl+R")
                           : count > 1 ? tr("Measure %1 candidates  Ctrl+R").arg(count)
                                       : tr("Measure  Ctrl+R"));
        measuring->setAccessibleName(busy ? tr("Queue") : tr("Measure"));
        measuring->setToolTip(!open  ? tr("Open a model first")
                              : busy ? tr("Measure the recipe once the jobs before it are done")
                                     : tr("Measure the recipe against the baseline, in turn"));
        if (!busy) handFocus(cancel, measuring);
        cancel->setVisible(busy);
        baseline->setEnabled(open);
        baseline->setVisible(!session().recipe().steps.empty());
    };
    connect(&session(), &Session::modelChanged, measuring, follow);
    connect(&session(), &Session::recipeChanged, measuring, follow);
    connect(&session().jobs(), &JobRunner::jobsChanged, measuring, follow);
    follow();
    return {baseline, cancel, measuring};
}

// Where charts and queue do not fit beside each other, the queue comes below: the page never
// scrolls sideways. A page is never made narrower than its contents, so that "just as wide" already
// means too narrow.
void MeasurePage::resizeEvent(QResizeEvent* event) {
    const int room = contentsRect().width(),
              both = charts_->minimumSizeHint().width() + gap + sideWidth;
    const bool narrow = room <= both;
    columns_->setDirection(narrow ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight);
    side_->setMinimumWidth(narrow ? 0 : sideWidth);
    side_->setMaximumWidth(narrow ? QWIDGETSIZE_MAX : sideWidth);
    Page::resizeEvent(event);
}

void MeasurePage::followJobs() {
    JobRunner& jobs = session().jobs();
    connect(&jobs, &JobRunner::sampleArrived, this, [this](int job, const LiveSample& sample) {
        begin(job);
        charts_->run().side(sample.side, sample.candidate).samples.push_back(sample);
        charts_->showRun();
    });
    connect(&jobs, &JobRunner::accuracyArrived, this, [this](int job, const LiveAccuracy& point) {
        begin(job);
        charts_->run().side(point.side, point.candidate).accuracy.push_back(point);
        charts_->showRun();
    });
    connect(&jobs, &JobRunner::jobProgress, this, [this](const JobInfo& job) {
        if (job.kind != JobKind::measure) return;
        if (job.state == JobState::running) begin(job.id);
        interval_->showInterval(job.interval);
        // A job that was refused before a run began has no result.
        if (job.state == JobState::failed && !job.error.isEmpty()) banner_->showError(job.failure);
    });
    connect(interval_, &IntervalBar::goodEnough, &jobs, &JobRunner::takeAsGoodEnough);
    connect(&jobs, &JobRunner::measured, this, [this](int, const MeasureResult& result) {
        try {
            result_->showResult(result);
        } catch (const std::exception& error) {
            banner_->showError(error, tr("The store could not be read."));
        }
    });
}

void MeasurePage::followSession() {
    const auto changed = [this] {
        stale_ = true;
        if (isVisible()) pause_.start();
    };
    connect(&session(), &Session::modelChanged, this, changed);
    connect(&session(), &Session::recipeChanged, this, changed);
    connect(&session(), &Session::workloadChanged, this, changed);
    connect(&session(), &Session::targetChanged, this, changed);
}

void MeasurePage::begin(int job) {
    if (job == job_) return;
    job_ = job;
    banner_->clear();
    charts_->clear();
    if (const auto running = session().jobs().running(); running && running->id == job)
        charts_->setNames(running->candidates);
}

QWidget* MeasurePage::entry() {
    return measuring_ != nullptr && measuring_->isEnabled() ? measuring_ : nullptr;
}

void MeasurePage::shown() {
    if (stale_) showStored();
}

// Until something runs, the charts show the newest stored runs of this experiment.
void MeasurePage::showStored() {
    stale_ = false;
    showEstimate();
    if (session().jobs().running()) return;
    job_ = 0;
    charts_->clear();
    try {
        const Experiment experiment = session().experiment();
        const StoredPair pair = newestPair(session().store().list(), experiment.checkpoint,
                                           to_json(experiment.recipe), to_json(experiment.workload),
                                           to_json(experiment.target), session().environment());
        const auto fill = [this](const std::optional<profiler::RunRecord>& run, Side side) {
            if (run) charts_->run().side(side) = replay(session().store().samples(run->id), side);
        };
        fill(pair.baseline, Side::baseline);
        fill(pair.candidate, Side::candidate);
        const bool known = pair.candidate || (experiment.recipe.steps.empty() && pair.baseline);
        const StoredPair last =
            known ? pair : newestResult(session().store().list(), experiment.checkpoint);
        result_->showStored(last.baseline, last.candidate);
    } catch (const std::exception& error) {
        banner_->showError(error, tr("The store could not be read."));
    }
    charts_->showRun();
}

void MeasurePage::showEstimate() {
    double seconds = 0;
    try {
        seconds = estimateSeconds(session().store().list(), session().experiment(),
                                  session().model(), session().candidates());
    } catch (const std::exception&) {
        // An estimate is not worth an error of its own; the charts report the store.
    }
    workload_->setEstimate(seconds > 0 ? roughSeconds(seconds) : QString());
}

}  // namespace hone::ui
