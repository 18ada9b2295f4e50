// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPushButton>
#include <QToolButton>

namespace hone::ui {

// The one action a place is about: filled with the accent.
QPushButton* primaryButton(const QString& text, QWidget* parent = nullptr);
QPushButton* plainButton(const QString& text, const QString& icon = {}, QWidget* parent = nullptr);
// An icon alone; `name` is its accessible name and tooltip.
QToolButton* iconButton(const QString& icon, const QString& name, QWidget* parent = nullptr);
// A word that reads as a link and acts as a button. It begins where it stands: the style pads it on
// its right alone.
QToolButton* linkButton(const QString& text, QWidget* parent = nullptr);

}  // namespace hone::ui
