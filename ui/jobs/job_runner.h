// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "engine/experiment/client/client.h"

namespace hone::ui {

enum class JobKind { measure, exportModel, generate };
enum class JobState { queued, running, done, failed, cancelled };

struct JobInfo {
    int id = 0;
    JobKind kind = JobKind::measure;
    QString title;           // "Measuring int4 group 64"
    QStringList candidates;  // of a series, in their order: "q8_0"
    JobState state = JobState::queued;
    QString detail;        // "repetition 3 of 7"
    double fraction = -1;  // −1 unknown
    double seconds = 0;    // running time so far
    QString error;         // of a failed job: what happened and what to do
    ErrorDetails failure;  // the same with the engine's own words
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
    void moveQueued(int job, int newIndex);  // reorders the queue
    void setPaused(bool paused);             // the running job goes on; the next does not start
    bool paused() const;

    std::vector<JobInfo> jobs() const;  // running first, then queued, then the last 20 that ended
    std::optional<JobInfo> running() const;

    // `work` runs on another thread; exactly one of the callbacks runs on the window's thread,
    // unless `context` is gone or the request was superseded by a later one with the same non-empty
    // key.
    void quick(const QString& key, QObject* context,
               std::function<nlohmann::json(const WorkerLaunch&, std::stop_token)> work,
               std::function<void(const nlohmann::json&)> done,
               std::function<void(const ErrorDetails&)> failed);

signals:
    void jobsChanged();
    void jobProgress(const hone::ui::JobInfo& job);
    void sampleArrived(int job, const hone::LiveSample& sample);
    void accuracyArrived(int job, const hone::LiveAccuracy& point);
    void tokensArrived(int job, const std::vector<hone::LiveToken>& tokens);
    void measured(int job, const hone::MeasureResult& result);
    void exported(int job, const nlohmann::json& result);
    void generated(int job, const nlohmann::json& result);
    void runsChanged();  // the store has a new or changed run
    void logged(const QString& line);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace hone::ui
