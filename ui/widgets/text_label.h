// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QLabel>

#include "ui/theme/theme.h"

namespace hone::ui {

// What a text's colour says.
enum class Tone { text, muted, accent, better, worse, warning, baseline };
QColor toneColor(Tone tone);

// A label in one of the theme's text styles that follows a change of scheme.
class TextLabel : public QLabel {
    Q_OBJECT
public:
    explicit TextLabel(const QString& text = {}, TextStyle style = TextStyle::body,
                       Tone tone = Tone::text, QWidget* parent = nullptr);
    void setTone(Tone tone);
    Tone tone() const { return tone_; }

private:
    void recolor();
    Tone tone_;
};

// "WEIGHTS": a muted caption above a group, in small capitals.
TextLabel* sectionHeader(const QString& text, QWidget* parent = nullptr);

}  // namespace hone::ui
