// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/chart_card.h"

#include <QMenu>

#include "ui/widgets/buttons.h"

namespace hone::ui {

ChartCard::ChartCard(const QString& title, Chart* chart, QWidget* parent)
    : Card(title, parent), chart_(chart) {
    body()->addWidget(chart);
    QToolButton* more = iconButton(QStringLiteral("more"), tr("Data of “%1”").arg(title));
    connect(more, &QToolButton::clicked, this, [this, more] {
        QMenu menu(this);
        chart_->addMenuActions(menu);
        menu.exec(more->mapToGlobal(QPoint(0, more->height())));
    });
    addHeaderWidget(more);
}

}  // namespace hone::ui
