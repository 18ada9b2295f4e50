// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "ui/widgets/text_label.h"

namespace hone::ui {

// The one figure a card is about, 28 px, with its unit beside and a caption above it.
class FigureLabel : public QWidget {
    Q_OBJECT
public:
    explicit FigureLabel(const QString& caption, QWidget* parent = nullptr);
    // `figure` as the format functions give it: what follows the first no-break space is shown as
    // the unit.
    void setFigure(const QString& figure, const QString& tooltip = {});
    void setNote(const QString& note, Tone tone = Tone::muted);  // under the figure

private:
    TextLabel* figure_;
    TextLabel* unit_;
    TextLabel* note_;
    QString caption_;
};

}  // namespace hone::ui
