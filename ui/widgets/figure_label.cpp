// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/figure_label.h"

#include <QHBoxLayout>
#include <QVBoxLayout>

#include "ui/theme/plain_text.h"

namespace hone::ui {

FigureLabel::FigureLabel(const QString& caption, QWidget* parent)
    : QWidget(parent),
      figure_(new TextLabel(QStringLiteral("–"), TextStyle::figure)),
      unit_(new TextLabel({}, TextStyle::body, Tone::muted)),
      note_(new TextLabel({}, TextStyle::caption, Tone::muted)),
      caption_(caption) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(new TextLabel(caption, TextStyle::caption, Tone::muted));
    auto* line = new QHBoxLayout;
    line->setSpacing(4);
    line->addWidget(figure_);
    line->addWidget(unit_, 0, Qt::AlignBottom);
    line->addStretch();
    unit_->setContentsMargins(0, 0, 0, 5);
    layout->addLayout(line);
    layout->addWidget(note_);
    note_->hide();
}

void FigureLabel::setFigure(const QString& figure, const QString& tooltip) {
    const auto space = figure.indexOf(QChar(0x00A0));
    figure_->setText(space < 0 ? figure : figure.left(space));
    unit_->setText(space < 0 ? QString() : figure.mid(space + 1));
    setToolTip(plainTip(tooltip));
    setAccessibleName(caption_ + QStringLiteral(": ") + figure);
}

void FigureLabel::setNote(const QString& note, Tone tone) {
    note_->setText(note);
    note_->setTone(tone);
    note_->setVisible(!note.isEmpty());
}

}  // namespace hone::ui
