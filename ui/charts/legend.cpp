// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/legend.h"

#include <qcustomplot.h>

#include <QFontMetrics>

#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

constexpr int swatch = 8, textOffset = 13, entryGap = 14, lineHeight = 17, topGap = 4;

}  // namespace

std::vector<QPoint> Legend::places(int width) const {
    const QFontMetrics metrics(Theme::instance().font(TextStyle::caption));
    std::vector<QPoint> result;
    QPoint at(0, topGap);
    for (const LegendEntry& entry : entries_) {
        const int need = textOffset + metrics.horizontalAdvance(entry.text);
        if (at.x() > 0 && at.x() + need > width) at = QPoint(0, at.y() + lineHeight);
        result.push_back(at);
        at.rx() += need + entryGap;
    }
    return result;
}

int Legend::height(int width) const {
    return entries_.empty() ? 0 : places(width).back().y() + lineHeight;
}

void Legend::draw(QCustomPlot& plot, int width) const {
    const std::vector<QPoint> at = places(width);
    const int top = plot.height() - height(width);
    for (std::size_t i = 0; i < entries_.size(); ++i) {
        const QPointF corner(at[i].x(), top + at[i].y());
        auto* box = new QCPItemRect(&plot);
        box->setClipToAxisRect(false);
        box->setLayer(QStringLiteral("overlay"));
        box->setPen(Qt::NoPen);
        box->setBrush(entries_[i].color);
        const double middle = corner.y() + lineHeight / 2.0;
        box->topLeft->setType(QCPItemPosition::ptAbsolute);
        box->bottomRight->setType(QCPItemPosition::ptAbsolute);
        box->topLeft->setCoords(corner.x(), middle - swatch / 2.0);
        box->bottomRight->setCoords(corner.x() + swatch, middle + swatch / 2.0);
        auto* text = new QCPItemText(&plot);
        text->setClipToAxisRect(false);
        text->setLayer(QStringLiteral("overlay"));
        text->setText(entries_[i].text);
        text->setFont(Theme::instance().font(TextStyle::caption));
        text->setColor(Theme::instance().palette().mutedText);
        text->setPadding(QMargins());
        text->setPositionAlignment(Qt::AlignLeft | Qt::AlignVCenter);
        text->position->setType(QCPItemPosition::ptAbsolute);
        text->position->setCoords(corner.x() + textOffset, middle);
    }
}

}  // namespace hone::ui
