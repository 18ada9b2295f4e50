// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/text_label.h"

namespace hone::ui {

QColor toneColor(Tone tone) {
    const Palette& p = Theme::instance().palette();
    switch (tone) {
        case Tone::text:
            return p.text;
        case Tone::muted:
            return p.mutedText;
        case Tone::accent:
            return p.accent;
        case Tone::better:
            return p.better;
        case Tone::worse:
            return p.worse;
        case Tone::warning:
            return p.warning;
        case Tone::baseline:
            return p.baseline;
    }
    return p.text;
}

TextLabel::TextLabel(const QString& text, TextStyle style, Tone tone, QWidget* parent)
    : QLabel(text, parent), tone_(tone) {
    setFont(Theme::instance().font(style));
    setTextFormat(Qt::PlainText);
    recolor();
    connect(&Theme::instance(), &Theme::changed, this, &TextLabel::recolor);
}

void TextLabel::setTone(Tone tone) {
    tone_ = tone;
    recolor();
}

void TextLabel::recolor() {
    QPalette colors = palette();
    colors.setColor(QPalette::WindowText, toneColor(tone_));
    setPalette(colors);
}

TextLabel* sectionHeader(const QString& text, QWidget* parent) {
    auto* label = new TextLabel(text.toUpper(), TextStyle::caption, Tone::muted, parent);
    QFont font = label->font();
    font.setLetterSpacing(QFont::PercentageSpacing, 104);
    label->setFont(font);
    return label;
}

}  // namespace hone::ui
