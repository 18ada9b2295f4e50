// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/axis_style.h"

#include <qcustomplot.h>

#include <QLocale>
#include <algorithm>
#include <cmath>

#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

constexpr int roomUpright = 26, roomAlong = 40;  // pixels a label

class NumberTicker : public QCPAxisTicker {
public:
    NumberTicker(const QCPAxis* axis, bool whole) : axis_(axis), whole_(whole) {}

protected:
    double getTickStep(const QCPRange& range) override {
        // As many labels as there is room for.
        const QCPAxisRect* area = axis_->axisRect();
        const bool upright = axis_->orientation() == Qt::Vertical;
        setTickCount(
            std::clamp(upright ? area->height() / roomUpright : area->width() / roomAlong, 2, 5));
        step_ = QCPAxisTicker::getTickStep(range);
        if (whole_) step_ = std::max(1.0, std::round(step_));
        return step_;
    }

    QString getTickLabel(double tick, const QLocale& locale, QChar, int) override {
        QLocale grouped = locale;  // the plot's own leaves out the separators of thousands
        grouped.setNumberOptions(QLocale::DefaultNumberOptions);
        return label(tick, grouped).replace(QLatin1Char('-'), QChar(0x2212));
    }

private:
    QString label(double tick, const QLocale& locale) const {
        if (std::abs(tick) < step_ * 1e-6) return locale.toString(0);
        if (std::abs(tick) >= 1e6) return formatCount(tick);
        if (std::abs(tick) < 1e-6) return locale.toString(tick, 'g', 3);
        const int decimals = std::max(0, static_cast<int>(std::ceil(-std::log10(step_) - 1e-9)));
        // A step of 2.5 or 0.25 needs one digit more than its magnitude says.
        const double scaled = step_ * std::pow(10.0, decimals);
        const bool exact = std::abs(scaled - std::round(scaled)) < 1e-6;
        return locale.toString(tick, 'f', exact ? decimals : decimals + 1);
    }

    const QCPAxis* axis_;
    bool whole_;
    double step_ = 1;
};

// 1, 10, 100 … as people write them, whatever the scale.
class DecadeTicker : public QCPAxisTickerLog {
public:
    explicit DecadeTicker(double zeroAt) : zeroAt_(zeroAt) { setSubTickCount(0); }

protected:
    QString getTickLabel(double tick, const QLocale& locale, QChar, int) override {
        QLocale grouped = locale;
        grouped.setNumberOptions(QLocale::DefaultNumberOptions);
        if (tick <= zeroAt_ * 1.5) return tick >= zeroAt_ / 1.5 ? grouped.toString(0) : QString();
        if (tick >= 1e6) return formatCount(tick);
        return grouped.toString(tick, 'g', 6);
    }

private:
    double zeroAt_;
};

}  // namespace

void styleAxis(QCPAxis* axis, bool grid) {
    const Theme& theme = Theme::instance();
    const Palette& palette = theme.palette();
    axis->setBasePen(Qt::NoPen);
    axis->setTickPen(Qt::NoPen);
    axis->setSubTickPen(Qt::NoPen);
    axis->setTickLengthIn(0);
    axis->setSubTickLengthIn(0);
    axis->setTickLabelPadding(6);
    axis->setTickLabelColor(palette.mutedText);
    axis->setTickLabelFont(theme.font(TextStyle::caption));
    axis->setLabelColor(palette.mutedText);
    axis->setLabelFont(theme.font(TextStyle::caption));
    axis->setLabelPadding(2);
    axis->grid()->setVisible(grid);
    axis->grid()->setPen(QPen(palette.grid, 1));
    axis->grid()->setZeroLinePen(QPen(palette.border, 1));
    axis->grid()->setSubGridVisible(false);
    axis->setTicker(QSharedPointer<NumberTicker>::create(axis, false));
}

void setCounts(QCPAxis* axis) {
    axis->setTicker(QSharedPointer<NumberTicker>::create(axis, true));
}

void setLogarithmic(QCPAxis* axis, double zeroAt) {
    styleAxis(axis, true);
    axis->setScaleType(QCPAxis::stLogarithmic);
    axis->setTicker(QSharedPointer<DecadeTicker>::create(zeroAt));
}

void setCategories(QCPAxis* axis, const QStringList& names) {
    const auto ticker = QSharedPointer<QCPAxisTickerText>::create();
    for (int i = 0; i < names.size(); ++i) ticker->addTick(i, names[i]);
    axis->setTicker(ticker);
}

void setTopCaption(QCustomPlot& plot, const QString& text) {
    if (text.isEmpty()) return;
    auto* caption = new QCPItemText(&plot);
    caption->setClipToAxisRect(false);
    caption->setLayer(QStringLiteral("overlay"));
    caption->setText(text);
    caption->setFont(Theme::instance().font(TextStyle::caption));
    caption->setColor(Theme::instance().palette().mutedText);
    caption->setPositionAlignment(Qt::AlignLeft | Qt::AlignTop);
    caption->setPadding(QMargins());
    caption->position->setTypeX(QCPItemPosition::ptViewportRatio);
    caption->position->setTypeY(QCPItemPosition::ptViewportRatio);
    caption->position->setCoords(0, 0);
}

void padRange(double& low, double& high, double share) {
    if (!(high > low)) {
        const double around = low == 0 ? 1 : std::abs(low) * 0.1;
        low -= around;
        high += around;
        return;
    }
    const double extra = (high - low) * share;
    low -= extra;
    high += extra;
}

}  // namespace hone::ui
