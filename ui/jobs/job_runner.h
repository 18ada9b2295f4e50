// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/experiment/client/ask.h"
#include "engine/experiment/client/client.h"

namespace hone::ui {

enum class JobKind { measure, exportModel, generate };
enum class JobState { queued, running, done, failed, cancelled };

struct JobInfo {
    int id = 0;
    JobKind kind = JobKind::measure;
    QString title;  // "Measuring int4 group 64"
    QString about;  // what tells it from jobs of the same title: "128 + 64 tokens · trace"
    QStringList candidates;  // of a series, in their order: "q8_0"
    JobState state = JobState::queued;
    QString detail;                         // "repetition 3 of 7"
    std::optional<IntervalReach> interval;  // while a measurement narrows it
    double fraction = -1;                   // −1 unknown
    double seconds = 0;                     // running time so far
    QString error;                          // of a failed job: what happened and what to do
    ErrorDetails failure;                   // the same with the engine's own words
};

// The one job runner of the window. Long jobs (measure, export, generate) run one after another on
// one thread; quick requests run at once on a small pool and supersede an earlier one with the same
// key. Everything arrives on the window's thread, live data at most four times a second.
class JobRunner : public QObject {
    Q_OBJECT
public:
    JobRunner(WorkerLaunch launch, std::filesystem::path store, QObject* parent = nullptr);
    ~JobRunner() override;  // cancels everything and waits

    int measure(const QString& title, const MeasureRequest& request);
    int exportCheckpoint(const QString& title, const ExportRequest& request);
    int generate(const QString& title, const GenerateRequest& request);
    void cancel(int job);
    void cancelRunning();
    // The running measurement's interval is narrow enough: it repeats no longer and goes on.
    void takeAsGoodEnough();
    void moveQueued(int job, int newIndex);  // reorders the queue
    void setPaused(bool paused);             // the running job goes on; the next does not start
    bool paused() const;

    std::vector<JobInfo> jobs() const;  // running first, then queued, then the last 20 that ended
    std::optional<JobInfo> running() const;

    using Failed = std::function<void(const ErrorDetails&)>;

    // `work(launch, stop)` runs on another thread; then exactly one of the callbacks runs on the
    // window's thread, `done` with what `work` returned, unless `context` is gone or the request
    // was superseded by a later one with the same non-empty key.
    template <class Work, class Done>
    void quick(const QString& key, QObject* context, Work work, Done done, Failed failed);
    // The same with one request of the protocol, which a worker of its own answers.
    template <class Request>
    void ask(const QString& key, QObject* context, const Request& request,
             std::function<void(const typename Request::Reply&)> done, Failed failed);
    void forget(const QString& key);  // as if that request was superseded, by nothing

signals:
    void jobsChanged();
    void jobProgress(const hone::ui::JobInfo& job);
    void sampleArrived(int job, const hone::LiveSample& sample);
    void accuracyArrived(int job, const hone::LiveAccuracy& point);
    void tokensArrived(int job, const std::vector<hone::LiveToken>& tokens);
    void measured(int job, const hone::MeasureResult& result);
    void exported(int job, const hone::messages::ExportResult& result);
    void generated(int job, const hone::Generated& result);
    void runsChanged();  // the store has a new or changed run
    void logged(const QString& line);

private:
    void start(const QString& key, QObject* context,
               std::function<void(const WorkerLaunch&, std::stop_token)> work,
               std::function<void()> done, Failed failed);

    struct Impl;
    std::unique_ptr<Impl> impl_;
};

template <class Work, class Done>
void JobRunner::quick(const QString& key, QObject* context, Work work, Done done, Failed failed) {
    using Result = std::invoke_result_t<Work&, const WorkerLaunch&, std::stop_token>;
    if constexpr (std::is_void_v<Result>) {
        start(key, context, std::move(work), std::move(done), std::move(failed));
    } else {
        const auto result = std::make_shared<std::optional<Result>>();
        start(
            key, context,
            [result, work = std::move(work)](const WorkerLaunch& launch,
                                             std::stop_token stop) mutable {
                result->emplace(work(launch, std::move(stop)));
            },
            [result, done = std::move(done)]() mutable { done(std::move(**result)); },
            std::move(failed));
    }
}

template <class Request>
void JobRunner::ask(const QString& key, QObject* context, const Request& request,
                    std::function<void(const typename Request::Reply&)> done, Failed failed) {
    quick(
        key, context,
        [request](const WorkerLaunch& launch, std::stop_token stop) {
            return hone::ask(request, launch, std::move(stop));
        },
        std::move(done), std::move(failed));
}

}  // namespace hone::ui
