// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <string_view>

namespace hone::ui {

// Texts of files and of the store are anybody's: names of models and tensors, labels of recipes,
// notes, tags, reasons of failures.

// As one line of a cell, a label or a title: control characters and marks that turn the direction
// of text are written out ("\n").
QString plainLine(std::string_view text);
QString plainLine(const QString& text);

// As the entry of a menu or the text of a button: Qt would take a & for the mark of a key.
QString plainEntry(const QString& text);

// As a part of a text that is markup: every character as it is, lines stay lines, and so do an
// indentation and what is set apart.
QString plainMarkup(const QString& text);

// As a tooltip that shows every character as it is: Qt would take "<b>x</b>" for markup. Lines stay
// lines. Empty stays empty.
QString plainTip(const QString& text);

}  // namespace hone::ui
