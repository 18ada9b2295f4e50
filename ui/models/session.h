// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>
#include <QStringList>
#include <QUndoStack>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "engine/experiment/protocol/experiment.h"
#include "engine/experiment/protocol/messages/machine.h"
#include "engine/experiment/protocol/messages/model.h"
#include "engine/experiment/protocol/sweep.h"
#include "profiler/store/store.h"
#include "ui/jobs/job_runner.h"
#include "ui/models/run_edits.h"

namespace hone::ui {

// What the window is about: one open checkpoint, one recipe being edited, one workload, one target,
// one store. Pages read it, change it through its functions, and follow its signals; they do not
// know each other.
class Session : public QObject {
    Q_OBJECT
public:
    Session(const Registry& registry, const WorkerLaunch& launch,
            const std::filesystem::path& store, QObject* parent = nullptr);
    ~Session() override;

    const Registry& registry() const;
    JobRunner& jobs();
    profiler::Store& store();  // the window thread's own connection

    void open(const QString& checkpoint);  // inspects; then modelChanged or openFailed
    QString checkpoint() const;            // empty: none is open
    QString modelName() const;
    // With its tensors; nothing: none is open.
    const std::optional<messages::InspectReply>& model() const;
    // The machine, as runs keep it; null until a worker answered.
    const nlohmann::json& environment() const;
    // CUDA devices, or why there are none; nothing until a worker answered. At first only what
    // costs a device nothing.
    const std::optional<messages::DevicesReply>& devices() const;
    // Asks, once, also for what only open devices tell; then devicesChanged.
    void openDevices();
    const QStringList& syntheticShapes()
        const;  // names for "synthetic:NAME"; empty until it answered

    const Recipe& recipe() const;
    // Every change is one undo step named `what`; equal recipes are no change. Throws Error where
    // invalid.
    void setRecipe(const Recipe& recipe, const QString& what);
    // As it was before the window was closed: no undo step leads back behind it. Throws Error where
    // invalid.
    void restoreSweep(const Sweep& sweep);
    // Options that are measured with several values each: what is measured is a series then. Those
    // whose technique or value the recipe has no more are dropped by its changes.
    const std::vector<SweptOption>& swept() const;
    Sweep sweep() const { return {recipe(), swept()}; }
    // The recipe with lists of values, as one undo step; the values that recipe() has stay where
    // they are still in their lists. Throws Error where it is invalid, or has more candidates than
    // are measured without a question.
    void setSweep(const Sweep& sweep, const QString& what);
    // recipe() is one of the candidates that are measured: which of them, and their names ("q8_0").
    // Without lists there are none.
    std::size_t shownCandidate() const;
    QStringList candidateNames() const;
    // Another candidate is recipe(). To look at it is no change, and no undo step.
    void showCandidate(std::size_t candidate);
    // That candidate alone, without lists: one undo step.
    void takeCandidate(std::size_t candidate);
    QUndoStack& undoStack();
    RunEdits& runEdits();  // of stored runs, with an undo stack of their own

    const Workload& workload() const;
    void setWorkload(const Workload& workload);
    const Target& target() const;
    void setTarget(const Target& target);

    Experiment experiment() const;                       // of all the above
    std::optional<std::int64_t> pinnedBaseline() const;  // run id
    void setPinnedBaseline(std::optional<std::int64_t> run);
    const std::vector<std::int64_t>& tickedRuns() const;  // that Compare shows beside the baseline
    void setTickedRuns(const std::vector<std::int64_t>& runs);
    // Shows a stored run's own page; leaving that leads back to the page `from`.
    void openRun(std::int64_t run, const QString& from);
    std::int64_t openedRun() const;  // 0: none was opened
    QString openedFrom() const;
    std::uint64_t candidates() const;  // how many measure() measures
    int measure();  // queues experiment(), or its series, against the baseline; −1 without a model
    bool tracing() const;  // whether what is measured records a trace
    void setTracing(bool tracing);
    int layer() const;  // that views of traces show alone; −1: all
    // Queues a stored run's experiment once more. Throws Error where this version does not know its
    // recipe.
    int measureAgain(const profiler::RunRecord& run);
    // Queues a stored series once more, as a series. Throws Error where it cannot be.
    int measureSeriesAgain(std::int64_t series);

    void say(
        const QString& word);  // something that happened unasked: in the job strip and in the log

signals:
    void modelChanged();
    void openStarted(const QString& checkpoint);
    void openFailed(const hone::ErrorDetails& error);
    void environmentChanged();
    void devicesChanged();
    void recipeChanged();
    void workloadChanged();
    void targetChanged();
    void pinnedBaselineChanged();
    void tracingChanged();
    void tickedRunsChanged();
    void said(const QString& word);
    void runsChanged();
    void openRequested();  // show the Open… dialog
    void pageRequested(
        const QString& page);       // "start", "model", "optimise", "measure", "compare", "export"
    void runRequested(qint64 run);  // show this run in Compare
    void runOpened();               // openedRun() is another one
    void traceRequested(qint64 run);  // show this run's trace in the timeline
    void layerChosen(int layer);      // views of traces show this layer alone; −1: all
    void layerPointedAt(int layer);   // an operation of it was selected in a trace; −1: of none

public slots:
    void chooseLayer(int layer);
    void pointAtLayer(int layer) { emit layerPointedAt(layer); }
    void requestOpen() { emit openRequested(); }
    void requestPage(const QString& page) { emit pageRequested(page); }

private:
    void askForDevices(bool open);
    void changeTo(const Sweep& checked, const QString& what);
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace hone::ui
