// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

#include "ui/charts/chart.h"
#include "ui/widgets/card.h"

class QToolButton;

namespace hone::ui {

// A button with the menu of the chart that `chart` gives, for those who do not try a right click.
QToolButton* chartMenuButton(const QString& name, std::function<Chart*()> chart);

// A card around a chart: its title, and its menu behind a button.
class ChartCard : public Card {
    Q_OBJECT
public:
    ChartCard(const QString& title, Chart* chart, QWidget* parent = nullptr);
    Chart* chart() const { return chart_; }

private:
    Chart* chart_;
};

}  // namespace hone::ui
