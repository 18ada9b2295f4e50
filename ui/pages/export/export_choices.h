// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>
#include <vector>

#include "ui/models/session.h"

namespace hone::ui {

// A format or a type of matrices that can be chosen for an export.
struct ExportChoice {
    QString id, label, help;
    bool quantised = false;
};

std::vector<ExportChoice> exportFormats();
// What kernels/weights/list.inc offers for files, and first that each matrix keeps its type.
std::vector<ExportChoice> exportTypes();
// One sentence on the choice `id`; nothing where there is none.
QString helpOf(const std::vector<ExportChoice>& choices, const QString& id);

// The recipe's label, or the lists of values it has: "quantize_weights.scheme = q8_0,q4_0".
QString recipeText(const Session& session);
// Titles of the recipe's techniques that no file holds.
QStringList leftOutOfExport(const Session& session);

// A file's name, without suffix, for a model of that name.
QString exportFileName(const QString& model);

}  // namespace hone::ui
