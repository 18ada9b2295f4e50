// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/stacked_bars_chart.h"

#include <qcustomplot.h>

#include <algorithm>
#include <numeric>

#include "ui/charts/axis_style.h"
#include "ui/charts/legend.h"
#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

constexpr double barWidth = 0.56;
constexpr int labelGap = 6;

QCPItemText* addTotal(QCustomPlot& plot, const QString& text) {
    auto* label = new QCPItemText(&plot);
    label->setClipToAxisRect(false);
    label->setLayer(QStringLiteral("overlay"));
    label->setText(text);
    label->setFont(Theme::instance().font(TextStyle::caption));
    label->setColor(Theme::instance().palette().mutedText);
    label->setPadding(QMargins(labelGap, 0, 0, 0));
    label->setPositionAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    label->position->setType(QCPItemPosition::ptPlotCoords);
    return label;
}

}  // namespace

StackedBarsChart::StackedBarsChart(const QString& name, const QString& unit, Format format,
                                   QWidget* parent)
    : Chart(name, parent), unit_(unit), format_(std::move(format)) {
    plot().axisRect()->setRangeZoom(Qt::Horizontal);
    plot().axisRect()->setRangeDrag(Qt::Horizontal);
}

void StackedBarsChart::setData(const QStringList& bars, std::vector<StackedPart> parts) {
    bars_ = bars;
    parts_ = std::move(parts);
    refresh();
}

bool StackedBarsChart::isEmpty() const {
    for (int bar = 0; bar < bars_.size(); ++bar)
        if (total(bar) > 0) return false;
    return true;
}

double StackedBarsChart::total(int bar) const {
    return std::accumulate(parts_.begin(), parts_.end(), 0.0,
                           [bar](double sum, const StackedPart& part) {
                               return sum + part.values[static_cast<std::size_t>(bar)];
                           });
}

void StackedBarsChart::draw() {
    totals_.clear();
    styleAxis(plot().xAxis, true);
    styleAxis(plot().yAxis, false);
    setCategories(plot().yAxis, bars_);
    plot().yAxis->setRangeReversed(true);
    plot().yAxis->setTickLabelColor(Theme::instance().palette().text);
    plot().xAxis->setTicks(false);
    plot().xAxis->setTickLabels(false);
    plot().xAxis->grid()->setVisible(false);
    QCPBars* below = nullptr;
    std::vector<LegendEntry> entries;
    for (const StackedPart& part : parts_) {
        auto* bars = new QCPBars(plot().yAxis, plot().xAxis);
        bars->setName(part.title);
        bars->setWidth(barWidth);
        bars->setPen(QPen(Theme::instance().palette().surface, 1));
        bars->setBrush(part.color.resolve());
        for (std::size_t i = 0; i < part.values.size(); ++i)
            bars->addData(static_cast<double>(i), part.values[i]);
        if (below != nullptr) bars->moveAbove(below);
        below = bars;
        entries.push_back({part.title, part.color.resolve()});
    }
    int widest = 0;
    const QFontMetrics metrics(Theme::instance().font(TextStyle::caption));
    for (int bar = 0; bar < bars_.size(); ++bar) {
        totals_.push_back(addTotal(plot(), format_(total(bar))));
        widest = std::max(widest, metrics.horizontalAdvance(totals_.back()->text()));
    }
    Legend legend;
    legend.setEntries(std::move(entries));
    legend.draw(plot(), plot().width());
    plot().axisRect()->setAutoMargins(QCP::msLeft);
    plot().axisRect()->setMargins(QMargins(0, 2, widest + labelGap + 4, 2));
    plot().plotLayout()->setMargins(QMargins(0, 0, 0, legend.height(plot().width())));
}

void StackedBarsChart::fit() {
    double longest = 0;
    for (int bar = 0; bar < bars_.size(); ++bar) longest = std::max(longest, total(bar));
    plot().xAxis->setRange(0, longest);
    plot().yAxis->setRange(-0.5, static_cast<double>(bars_.size()) - 0.5);
}

void StackedBarsChart::placeLabels() {
    for (std::size_t i = 0; i < totals_.size(); ++i)
        totals_[i]->position->setCoords(
            std::min(total(static_cast<int>(i)), plot().xAxis->range().upper),
            static_cast<double>(i));
}

QString StackedBarsChart::hoverText(const QPointF& position) const {
    if (!plot().axisRect()->rect().contains(position.toPoint())) return {};
    const double row = plot().yAxis->pixelToCoord(position.y());
    const int bar = static_cast<int>(std::lround(row));
    if (bar < 0 || bar >= bars_.size() || std::abs(row - bar) > barWidth / 2) return {};
    const double at = plot().xAxis->pixelToCoord(position.x());
    QStringList lines{QStringLiteral("%1: %2").arg(bars_[bar], format_(total(bar)))};
    double sum = 0;
    for (const StackedPart& part : parts_) {
        const double value = part.values[static_cast<std::size_t>(bar)];
        const QString here = at >= sum && at < sum + value ? QStringLiteral("› ") : QString();
        lines.append(here + QStringLiteral("%1: %2").arg(part.title, format_(value)));
        sum += value;
    }
    return lines.join(QLatin1Char('\n'));
}

QString StackedBarsChart::description() const {
    QStringList parts;
    for (int bar = 0; bar < bars_.size(); ++bar)
        parts.append(QStringLiteral("%1: %2").arg(bars_[bar], format_(total(bar))));
    return parts.join(QStringLiteral("; "));
}

ChartTable StackedBarsChart::table() const {
    ChartTable result;
    result.columns = {QString()};
    for (const QString& bar : bars_)
        result.columns.append(QStringLiteral("%1 (%2)").arg(bar, unit_));
    for (const StackedPart& part : parts_) {
        QStringList row{part.title};
        for (const double value : part.values) row.append(ChartTable::figure(value));
        result.rows.push_back(row);
    }
    return result;
}

QString memoryClassTitle(const QString& memoryClass) {
    static const std::map<QString, const char*> titles{
        {QStringLiteral("weights"), QT_TRANSLATE_NOOP("MemoryClass", "weights")},
        {QStringLiteral("kv_cache"), QT_TRANSLATE_NOOP("MemoryClass", "KV cache")},
        {QStringLiteral("activations"), QT_TRANSLATE_NOOP("MemoryClass", "activations")},
        {QStringLiteral("workspace"), QT_TRANSLATE_NOOP("MemoryClass", "workspace")},
        {QStringLiteral("runtime"), QT_TRANSLATE_NOOP("MemoryClass", "runtime")},
        {QStringLiteral("unaccounted"), QT_TRANSLATE_NOOP("MemoryClass", "unaccounted")}};
    const auto it = titles.find(memoryClass);
    return it == titles.end() ? memoryClass
                              : QCoreApplication::translate("MemoryClass", it->second);
}

std::vector<StackedPart> memoryParts(
    const std::vector<std::map<std::string, std::int64_t>>& memory) {
    std::vector<std::string> order{"weights",   "kv_cache", "activations",
                                   "workspace", "runtime",  "unaccounted"};
    // A class that this list does not know is shown too, last.
    for (const auto& bar : memory)
        for (const auto& [name, bytes] : bar)
            if (name != "peak_resident" &&
                std::find(order.begin(), order.end(), name) == order.end())
                order.push_back(name);
    std::vector<StackedPart> parts;
    for (const std::string& name : order) {
        const QString id = QString::fromStdString(name);
        StackedPart part{memoryClassTitle(id), ChartColor::memory(id), {}};
        for (const auto& bar : memory) {
            const auto it = bar.find(name);
            part.values.push_back(
                it == bar.end() ? 0 : static_cast<double>(std::max<std::int64_t>(it->second, 0)));
        }
        if (std::any_of(part.values.begin(), part.values.end(), [](double v) { return v > 0; }))
            parts.push_back(std::move(part));
    }
    return parts;
}

}  // namespace hone::ui
