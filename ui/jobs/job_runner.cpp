// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/jobs/job_runner.h"

#include <QElapsedTimer>
#include <QTimer>
#include <algorithm>
#include <deque>
#include <thread>
#include <utility>
#include <variant>

#include "engine/experiment/protocol/sweep.h"
#include "ui/jobs/live_feed.h"
#include "ui/jobs/quick_requests.h"

namespace hone::ui {

namespace {

constexpr int liveInterval = 250;  // ms
constexpr std::size_t keptJobs = 20;

using Request = std::variant<MeasureRequest, ExportRequest, GenerateRequest>;

struct Job {
    JobInfo info;
    Request request;
};

// How a job ended: on its own thread nothing else is known.
struct Outcome {
    JobState state = JobState::done;
    ErrorDetails error;
    std::variant<std::monostate, MeasureResult, messages::ExportResult, Generated> result;
};

struct Execute {
    const std::filesystem::path& store;
    const WorkerLaunch& launch;
    const Observer& observer;
    std::stop_token stop;

    Outcome operator()(const MeasureRequest& request) const {
        profiler::Store connection(store);
        MeasureResult result = hone::measure(request, connection, launch, observer, stop);
        Outcome outcome;
        if (result.status == "cancelled") outcome.state = JobState::cancelled;
        if (result.status == "failed") outcome.state = JobState::failed;
        if (result.error) outcome.error = *result.error;
        outcome.result = std::move(result);
        return outcome;
    }
    Outcome operator()(const ExportRequest& request) const {
        messages::ExportResult result = hone::export_checkpoint(request, launch, observer, stop);
        record_export(store, request, result);
        return {JobState::done, {}, std::move(result)};
    }
    Outcome operator()(const GenerateRequest& request) const {
        return {JobState::done, {}, hone::generate(request, launch, observer, stop)};
    }
};

QStringList namesOf(const MeasureRequest& request) {
    const std::vector<SweptOption> swept = swept_from_json(request.swept);
    QStringList names;
    for (const Recipe& recipe : request.candidates)
        names.append(QString::fromStdString(swept_label(swept, to_json(recipe))));
    return names;
}

QString aboutOf(const MeasureRequest& request) {
    const Workload& workload = request.experiment.workload;
    QStringList words{
        JobRunner::tr("%1 + %2 tokens").arg(workload.prompt_tokens).arg(workload.generated_tokens)};
    if (workload.concurrency > 1)
        words.append(JobRunner::tr("%1 sequences").arg(workload.concurrency));
    if (request.trace) words.append(JobRunner::tr("trace"));
    words.append(QString::fromStdString(
        std::filesystem::path(request.experiment.checkpoint).filename().string()));
    if (request.experiment.target.device != Target().device)
        words.append(QString::fromStdString(request.experiment.target.device));
    return words.join(QStringLiteral(" · "));
}

QString sentences(const ErrorDetails& error) {
    if (error.summary.empty()) return QString::fromStdString(error.message);
    return QString::fromStdString(error.action.empty() ? error.summary
                                                       : error.summary + " " + error.action);
}

Outcome execute(const Request& request, const Execute& with) {
    try {
        return std::visit(with, request);
    } catch (const Cancelled&) {
        return {JobState::cancelled, {}, {}};
    } catch (const std::exception& error) {
        return {JobState::failed, details_of(error), {}};
    }
}

}  // namespace

struct JobRunner::Impl {
    explicit Impl(JobRunner* owner, WorkerLaunch workers, std::filesystem::path path)
        : runner(owner),
          launch(std::move(workers)),
          store(std::move(path)),
          quick(new QuickRequests) {}

    int enqueue(JobKind kind, const QString& title, Request request);
    void startNext();
    void flush();
    void finish(Outcome outcome);
    void keepEnded(JobInfo info);
    void emitResult(const Job& job, const Outcome& outcome);

    JobRunner* runner;
    WorkerLaunch launch;
    std::filesystem::path store;
    std::deque<Job> queue;
    std::optional<Job> current;
    std::deque<JobInfo> ended;
    bool paused = false;
    int nextId = 1;
    QElapsedTimer clock;
    QTimer timer;
    LiveFeed feed;
    std::unique_ptr<QuickRequests> quick;
    std::jthread thread;  // last: joined before what it uses goes
};

JobRunner::JobRunner(WorkerLaunch launch, std::filesystem::path store, QObject* parent)
    : QObject(parent), impl_(std::make_unique<Impl>(this, std::move(launch), std::move(store))) {
    impl_->timer.setTimerType(Qt::PreciseTimer);  // a coarse one may come early, and so too often
    impl_->timer.setInterval(liveInterval);
    connect(&impl_->timer, &QTimer::timeout, this, [this] { impl_->flush(); });
}

JobRunner::~JobRunner() {
    impl_->queue.clear();
    impl_->thread.request_stop();
}

int JobRunner::measure(const QString& title, const MeasureRequest& request) {
    return impl_->enqueue(JobKind::measure, title, request);
}

int JobRunner::exportCheckpoint(const QString& title, const ExportRequest& request) {
    return impl_->enqueue(JobKind::exportModel, title, request);
}

int JobRunner::generate(const QString& title, const GenerateRequest& request) {
    return impl_->enqueue(JobKind::generate, title, request);
}

int JobRunner::Impl::enqueue(JobKind kind, const QString& title, Request request) {
    Job job;
    job.info.id = nextId++;
    job.info.kind = kind;
    job.info.title = title;
    if (const auto* measure = std::get_if<MeasureRequest>(&request)) {
        job.info.candidates = namesOf(*measure);
        job.info.about = aboutOf(*measure);
    }
    job.request = std::move(request);
    const int id = job.info.id;
    queue.push_back(std::move(job));
    // From the event loop, so that the caller knows the id before the first signal.
    QMetaObject::invokeMethod(
        runner, [this] { startNext(); }, Qt::QueuedConnection);
    emit runner->jobsChanged();
    return id;
}

void JobRunner::Impl::startNext() {
    if (current || paused || queue.empty()) return;
    current = std::move(queue.front());
    queue.pop_front();
    current->info.state = JobState::running;
    feed.setGoodEnough(false);
    clock.start();
    timer.start();
    thread = std::jthread([this, request = current->request](std::stop_token stop) {
        Outcome outcome = execute(request, {store, launch, feed.observer(), std::move(stop)});
        QMetaObject::invokeMethod(
            runner, [this, result = std::move(outcome)]() mutable { finish(std::move(result)); },
            Qt::QueuedConnection);
    });
    emit runner->jobsChanged();
    emit runner->jobProgress(current->info);
}

void JobRunner::Impl::flush() {
    if (!current) return;
    const LiveFeed::Batch batch = feed.take();
    JobInfo& info = current->info;
    info.seconds = static_cast<double>(clock.elapsed()) / 1000;
    if (batch.progress) {
        const LiveProgress& p = *batch.progress;
        info.detail = QString::fromStdString(p.detail.empty() ? p.phase : p.detail);
        info.fraction = p.fraction;
        info.interval = p.interval;
    }
    const int id = info.id;
    for (const QString& line : batch.lines) emit runner->logged(line);
    for (const LiveSample& sample : batch.samples) emit runner->sampleArrived(id, sample);
    for (const LiveAccuracy& point : batch.accuracy) emit runner->accuracyArrived(id, point);
    if (!batch.tokens.empty()) emit runner->tokensArrived(id, batch.tokens);
    if (batch.runsChanged) emit runner->runsChanged();
    emit runner->jobProgress(info);
}

void JobRunner::Impl::finish(Outcome outcome) {
    flush();
    timer.stop();
    if (thread.joinable()) thread.join();
    Job job = std::move(*current);
    current.reset();
    job.info.state = outcome.state;
    job.info.error = sentences(outcome.error);
    job.info.failure = outcome.error;
    job.info.detail.clear();  // the stage that it was in
    job.info.interval.reset();
    if (outcome.state == JobState::done) job.info.fraction = 1;
    keepEnded(job.info);
    if (!outcome.error.message.empty())
        emit runner->logged(job.info.title + QStringLiteral(": ") +
                            QString::fromStdString(outcome.error.message));
    emitResult(job, outcome);
    if (job.info.kind == JobKind::measure) emit runner->runsChanged();
    emit runner->jobProgress(job.info);
    emit runner->jobsChanged();
    startNext();
}

void JobRunner::Impl::keepEnded(JobInfo info) {
    ended.push_front(std::move(info));
    if (ended.size() > keptJobs) ended.pop_back();
}

void JobRunner::Impl::emitResult(const Job& job, const Outcome& outcome) {
    if (const auto* result = std::get_if<MeasureResult>(&outcome.result))
        emit runner->measured(job.info.id, *result);
    if (const auto* result = std::get_if<messages::ExportResult>(&outcome.result))
        emit runner->exported(job.info.id, *result);
    if (const auto* result = std::get_if<Generated>(&outcome.result))
        emit runner->generated(job.info.id, *result);
}

void JobRunner::cancel(int job) {
    if (impl_->current && impl_->current->info.id == job) return cancelRunning();
    const auto it = std::find_if(impl_->queue.begin(), impl_->queue.end(),
                                 [job](const Job& queued) { return queued.info.id == job; });
    if (it == impl_->queue.end()) return;
    JobInfo info = it->info;
    info.state = JobState::cancelled;
    info.detail.clear();
    impl_->queue.erase(it);
    impl_->keepEnded(info);
    emit jobProgress(info);
    emit jobsChanged();
}

void JobRunner::cancelRunning() {
    if (!impl_->current) return;
    impl_->current->info.detail = tr("cancelling");
    impl_->thread.request_stop();
    emit jobProgress(impl_->current->info);
}

void JobRunner::takeAsGoodEnough() {
    if (!impl_->current) return;
    impl_->feed.setGoodEnough(true);
    emit jobProgress(impl_->current->info);
}

void JobRunner::moveQueued(int job, int newIndex) {
    auto& queue = impl_->queue;
    const auto it = std::find_if(queue.begin(), queue.end(),
                                 [job](const Job& queued) { return queued.info.id == job; });
    if (it == queue.end()) return;
    Job moved = std::move(*it);
    queue.erase(it);
    const auto index =
        std::clamp<std::ptrdiff_t>(newIndex, 0, static_cast<std::ptrdiff_t>(queue.size()));
    queue.insert(queue.begin() + index, std::move(moved));
    emit jobsChanged();
}

void JobRunner::setPaused(bool paused) {
    if (impl_->paused == paused) return;
    impl_->paused = paused;
    emit jobsChanged();
    impl_->startNext();
}

bool JobRunner::paused() const {
    return impl_->paused;
}

std::vector<JobInfo> JobRunner::jobs() const {
    std::vector<JobInfo> all;
    if (impl_->current) all.push_back(impl_->current->info);
    for (const Job& job : impl_->queue) all.push_back(job.info);
    all.insert(all.end(), impl_->ended.begin(), impl_->ended.end());
    return all;
}

std::optional<JobInfo> JobRunner::running() const {
    if (!impl_->current) return std::nullopt;
    return impl_->current->info;
}

void JobRunner::start(const QString& key, QObject* context,
                      std::function<void(const WorkerLaunch&, std::stop_token)> work,
                      std::function<void()> done, Failed failed) {
    impl_->quick->start(
        key, context,
        [launch = impl_->launch, work = std::move(work)](std::stop_token stop) {
            work(launch, std::move(stop));
        },
        std::move(done), std::move(failed));
}

void JobRunner::forget(const QString& key) {
    impl_->quick->forget(key);
}

}  // namespace hone::ui
