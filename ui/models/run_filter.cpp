// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_filter.h"

#include <QCoreApplication>
#include <QHash>
#include <QRegularExpression>
#include <algorithm>
#include <optional>

#include "profiler/statistics/metrics.h"
#include "ui/models/metric_text.h"

namespace hone::ui {

namespace {

using profiler::RunRecord;

QString tr(const char* text) {
    return QCoreApplication::translate("RunFilter", text);
}

QString q(const std::string& text) {
    return QString::fromStdString(text);
}

QString joinedTags(const RunRecord& run) {
    QStringList tags;
    for (const std::string& tag : run.tags) tags.append(q(tag));
    return tags.join(QLatin1Char('\n'));
}

using TextOf = QString (*)(const RunRecord&);

const QHash<QString, TextOf>& textFields() {
    static const QHash<QString, TextOf> fields{
        {QStringLiteral("model"),
         [](const RunRecord& r) {
             return q(r.what.model_name) + QLatin1Char('\n') + q(r.what.model_source);
         }},
        {QStringLiteral("recipe"),
         [](const RunRecord& r) {
             return q(r.what.recipe_label) + QLatin1Char('\n') + q(r.what.recipe.dump());
         }},
        {QStringLiteral("status"), [](const RunRecord& r) { return q(r.status); }},
        {QStringLiteral("side"), [](const RunRecord& r) { return q(r.what.side); }},
        {QStringLiteral("type"), [](const RunRecord& r) { return mainType(r); }},
        {QStringLiteral("tag"), joinedTags},
        {QStringLiteral("note"), [](const RunRecord& r) { return q(r.note); }},
        {QStringLiteral("star"), [](const RunRecord& r) {
             return r.starred ? QStringLiteral("yes") : QStringLiteral("no");
         }}};
    return fields;
}

// Null where no metric is called so.
const profiler::MetricDefinition* figureField(const QString& name) {
    const std::string wanted = name.toStdString();
    for (const profiler::MetricDefinition& metric : profiler::metric_definitions())
        for (const std::string_view known : metric.filter_names)
            if (!known.empty() && known == wanted) return &metric;
    return nullptr;
}

QString figureNames() {
    QStringList names;
    for (const profiler::MetricDefinition& metric : profiler::metric_definitions())
        if (const std::string_view name = metric.filter_names[0]; !name.empty())
            names.append(QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size())));
    return names.join(QLatin1Char(' '));
}

// A bare size is in MB, as the table shows it.
std::optional<double> parseFigure(const QString& text, std::string_view metricUnit) {
    static const QRegularExpression pattern(
        QStringLiteral("^([0-9]*\\.?[0-9]+(?:e[+-]?[0-9]+)?)(kb|mb|gb|ms|s|%)?$"),
        QRegularExpression::CaseInsensitiveOption);
    const auto match = pattern.match(text);
    if (!match.hasMatch()) return std::nullopt;
    const double value = match.captured(1).toDouble();
    const QString unit = match.captured(2).toLower();
    static const QHash<QString, double> scales{
        {QStringLiteral("kb"), 1e3},  {QStringLiteral("mb"), 1e6}, {QStringLiteral("gb"), 1e9},
        {QStringLiteral("ms"), 1e-3}, {QStringLiteral("s"), 1},    {QStringLiteral("%"), 0.01}};
    if (!unit.isEmpty()) return value * scales.value(unit);
    return metricUnit == "bytes" ? value * 1e6 : value;
}

bool compares(double a, const QString& relation, double b) {
    if (relation == QLatin1String(">")) return a > b;
    if (relation == QLatin1String(">=")) return a >= b;
    if (relation == QLatin1String("<")) return a < b;
    if (relation == QLatin1String("<=")) return a <= b;
    return a == b;
}

QStringList splitTerms(const QString& text) {
    static const QRegularExpression pattern(QStringLiteral("(?:[^\\s\"]|\"[^\"]*\"?)+"));
    QStringList terms;
    auto it = pattern.globalMatch(text);
    while (it.hasNext()) terms.append(it.next().captured(0).remove(QLatin1Char('"')));
    return terms;
}

bool containsWord(const RunRecord& run, const QString& word) {
    if (QString::number(run.id) == word) return true;
    // The label, not the JSON behind it: keys of options are no words that a reader of the table
    // sees.
    if (q(run.what.recipe_label).contains(word, Qt::CaseInsensitive)) return true;
    const auto& fields = textFields();
    for (const char* name : {"model", "status", "tag", "note"})
        if (fields.value(QString::fromLatin1(name))(run).contains(word, Qt::CaseInsensitive))
            return true;
    return false;
}

}  // namespace

QString mainType(const RunRecord& run) {
    const auto types = run.what.model.find("types");
    if (!run.what.model.is_object() || types == run.what.model.end() || !types->is_object())
        return {};
    std::string best;
    double most = -1;
    for (const auto& [name, bytes] : types->items())
        if (bytes.is_number() && bytes.get<double>() > most)
            most = bytes.get<double>(), best = name;
    return q(best);
}

RunFilter RunFilter::parse(const QString& text) {
    RunFilter filter;
    for (const QString& term : splitTerms(text)) filter.add(term);
    return filter;
}

void RunFilter::add(QString term) {
    const bool negated = term.size() > 1 && term.startsWith(QLatin1Char('-'));
    if (negated) term.remove(0, 1);
    const auto keep = [this, negated](Term accepts) {
        terms_.push_back([negated, accepts = std::move(accepts)](const RunRecord& run) {
            return accepts(run) != negated;
        });
    };
    static const QRegularExpression field(QStringLiteral("^([A-Za-z0-9]+)(:|>=|<=|>|<|=)(.*)$"));
    const auto match = field.match(term);
    if (!match.hasMatch())
        return keep([term](const RunRecord& run) { return containsWord(run, term); });
    const QString name = match.captured(1).toLower(), relation = match.captured(2),
                  wanted = match.captured(3);
    if (wanted.isEmpty()) return;  // still being typed
    if (relation == QLatin1String(":") && textFields().contains(name)) {
        const TextOf textOf = textFields().value(name);
        return keep([textOf, wanted](const RunRecord& run) {
            return textOf(run).contains(wanted, Qt::CaseInsensitive);
        });
    }
    const bool number = relation != QLatin1String(":");
    if (number && (name == QLatin1String("run") || name == QLatin1String("id"))) {
        const double id = wanted.toDouble();
        return keep([relation, id](const RunRecord& run) {
            return compares(static_cast<double>(run.id), relation, id);
        });
    }
    if (number && name == QLatin1String("series")) {
        const double id = wanted.toDouble();
        return keep([relation, id](const RunRecord& run) {
            return run.what.series &&
                   compares(static_cast<double>(run.what.series->id), relation, id);
        });
    }
    const profiler::MetricDefinition* metric = figureField(name);
    const auto value = metric == nullptr ? std::nullopt : parseFigure(wanted, metric->unit);
    if (number && value)
        return keep([id = std::string(metric->id), relation, value](const RunRecord& run) {
            const auto figure = metricOf(run, id);
            return figure && compares(figure->value, relation, *value);
        });
    if (error_.isEmpty()) error_ = tr("“%1” is not understood. %2").arg(term, help());
}

bool RunFilter::accepts(const RunRecord& run) const {
    return std::all_of(terms_.begin(), terms_.end(),
                       [&run](const Term& term) { return term(run); });
}

QString RunFilter::help() {
    return tr("Write words, fields (model: recipe: status: type: tag: note: star:yes) and figures "
              "with > < = "
              "(%1 run series), such as model:smol decode>100 -status:failed")
        .arg(figureNames());
}

}  // namespace hone::ui
