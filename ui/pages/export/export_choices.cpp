// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/export/export_choices.h"

#include <QCoreApplication>

#include "engine/core/dtype.h"
#include "ui/forms/schema_text.h"

namespace hone::ui {

namespace {

QString tr(const char* text) {
    return QCoreApplication::translate("hone::ui::ExportPage", text);
}

}  // namespace

std::vector<ExportChoice> exportFormats() {
    return {
        {QStringLiteral("gguf"), QStringLiteral("GGUF"),
         tr("One file with weights, metadata and tokeniser; loads in llama.cpp and the programs "
            "that are "
            "built on it.")},
        {QStringLiteral("safetensors"), QStringLiteral("Hugging Face"),
         tr("A folder with safetensors, configuration and tokeniser; loads in transformers and the "
            "programs that are built on it. It holds no quantised weights: F32, BF16 and F16 "
            "alone.")}};
}

std::vector<ExportChoice> exportTypes() {
    std::vector<ExportChoice> choices{{QStringLiteral("keep"), tr("As the recipe made them"),
                                       tr("Each matrix keeps its type. A type of Hone's own is "
                                          "written as the file's that holds the same "
                                          "weights, to the bit.")}};
    for (const DTypeInfo& type : all_dtypes())
        if (!type.exported.empty())
            choices.push_back(
                {text(type.id), text(type.name), text(type.exported), !type.floating});
    return choices;
}

QString helpOf(const std::vector<ExportChoice>& choices, const QString& id) {
    for (const ExportChoice& choice : choices)
        if (id == choice.id) return choice.help;
    return {};
}

QString recipeText(const Session& session) {
    if (session.swept().empty())
        return QString::fromStdString(label(session.recipe(), session.registry()));
    QStringList lists;
    for (const SweptOption& swept : session.swept())
        lists.append(QString::fromStdString(swept.technique + "." + swept.option + " = " +
                                            values_text(swept.values)));
    return lists.join(QStringLiteral("; "));
}

QStringList leftOutOfExport(const Session& session) {
    QStringList titles;
    const RecipeParts parts = parts_of(session.recipe(), session.registry());
    for (const RecipeStep& step : parts.run.steps)
        titles.append(text(session.registry().find(step.technique)->title));
    return titles;
}

QString exportFileName(const QString& model) {
    QString name = model;
    for (QChar& c : name)
        if (!c.isLetterOrNumber() && !QStringLiteral("-_.").contains(c)) c = QLatin1Char('-');
    name = name.split(QLatin1Char('-'), Qt::SkipEmptyParts).join(QLatin1Char('-'));
    return name.isEmpty() ? QStringLiteral("model") : name;
}

}  // namespace hone::ui
