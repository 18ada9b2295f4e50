// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/session.h"

#include <QUndoCommand>
#include <algorithm>
#include <functional>
#include <utility>

#include "ui/models/store_watch.h"
#include "ui/widgets/error_words.h"

namespace hone::ui {

namespace {

// One edit of the recipe and its lists of values, kept whole: recipes are a few steps long. Edits
// never merge, so that one undo takes back what one action did.
class ChangeRecipe : public QUndoCommand {
public:
    using Apply = std::function<void(const Sweep&)>;

    ChangeRecipe(Sweep before, Sweep after, const QString& what, Apply apply)
        : QUndoCommand(what),
          before_(std::move(before)),
          after_(std::move(after)),
          apply_(std::move(apply)) {}

    void undo() override { apply_(before_); }
    void redo() override { apply_(after_); }

private:
    Sweep before_, after_;
    Apply apply_;
};

// A list of values goes with its option, and with a value that is not in it.
std::vector<SweptOption> stillSwept(std::vector<SweptOption> swept, const Recipe& recipe) {
    std::erase_if(swept, [&recipe](const SweptOption& each) {
        const nlohmann::json* value = value_in(recipe, each);
        return value == nullptr ||
               std::find(each.values.begin(), each.values.end(), *value) == each.values.end();
    });
    return swept;
}

void requireFew(const Sweep& sweep) {
    if (sweep.candidates() <= kMostCandidates) return;
    ErrorDetails details;
    details.field = "values";
    details.found = std::to_string(sweep.candidates()) + " candidates";
    details.expected = "at most " + std::to_string(kMostCandidates);
    details.fault = Fault::argument;
    details.summary =
        Session::tr("These lists of values make %1 candidates; the window measures %2 at most.")
            .arg(sweep.candidates())
            .arg(kMostCandidates)
            .toStdString();
    details.action =
        Session::tr("The command hone bench --max-candidates takes more.").toStdString();
    throw Error(std::move(details));
}

// What is looked at stays so while lists are edited.
void keepShown(Sweep& sweep, const Recipe& shown) {
    for (const SweptOption& option : sweep.options)
        if (const nlohmann::json* value = value_in(shown, option);
            value != nullptr &&
            std::find(option.values.begin(), option.values.end(), *value) != option.values.end())
            set_value(sweep.base, option, *value);
}

// Throws Error where any of its recipes is invalid.
Sweep checkedSweep(const Sweep& sweep, const Recipe& shown, const Registry& registry) {
    Sweep checked{validated(sweep.base, registry), {}};
    checked.options = stillSwept(sweep.options, checked.base);
    keepShown(checked, shown);
    requireFew(checked);
    checked.recipes(registry);
    return checked;
}

}  // namespace

struct Session::Impl {
    Impl(Session* session, const Registry& known, const WorkerLaunch& launch,
         const std::filesystem::path& path)
        : registry(known), store(path), edits(store), jobs(launch, path), undo(session) {}

    const Registry& registry;
    profiler::Store store;
    RunEdits edits;
    JobRunner jobs;
    QUndoStack undo;
    QString checkpoint;
    std::optional<messages::InspectReply> model;
    nlohmann::json environment;
    std::optional<messages::DevicesReply> devices;
    QStringList shapes;
    Sweep sweep;  // the recipe, and what is swept in it
    Workload workload;
    Target target;
    std::optional<std::int64_t> baseline;
    std::vector<std::int64_t> ticked;
    bool tracing = false, devicesOpened = false;
    int layer = -1;
    std::int64_t openedRun = 0;
    QString openedFrom;
};

Session::Session(const Registry& registry, const WorkerLaunch& launch,
                 const std::filesystem::path& store, QObject* parent)
    : QObject(parent), impl_(std::make_unique<Impl>(this, registry, launch, store)) {
    connect(&impl_->jobs, &JobRunner::runsChanged, this, &Session::runsChanged);
    connect(&impl_->edits, &RunEdits::removedOrRestored, this, &Session::runsChanged);
    auto* watch =
        new StoreWatch(impl_->store, this);  // runs of the command line, or of another window
    connect(watch, &StoreWatch::changed, this, &Session::runsChanged);
    impl_->jobs.ask(
        QStringLiteral("environment"), this, messages::Hello(),
        [this](const messages::HelloReply& hello) {
            impl_->environment = hello.environment.get();
            for (const std::string& shape : hello.synthetic_shapes)
                impl_->shapes << QString::fromStdString(shape);
            emit environmentChanged();
        },
        [this](const ErrorDetails& error) {
            emit impl_->jobs.logged(QString::fromStdString(error.message));
        });
    askForDevices(false);
}

Session::~Session() = default;

void Session::askForDevices(bool open) {
    impl_->jobs.ask(
        QStringLiteral("devices"), this, messages::Devices{.open = open},
        [this](const messages::DevicesReply& answer) {
            impl_->devices = answer;
            emit devicesChanged();
        },
        [this](const ErrorDetails& error) {
            // Devices that were listed are there, whatever came of opening them.
            if (!impl_->devices)
                impl_->devices =
                    messages::DevicesReply{.problem = errorWords(error).sentences().toStdString()};
            emit devicesChanged();
            emit impl_->jobs.logged(QString::fromStdString(error.message));
        });
}

void Session::openDevices() {
    if (!std::exchange(impl_->devicesOpened, true)) askForDevices(true);
}

const Registry& Session::registry() const {
    return impl_->registry;
}
JobRunner& Session::jobs() {
    return impl_->jobs;
}
profiler::Store& Session::store() {
    return impl_->store;
}
QUndoStack& Session::undoStack() {
    return impl_->undo;
}
RunEdits& Session::runEdits() {
    return impl_->edits;
}
QString Session::checkpoint() const {
    return impl_->checkpoint;
}
const std::optional<messages::InspectReply>& Session::model() const {
    return impl_->model;
}
const nlohmann::json& Session::environment() const {
    return impl_->environment;
}
const std::optional<messages::DevicesReply>& Session::devices() const {
    return impl_->devices;
}
const QStringList& Session::syntheticShapes() const {
    return impl_->shapes;
}
const Recipe& Session::recipe() const {
    return impl_->sweep.base;
}
const std::vector<SweptOption>& Session::swept() const {
    return impl_->sweep.options;
}
const Workload& Session::workload() const {
    return impl_->workload;
}
const Target& Session::target() const {
    return impl_->target;
}
std::optional<std::int64_t> Session::pinnedBaseline() const {
    return impl_->baseline;
}

QString Session::modelName() const {
    return impl_->model ? QString::fromStdString(impl_->model->name) : QString();
}

void Session::open(const QString& checkpoint) {
    emit openStarted(checkpoint);
    impl_->jobs.ask(
        QStringLiteral("open"), this,
        messages::Inspect{.checkpoint = checkpoint.toStdString(), .tensors = true},
        [this, checkpoint](const messages::InspectReply& model) {
            impl_->checkpoint = checkpoint;
            impl_->model = model;
            if (impl_->layer >= 0) chooseLayer(-1);  // another model's layers are others
            emit modelChanged();
        },
        [this](const ErrorDetails& error) {
            emit impl_->jobs.logged(QString::fromStdString(error.message));
            emit openFailed(error);
        });
}

void Session::setRecipe(const Recipe& recipe, const QString& what) {
    changeTo(checkedSweep({recipe, impl_->sweep.options}, recipe, impl_->registry), what);
}

void Session::setSweep(const Sweep& sweep, const QString& what) {
    changeTo(checkedSweep(sweep, recipe(), impl_->registry), what);
}

void Session::changeTo(const Sweep& checked, const QString& what) {
    if (checked.base == impl_->sweep.base && checked.options == impl_->sweep.options) return;
    impl_->undo.push(new ChangeRecipe(impl_->sweep, checked, what, [this](const Sweep& now) {
        impl_->sweep = now;
        emit recipeChanged();
    }));
}

void Session::restoreSweep(const Sweep& sweep) {
    const Sweep checked = checkedSweep(sweep, sweep.base, impl_->registry);
    impl_->undo.clear();
    if (checked.base == impl_->sweep.base && checked.options == impl_->sweep.options) return;
    impl_->sweep = checked;
    emit recipeChanged();
}

std::size_t Session::shownCandidate() const {
    const std::vector<Recipe> recipes = impl_->sweep.recipes(impl_->registry);
    const auto shown = std::find(recipes.begin(), recipes.end(), recipe());
    return shown == recipes.end() ? 0 : static_cast<std::size_t>(shown - recipes.begin());
}

QStringList Session::candidateNames() const {
    QStringList names;
    if (swept().empty()) return names;
    for (const Recipe& recipe : impl_->sweep.recipes(impl_->registry))
        names.append(QString::fromStdString(swept_label(swept(), to_json(recipe))));
    return names;
}

void Session::showCandidate(std::size_t candidate) {
    const std::vector<Recipe> recipes = impl_->sweep.recipes(impl_->registry);
    if (candidate >= recipes.size() || recipes[candidate] == recipe()) return;
    impl_->sweep.base = recipes[candidate];
    emit recipeChanged();
}

void Session::takeCandidate(std::size_t candidate) {
    const QStringList names = candidateNames();
    if (candidate >= static_cast<std::size_t>(names.size())) return;
    setSweep({impl_->sweep.recipes(impl_->registry)[candidate], {}},
             tr("picking %1").arg(names[static_cast<qsizetype>(candidate)]));
}

void Session::setWorkload(const Workload& workload) {
    if (to_json(workload) == to_json(impl_->workload)) return;
    impl_->workload = workload;
    emit workloadChanged();
}

void Session::setTarget(const Target& target) {
    if (to_json(target) == to_json(impl_->target)) return;
    impl_->target = target;
    emit targetChanged();
}

Experiment Session::experiment() const {
    return {impl_->checkpoint.toStdString(), recipe(), impl_->workload, impl_->target};
}

void Session::setPinnedBaseline(std::optional<std::int64_t> run) {
    if (run == impl_->baseline) return;
    impl_->baseline = run;
    emit pinnedBaselineChanged();
}

const std::vector<std::int64_t>& Session::tickedRuns() const {
    return impl_->ticked;
}

void Session::setTickedRuns(const std::vector<std::int64_t>& runs) {
    if (runs == impl_->ticked) return;
    impl_->ticked = runs;
    emit tickedRunsChanged();
}

void Session::openRun(std::int64_t run, const QString& from) {
    impl_->openedRun = run;
    impl_->openedFrom = from;
    emit runOpened();
    emit pageRequested(QStringLiteral("run"));
}

std::int64_t Session::openedRun() const {
    return impl_->openedRun;
}

QString Session::openedFrom() const {
    return impl_->openedFrom;
}

void Session::say(const QString& word) {
    emit impl_->jobs.logged(word);
    emit said(word);
}

bool Session::tracing() const {
    return impl_->tracing;
}

void Session::setTracing(bool tracing) {
    if (tracing == impl_->tracing) return;
    impl_->tracing = tracing;
    emit tracingChanged();
}

int Session::layer() const {
    return impl_->layer;
}

// Said again even where it is the same: who looks at a trace may have looked at another layer
// meanwhile.
void Session::chooseLayer(int layer) {
    impl_->layer = layer;
    emit layerChosen(layer);
}

std::uint64_t Session::candidates() const {
    return impl_->sweep.candidates();
}

int Session::measure() {
    if (impl_->checkpoint.isEmpty()) return -1;
    MeasureRequest request;
    request.experiment = experiment();
    // The baseline alone is one run; anything else is measured against a fresh baseline,
    // interleaved.
    request.against = recipe().steps.empty() ? MeasureRequest::Against::nothing
                                             : MeasureRequest::Against::baseline;
    request.calibrate = true;
    request.trace = impl_->tracing;
    const QString name = QString::fromStdString(label(recipe(), impl_->registry));
    if (swept().empty()) return impl_->jobs.measure(tr("Measuring %1").arg(name), request);
    request.candidates = impl_->sweep.recipes(impl_->registry);
    request.swept = to_json(swept());
    QStringList options;
    for (const SweptOption& each : swept())
        options.append(QString::fromStdString(each.technique + "." + each.option));
    return impl_->jobs.measure(tr("Measuring %1 candidates: %2")
                                   .arg(request.candidates.size())
                                   .arg(options.join(QStringLiteral(", "))),
                               request);
}

int Session::measureAgain(const profiler::RunRecord& run) {
    const MeasureRequest request = rerun_request(run, impl_->registry);
    const QString name = QString::fromStdString(run.what.recipe_label);
    return impl_->jobs.measure(tr("Measuring run %1 again: %2").arg(QString::number(run.id), name),
                               request);
}

int Session::measureSeriesAgain(std::int64_t series) {
    const MeasureRequest request = rerun_series_request(impl_->store, series, impl_->registry);
    return impl_->jobs.measure(
        tr("Measuring series %1 again: %2 candidates").arg(series).arg(request.candidates.size()),
        request);
}

}  // namespace hone::ui
