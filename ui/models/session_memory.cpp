// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/session_memory.h"

#include <QFileInfo>
#include <QSettings>
#include <algorithm>

#include "ui/models/kept_list.h"
#include "ui/widgets/error_words.h"

namespace hone::ui {

namespace {

const QString workloadKey = QStringLiteral("session/workload");
const QString targetKey = QStringLiteral("session/target");
const QString tracingKey = QStringLiteral("session/tracing");
const QString modelsKey = QStringLiteral(
    "session/models");  // [{"name", "recipe", "swept", "pins": {STORE: RUN}}], newest first
const QString ticksKey =
    QStringLiteral("session/ticks");  // [{"name": STORE, "runs": […]}], newest first
constexpr std::size_t keptEntries = 32;
constexpr int pauseLength = 250;  // ms

using kept::entryOf;
using kept::nameOf;
using kept::put;
using kept::read;
using nlohmann::json;

}  // namespace

SessionMemory::SessionMemory(Session& session, QObject* parent)
    : QObject(parent),
      session_(session),
      store_(QFileInfo(QString::fromStdString(session.store().info().path.string()))
                 .absoluteFilePath()) {
    pause_.setSingleShot(true);
    pause_.setInterval(pauseLength);
    connect(&pause_, &QTimer::timeout, this, &SessionMemory::write);
    connect(&session, &Session::modelChanged, this, &SessionMemory::followModel);
    for (const auto signal :
         {&Session::recipeChanged, &Session::workloadChanged, &Session::targetChanged,
          &Session::pinnedBaselineChanged, &Session::tracingChanged, &Session::tickedRunsChanged})
        connect(&session, signal, this, &SessionMemory::changed);
    connect(&session, &Session::devicesChanged, this, &SessionMemory::dropMissingDevice);
}

SessionMemory::~SessionMemory() {
    if (pause_.isActive()) write();
}

void SessionMemory::changed() {
    pause_.start();
}

void SessionMemory::restore(const QString& checkpoint) {
    checkpoint_ = checkpoint;
    restoreWorkload();
    if (!keepRecipe_) restoreRecipe(checkpoint, false);
    restorePin(checkpoint);
    restoreTicks();
    restored_ = true;
}

void SessionMemory::restoreWorkload() {
    try {
        if (const json workload = read(workloadKey); workload.is_object())
            session_.setWorkload(workload_from_json(workload));
        if (const json target = read(targetKey); target.is_object())
            session_.setTarget(target_from_json(target));
    } catch (const std::exception& error) {
        session_.say(tr("The workload of the last time is not kept: %1")
                         .arg(errorWords(details_of(error)).sentences()));
    }
    session_.setTracing(QSettings().value(tracingKey).toBool());
}

// A technique that this version does not have, or an option: that recipe is dropped, and it is
// said.
void SessionMemory::restoreRecipe(const QString& checkpoint, bool undoable) {
    const json entry = entryOf(modelsKey, nameOf(checkpoint));
    if (!entry.contains("recipe")) return;
    try {
        const Sweep kept{recipe_from_json(entry["recipe"], session_.registry()),
                         swept_from_json(entry.value("swept", json()))};
        undoable ? session_.setSweep(kept, tr("opening %1").arg(session_.modelName()))
                 : session_.restoreSweep(kept);
    } catch (const std::exception& error) {
        session_.say(tr("The recipe kept for this model is dropped: %1")
                         .arg(errorWords(details_of(error)).sentences()));
    }
}

void SessionMemory::restorePin(const QString& checkpoint) {
    const json entry = entryOf(modelsKey, nameOf(checkpoint));
    const json pins = entry.value("pins", json::object());
    const json run = pins.is_object() ? pins.value(store_.toStdString(), json()) : json();
    try {
        if (!run.is_number_integer())
            dropPinOfAnother(checkpoint);
        else if (session_.store().load(run.get<std::int64_t>()))
            session_.setPinnedBaseline(run.get<std::int64_t>());
    } catch (const std::exception&) {
        // A store that cannot be read is told by who shows its runs.
    }
}

// A model that has no baseline yet is not compared with another model's.
void SessionMemory::dropPinOfAnother(const QString& checkpoint) {
    const auto pin = session_.pinnedBaseline();
    const auto run = pin ? session_.store().load(*pin) : std::nullopt;
    if (run && !checkpoint.isEmpty() &&
        nameOf(QString::fromStdString(run->what.model_source)) != nameOf(checkpoint))
        session_.setPinnedBaseline(std::nullopt);
}

void SessionMemory::restoreTicks() {
    const json entry = entryOf(ticksKey, store_.toStdString());
    std::vector<std::int64_t> runs;
    for (const json& run : entry.value("runs", json::array()))
        if (run.is_number_integer()) runs.push_back(run.get<std::int64_t>());
    session_.setTickedRuns(runs);
}

// Another model brings its own recipe and pin where it has some; else it goes on with the recipe
// that is there, and with the pin where that is a run of its own.
void SessionMemory::followModel() {
    const QString opened = session_.checkpoint();
    if (nameOf(opened) != nameOf(checkpoint_)) {
        write();
        checkpoint_ = opened;
        if (!keepRecipe_) restoreRecipe(opened, true);
        restorePin(opened);
    }
    checkpoint_ = opened;
    keepRecipe_ = false;
    write();
}

void SessionMemory::dropMissingDevice() {
    const std::string device = session_.target().device, always_there = Target().device;
    const auto& answer = session_.devices();
    if (device == always_there || !answer) return;
    if (std::any_of(answer->devices.begin(), answer->devices.end(),
                    [&](const messages::CudaDevice& known) { return known.id == device; }))
        return;
    Target target = session_.target();
    target.device = always_there;
    session_.setTarget(target);
    session_.say(tr("%1 is not there any more: experiments run on the CPU.")
                     .arg(QString::fromStdString(device)));
}

void SessionMemory::write() {
    pause_.stop();
    // Before anything was read there is nothing to be kept, and what is kept must not be lost to
    // it.
    if (!restored_) return;
    put(workloadKey, to_json(session_.workload()));
    put(targetKey, to_json(session_.target()));
    QSettings().setValue(tracingKey, session_.tracing());
    writeModel();
    kept::putEntry(ticksKey, store_.toStdString(), {{"runs", session_.tickedRuns()}}, keptEntries);
}

void SessionMemory::writeModel() {
    const std::string name = nameOf(checkpoint_);
    json pins = entryOf(modelsKey, name).value("pins", json::object());
    if (!pins.is_object()) pins = json::object();
    if (const auto pin = session_.pinnedBaseline())
        pins[store_.toStdString()] = *pin;
    else
        pins.erase(store_.toStdString());
    kept::putEntry(modelsKey, name,
                   {{"recipe", to_json(session_.recipe())},
                    {"swept", to_json(session_.swept())},
                    {"pins", std::move(pins)}},
                   keptEntries);
}

}  // namespace hone::ui
