// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/charts/chart.h"
#include "ui/widgets/card.h"

namespace hone::ui {

// A card around a chart: its title, and its menu behind a button, for those who do not try a right click.
class ChartCard : public Card {
    Q_OBJECT
public:
    ChartCard(const QString& title, Chart* chart, QWidget* parent = nullptr);
    Chart* chart() const { return chart_; }

private:
    Chart* chart_;
};

}  // namespace hone::ui
