// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/chart_card.h"

#include <QMenu>
#include <utility>

#include "ui/widgets/buttons.h"

namespace hone::ui {

QToolButton* chartMenuButton(const QString& name, std::function<Chart*()> chart) {
    QToolButton* more = iconButton(QStringLiteral("more"), name);
    QObject::connect(more, &QToolButton::clicked, more, [more, chart = std::move(chart)] {
        QMenu menu(more);
        chart()->addMenuActions(menu);
        menu.exec(more->mapToGlobal(QPoint(0, more->height())));
    });
    return more;
}

ChartCard::ChartCard(const QString& title, Chart* chart, QWidget* parent)
    : Card(title, parent), chart_(chart) {
    body()->addWidget(chart);
    addHeaderWidget(chartMenuButton(tr("Data of “%1”").arg(title), [chart] { return chart; }));
}

}  // namespace hone::ui
