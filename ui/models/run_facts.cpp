// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_facts.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <span>

#include "engine/experiment/protocol/experiment.h"
#include "profiler/statistics/metrics.h"
#include "ui/models/metric_text.h"
#include "ui/theme/plain_text.h"
#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

using Json = nlohmann::json;
using profiler::RunRecord;

QString tr(const char* text) {
    return QCoreApplication::translate("RunFacts", text);
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

struct Known {
    const char *key, *name;
};

// What the object says of these keys, and after them of those that are not among them.
void addKnown(Facts& facts, const Json& object, std::span<const Known> known,
              const QStringList& apart = {}) {
    QStringList told = apart;
    for (const auto& [key, name] : known) {
        told.append(QString::fromLatin1(key));
        if (const QString value = words(at(object, key)); !value.isEmpty())
            facts.push_back({tr(name), value, value});
    }
    if (!object.is_object()) return;
    for (const auto& [key, value] : object.items())
        if (!told.contains(q(key))) facts.push_back({plainLine(key), words(value), words(value)});
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

void addStep(Facts& facts, const Json& step, const Registry& registry) {
    const Json id = at(step, "technique"), options = at(step, "options");
    const Descriptor* descriptor = id.is_string() ? registry.find(id.get<std::string>()) : nullptr;
    if (descriptor == nullptr) {
        facts.push_back({words(id), words(options), tr("This version does not know it.")});
        return;
    }
    QStringList told;
    for (const Option& option : descriptor->options) {
        if (!applies(option, options)) continue;
        const Json stored = at(options, std::string(option.key));
        told.append(QStringLiteral("%1: %2").arg(
            q(option.label),
            optionText(option, stored.is_null() ? default_value(option) : stored)));
    }
    facts.push_back({q(descriptor->title),
                     told.isEmpty() ? tr("on") : told.join(QStringLiteral(" · ")),
                     told.join(QLatin1Char('\n'))});
}

}  // namespace

Facts figureFacts(const RunRecord& run) {
    Facts facts;
    for (const profiler::MetricDefinition& metric : profiler::metric_definitions()) {
        const std::string id(metric.id);
        const auto value = metricOf(run, id);
        if (!value) continue;
        const QString interval = intervalText(id, *value);
        const QString figure = formatMetric(QString::fromStdString(id), value->value);
        facts.push_back(
            {metricTitle(id),
             interval.isEmpty() ? figure : QStringLiteral("%1  (%2)").arg(figure, interval),
             metricTooltip(id, *value)});
    }
    return facts;
}

Facts recipeFacts(const RunRecord& run, const Registry& registry) {
    Facts facts;
    if (run.what.recipe.is_array())
        for (const Json& step : run.what.recipe) addStep(facts, step, registry);
    if (facts.empty()) facts.push_back({tr("Baseline"), tr("no technique")});
    return facts;
}

Facts workloadFacts(const RunRecord& run) {
    static constexpr Known known[] = {
        {"prompt_tokens", QT_TRANSLATE_NOOP("RunFacts", "Prompt tokens")},
        {"prompt_lengths", QT_TRANSLATE_NOOP("RunFacts", "Prompt lengths")},
        {"generated_tokens", QT_TRANSLATE_NOOP("RunFacts", "Generated tokens")},
        {"concurrency", QT_TRANSLATE_NOOP("RunFacts", "Sequences")},
        {"repetitions", QT_TRANSLATE_NOOP("RunFacts", "Repetitions")},
        {"resolution", QT_TRANSLATE_NOOP("RunFacts", "Resolution")},
        {"seed", QT_TRANSLATE_NOOP("RunFacts", "Seed")},
        {"text", QT_TRANSLATE_NOOP("RunFacts", "Text")},
        {"more_texts", QT_TRANSLATE_NOOP("RunFacts", "More texts")},
        {"text_hash", QT_TRANSLATE_NOOP("RunFacts", "Text's hash")},
        {"protocol", QT_TRANSLATE_NOOP("RunFacts", "Protocol")},
        {"context", QT_TRANSLATE_NOOP("RunFacts", "Context")},
        {"stride", QT_TRANSLATE_NOOP("RunFacts", "Stride")},
        {"windows", QT_TRANSLATE_NOOP("RunFacts", "Windows at most")}};
    Facts facts;
    addKnown(facts, run.what.workload, known);
    return facts;
}

Facts environmentFacts(const RunRecord& run) {
    static constexpr Known target[] = {{"device", QT_TRANSLATE_NOOP("RunFacts", "Device")},
                                       {"threads", QT_TRANSLATE_NOOP("RunFacts", "Threads")}};
    static constexpr Known environment[] = {
        {"hostname", QT_TRANSLATE_NOOP("RunFacts", "Machine")},
        {"cpu", QT_TRANSLATE_NOOP("RunFacts", "Processor")},
        {"isa", QT_TRANSLATE_NOOP("RunFacts", "Instruction set")},
        {"logical_cores", QT_TRANSLATE_NOOP("RunFacts", "Logical cores")},
        {"physical_cores", QT_TRANSLATE_NOOP("RunFacts", "Physical cores")},
        {"governor", QT_TRANSLATE_NOOP("RunFacts", "Governor")},
        {"load_average", QT_TRANSLATE_NOOP("RunFacts", "Load at the beginning")},
        {"os", QT_TRANSLATE_NOOP("RunFacts", "System")},
        {"kernel", QT_TRANSLATE_NOOP("RunFacts", "Kernel")},
        {"hone_version", QT_TRANSLATE_NOOP("RunFacts", "Version of Hone")},
        {"commit", QT_TRANSLATE_NOOP("RunFacts", "Commit of Hone")},
        {"build_type", QT_TRANSLATE_NOOP("RunFacts", "Build type")},
        {"compiler", QT_TRANSLATE_NOOP("RunFacts", "Compiler")}};
    Facts facts;
    addKnown(facts, run.what.target, target);
    const Json memory = at(run.what.environment, "memory_total");
    if (memory.is_number())
        facts.push_back({tr("Memory of the machine"), formatBytes(memory.get<double>())});
    addKnown(facts, run.what.environment, environment,
             {QStringLiteral("memory_total"), QStringLiteral("libraries")});
    return facts;
}

Facts artifactFacts(const std::vector<profiler::Artifact>& artifacts, const RunRecord& run) {
    Facts facts;
    for (const profiler::Artifact& artifact : artifacts) {
        if (artifact.checkpoint != run.what.model_source || artifact.recipe != run.what.recipe)
            continue;
        const QString path = QString::fromStdString(artifact.path);
        const Json passed = at(artifact.verification, "passed");
        QStringList parts{formatBytes(static_cast<double>(artifact.bytes))};
        if (passed.is_boolean())
            parts.append(passed.get<bool>() ? tr("verified") : tr("not what it should be"));
        if (!QFileInfo::exists(path)) parts.append(tr("no longer there"));
        facts.push_back(
            {plainLine(QFileInfo(path).fileName()), parts.join(QStringLiteral(" · ")), path});
    }
    return facts;
}

}  // namespace hone::ui
