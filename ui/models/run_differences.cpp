// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_differences.h"

#include <QCoreApplication>
#include <algorithm>
#include <functional>

#include "engine/experiment/protocol/experiment.h"
#include "ui/models/engaged_text.h"
#include "ui/theme/plain_text.h"

namespace hone::ui {

namespace {

using Json = nlohmann::json;
using profiler::RunRecord;

QString tr(const char* text) {
    return QCoreApplication::translate("RunDifferences", text);
}

QString q(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

Json at(const Json& object, const std::string& key) {
    const auto found = object.is_object() ? object.find(key) : object.end();
    return found == object.end() ? Json() : *found;
}

QString words(const Json& value) {
    if (value.is_null()) return {};
    return plainLine(value.is_string()
                         ? value.get<std::string>()
                         : value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

class Differences {
public:
    Differences(const RunRecord& baseline, const std::vector<RunRecord>& runs)
        : baseline_(baseline), runs_(runs) {}

    // Adds a row where `value` of any run is another text than the baseline's.
    void add(const QString& what, const std::function<QString(const RunRecord&)>& value) {
        RunDifference row{what, value(baseline_), {}, false};
        bool any = false;
        for (const RunRecord& run : runs_) {
            const QString now = value(run);
            // What one of the two did not say is no difference.
            const bool same = now == row.baseline || now.isEmpty() || row.baseline.isEmpty();
            any = any || !same;
            row.values << (same ? QString() : QStringLiteral("%1 → %2").arg(row.baseline, now));
        }
        if (any) rows_.push_back(std::move(row));
    }

    void addField(const char* what, const std::string& key, Json profiler::NewRun::*part) {
        add(tr(what), [key, part](const RunRecord& run) { return words(at(run.what.*part, key)); });
    }

    // A row where `value` of any run says something, whatever the baseline's says.
    void addTold(const QString& what, const std::function<QString(const RunRecord&)>& value) {
        const auto told = [&value](const RunRecord& run) {
            const QString text = value(run);
            return text.isEmpty() ? QStringLiteral("–") : text;
        };
        RunDifference row{what, told(baseline_), {}, false};
        for (const RunRecord& run : runs_) row.values << told(run);
        const bool any = std::any_of(row.values.begin(), row.values.end(), [](const QString& text) {
            return text != QStringLiteral("–");
        });
        if (any) rows_.push_back(std::move(row));
    }

    void markRecipe() {
        for (RunDifference& row : rows_) row.ofRecipe = true;
    }
    std::vector<RunDifference> take() { return std::move(rows_); }

private:
    const RunRecord& baseline_;
    const std::vector<RunRecord>& runs_;
    std::vector<RunDifference> rows_;
};

// The step of a technique in a run's recipe; null where it has none.
Json stepOf(const RunRecord& run, const std::string& technique) {
    if (run.what.recipe.is_array())
        for (const Json& step : run.what.recipe)
            if (at(step, "technique") == technique) return step;
    return nullptr;
}

// "int4 groups, group 32": a step's label without the technique's title before it.
QString stepText(const Json& step, const Descriptor& descriptor, const Registry& registry) {
    if (step.is_null()) return tr("off");
    const RecipeStep one{std::string(descriptor.id), at(step, "options")};
    QString name = plainLine(label(Recipe{{one}}, registry));
    if (name.startsWith(q(descriptor.title))) name.remove(0, q(descriptor.title).size());
    return name.trimmed().isEmpty() ? tr("on") : name.trimmed();
}

QString optionText(const Option& option, const Json& value) {
    if (const auto* choice = std::get_if<Choice>(&option.type);
        choice != nullptr && value.is_string())
        for (const ChoiceItem& item : choice->items)
            if (item.id == value.get<std::string>()) return q(item.label);
    return words(value);
}

// An option that belongs to another value of its neighbour says nothing.
bool applies(const Option& option, const Json& options) {
    return !option.only_when ||
           at(options, std::string(option.only_when->key)) == std::string(option.only_when->value);
}

// Where all have a technique, its options say what differs; where one lacks it, that is the
// difference.
void addTechnique(Differences& differences, const Descriptor& descriptor, bool everywhere,
                  const Registry& registry) {
    const std::string id(descriptor.id);
    if (!everywhere) {
        differences.add(q(descriptor.title), [&, id](const RunRecord& run) {
            return stepText(stepOf(run, id), descriptor, registry);
        });
        return;
    }
    for (const Option& option : descriptor.options)
        differences.add(QStringLiteral("%1: %2").arg(q(descriptor.title), q(option.label)),
                        [&option, id](const RunRecord& run) {
                            const Json options = at(stepOf(run, id), "options");
                            if (!applies(option, options)) return QString();
                            const Json value = at(options, std::string(option.key));
                            return optionText(option,
                                              value.is_null() ? default_value(option) : value);
                        });
}

// A technique that this version does not know is shown as it is stored.
void addUnknown(Differences& differences, const RunRecord& baseline,
                const std::vector<RunRecord>& runs, const Registry& registry) {
    std::vector<std::string> ids;
    const auto collect = [&](const RunRecord& run) {
        if (!run.what.recipe.is_array()) return;
        for (const Json& step : run.what.recipe) {
            const Json id = at(step, "technique");
            if (id.is_string() && registry.find(id.get<std::string>()) == nullptr &&
                std::find(ids.begin(), ids.end(), id.get<std::string>()) == ids.end())
                ids.push_back(id.get<std::string>());
        }
    };
    collect(baseline);
    for (const RunRecord& run : runs) collect(run);
    for (const std::string& id : ids)
        differences.add(q(id), [id](const RunRecord& run) {
            const Json step = stepOf(run, id);
            return step.is_null() ? tr("off") : q(at(step, "options").dump());
        });
}

void addEngaged(Differences& differences, const Registry& registry) {
    for (const Descriptor& descriptor : registry.descriptors()) {
        const std::string id(descriptor.id);
        differences.addTold(
            tr("%1 engaged").arg(q(descriptor.title)), [&id, &registry](const RunRecord& run) {
                const Json evidence = at(run.engaged, id);
                const Json engaged = at(evidence, "engaged");
                if (!engaged.is_boolean()) return QString();
                // The answer first, in as few letters as can be: columns of several runs are
                // narrow.
                return QStringLiteral("%1 · %2").arg(engaged.get<bool>() ? tr("yes") : tr("no"),
                                                     countedText(id, evidence, registry));
            });
    }
}

void addRecipe(Differences& differences, const RunRecord& baseline,
               const std::vector<RunRecord>& runs, const Registry& registry) {
    for (const Descriptor& descriptor : registry.descriptors()) {
        const std::string id(descriptor.id);
        const auto has = [&id](const RunRecord& run) { return !stepOf(run, id).is_null(); };
        addTechnique(differences, descriptor,
                     has(baseline) && std::all_of(runs.begin(), runs.end(), has), registry);
    }
    addUnknown(differences, baseline, runs, registry);
    addEngaged(differences, registry);
}

void addConditions(Differences& differences) {
    using New = profiler::NewRun;
    differences.add(tr("Model"), [](const RunRecord& run) { return q(run.what.model_name); });
    const std::pair<const char*, const char*> workload[] = {
        {QT_TRANSLATE_NOOP("RunDifferences", "Prompt tokens"), "prompt_tokens"},
        {QT_TRANSLATE_NOOP("RunDifferences", "Generated tokens"), "generated_tokens"},
        {QT_TRANSLATE_NOOP("RunDifferences", "Sequences"), "concurrency"},
        {QT_TRANSLATE_NOOP("RunDifferences", "Repetitions"), "repetitions"},
        {QT_TRANSLATE_NOOP("RunDifferences", "Seed"), "seed"},
        {QT_TRANSLATE_NOOP("RunDifferences", "Text"), "text"},
        {QT_TRANSLATE_NOOP("RunDifferences", "Text's hash"), "text_hash"},
        {QT_TRANSLATE_NOOP("RunDifferences", "Protocol"), "protocol"},
        {QT_TRANSLATE_NOOP("RunDifferences", "Context"), "context"},
        {QT_TRANSLATE_NOOP("RunDifferences", "Windows at most"), "windows"}};
    for (const auto& [what, key] : workload) differences.addField(what, key, &New::workload);
    differences.addField(QT_TRANSLATE_NOOP("RunDifferences", "Device"), "device", &New::target);
    differences.addField(QT_TRANSLATE_NOOP("RunDifferences", "Threads"), "threads", &New::target);
    const std::pair<const char*, const char*> environment[] = {
        {QT_TRANSLATE_NOOP("RunDifferences", "Machine"), "hostname"},
        {QT_TRANSLATE_NOOP("RunDifferences", "Processor"), "cpu"},
        {QT_TRANSLATE_NOOP("RunDifferences", "Instruction set"), "isa"},
        {QT_TRANSLATE_NOOP("RunDifferences", "Governor"), "governor"},
        {QT_TRANSLATE_NOOP("RunDifferences", "Kernel"), "kernel"},
        {QT_TRANSLATE_NOOP("RunDifferences", "Version of Hone"), "hone_version"},
        {QT_TRANSLATE_NOOP("RunDifferences", "Commit of Hone"), "commit"},
        {QT_TRANSLATE_NOOP("RunDifferences", "Build type"), "build_type"},
        {QT_TRANSLATE_NOOP("RunDifferences", "Compiler"), "compiler"}};
    for (const auto& [what, key] : environment) differences.addField(what, key, &New::environment);
}

}  // namespace

std::vector<RunDifference> runDifferences(const RunRecord& baseline,
                                          const std::vector<RunRecord>& runs,
                                          const Registry& registry) {
    Differences differences(baseline, runs);
    addRecipe(differences, baseline, runs, registry);
    differences.markRecipe();
    addConditions(differences);
    return differences.take();
}

}  // namespace hone::ui
