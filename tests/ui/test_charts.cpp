// SPDX-License-Identifier: GPL-3.0-or-later
#include <qcustomplot.h>

#include <QApplication>
#include <QClipboard>
#include <QDialog>
#include <QImage>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>

#include "ui/charts/end_labels.h"
#include "ui/charts/histogram_chart.h"
#include "ui/charts/interval_bars_chart.h"
#include "ui/charts/label_placement.h"
#include "ui/charts/line_chart.h"
#include "ui/charts/scatter_chart.h"
#include "ui/charts/stacked_bars_chart.h"
#include "ui/theme/theme.h"

using namespace hone::ui;

namespace {

QCustomPlot* plotOf(const Chart& chart) {
    return chart.findChild<QCustomPlot*>();
}

void showChart(Chart& chart) {
    chart.resize(420, 240);
    chart.show();
    QVERIFY(QTest::qWaitForWindowExposed(&chart));
    plotOf(chart)->replot(QCustomPlot::rpImmediateRefresh);
}

}  // namespace

class TestCharts : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { Theme::instance().apply(Scheme::light); }

    void histogramPlotsItsCounts() {
        HistogramChart chart(QStringLiteral("Weights"));
        QVERIFY(chart.isEmpty());
        chart.setData(-1, 1, {1, 5, 0, 2});
        showChart(chart);
        auto* bars = qobject_cast<QCPBars*>(plotOf(chart)->plottable(0));
        QVERIFY(bars != nullptr);
        QCOMPARE(bars->dataCount(), 3);  // an empty bin draws nothing
        QCOMPARE(bars->dataMainKey(1), -0.25);
        QCOMPARE(bars->dataMainValue(1), 5.0);
        QCOMPARE(plotOf(chart)->xAxis->range().lower, -1.0);
        QCOMPARE(plotOf(chart)->yAxis->range().lower, 0.0);
        QVERIFY(chart.accessibleDescription().contains(QStringLiteral("4 bins")));
    }

    void histogramRefusesBoundsThatDoNotIncrease() {
        HistogramChart chart;
        chart.setData(1, 1, {3, 4});
        QVERIFY(chart.isEmpty());
        chart.setData(0, std::numeric_limits<double>::infinity(), {3, 4});
        QVERIFY(chart.isEmpty());
    }

    void emptyTextIsShownAndRead() {
        HistogramChart chart;
        chart.setEmptyText(QStringLiteral("Choose a tensor"));
        chart.setData(0, 1, {});
        QCOMPARE(chart.accessibleDescription(), QStringLiteral("Choose a tensor"));
        QVERIFY(!plotOf(chart)->isVisibleTo(&chart));
    }

    void savesPngSvgAndCsv() {
        QTemporaryDir folder;
        HistogramChart chart(QStringLiteral("Weights"));
        chart.setData(0, 2, {7, 9});
        showChart(chart);
        const QString png = folder.filePath(QStringLiteral("a.png"));
        QCOMPARE(chart.saveTo(png), QString());
        const QImage image(png);
        QCOMPARE(image.size(), plotOf(chart)->size() * 2);
        const QRgb accent = Theme::instance().palette().candidate.rgb();
        bool painted = false;
        for (int y = 0; y < image.height() && !painted; ++y)
            for (int x = 0; x < image.width() && !painted; ++x)
                painted = image.pixel(x, y) == accent;
        QVERIFY(painted);

        const QString svg = folder.filePath(QStringLiteral("a.svg"));
        QCOMPARE(chart.saveTo(svg), QString());
        QFile vector(svg);
        QVERIFY(vector.open(QIODevice::ReadOnly));
        QVERIFY(vector.readAll().contains("<svg"));

        const QString csv = folder.filePath(QStringLiteral("a.csv"));
        QCOMPARE(chart.saveTo(csv), QString());
        QFile text(csv);
        QVERIFY(text.open(QIODevice::ReadOnly));
        QCOMPARE(text.readAll(), QByteArray("from,to,weights\n0,1,7\n1,2,9\n"));
        QVERIFY(chart.saveTo(QStringLiteral("/nowhere/a.png"))
                    .contains(QStringLiteral("/nowhere/a.png")));
        QVERIFY(
            chart.saveTo(folder.filePath(QStringLiteral("a.gif"))).contains(QStringLiteral("gif")));
    }

    // As in the timeline, maps and pictures; it was the other way round over every chart.
    void theWheelAwayFromOneselfZoomsIn() {
        const auto one = [](double v) { return formatNumber(v); };
        HistogramChart histogram(QStringLiteral("Weights"));
        histogram.setData(-1, 1, {1, 5, 0, 2});
        IntervalBarsChart bars(QStringLiteral("Decode"));
        bars.setData(QStringLiteral("tok/s"), one,
                     {{QStringLiteral("a"), 3, 2, 4, ChartColor::baseline()}});
        ScatterChart scatter(QStringLiteral("Accuracy against speed"));
        scatter.setAxes({QStringLiteral("decode"), true, one}, {QStringLiteral("KL"), false, one});
        scatter.setPoints({{QStringLiteral("a"), {1, 1, 1}, {1, 1, 1}, ChartColor::baseline()},
                           {QStringLiteral("b"), {2, 2, 2}, {3, 3, 3}, ChartColor::candidate()}});
        LineChart line(QStringLiteral("Time"),
                       {QStringLiteral("token"), QStringLiteral("ms"), {}, true});
        line.setSeries({{QStringLiteral("a"),
                         ChartColor::baseline(),
                         {0, 1, 2},
                         {1, 2, 1},
                         {},
                         {},
                         {},
                         true,
                         false}});
        for (Chart* chart : std::initializer_list<Chart*>{&histogram, &bars, &scatter, &line}) {
            showChart(*chart);
            QCustomPlot* plot = plotOf(*chart);
            const auto size = [plot] { return plot->xAxis->range().size(); };
            const QPointF middle = plot->axisRect()->rect().center();
            const auto turn = [plot, middle](int by, Qt::KeyboardModifiers held = Qt::NoModifier) {
                QWheelEvent event(middle, plot->mapToGlobal(middle), {}, {0, by}, Qt::NoButton,
                                  held, Qt::NoScrollPhase, false);
                QApplication::sendEvent(plot, &event);
            };
            const double before = size();
            chart->clearFocus();
            turn(120);
            QVERIFY(qAbs(size() - before) < 1e-9 * before);  // the page's turn
            turn(120, Qt::ControlModifier);
            QVERIFY(size() < before);
            turn(-120, Qt::ControlModifier);
            chart->setFocus();
            turn(120);
            const double nearer = size();
            QVERIFY2(nearer < before, qPrintable(chart->accessibleName()));
            turn(-120);
            QVERIFY(qAbs(size() - before) < 1e-9 * before);
            turn(-120);
            QVERIFY(size() > before);
        }
    }

    void aNameCoversNoPartOfAnInterval() {
        ScatterChart chart(QStringLiteral("Accuracy against speed"));
        const auto one = [](double v) { return formatNumber(v); };
        chart.setAxes({QStringLiteral("decode"), true, one}, {QStringLiteral("KL"), false, one});
        chart.setPoints({{QStringLiteral("a long name of a run"),
                          {100, 80, 120},
                          {0.5, 0.4, 0.6},
                          ChartColor::baseline()},
                         {QStringLiteral("another"),
                          {200, 150, 250},
                          {0.1, 0.05, 0.2},
                          ChartColor::candidate()}});
        showChart(chart);
        QCustomPlot* plot = plotOf(chart);
        int bars = 0, names = 0;
        for (int i = 0; i < plot->itemCount(); ++i) {
            const auto* name = qobject_cast<QCPItemText*>(plot->item(i));
            if (name == nullptr || !name->visible() || !name->text().startsWith(QLatin1Char('a')))
                continue;
            ++names;
            const QRectF box(name->topLeft->pixelPosition(), name->bottomRight->pixelPosition());
            for (int j = 0; j < plot->itemCount(); ++j) {
                const auto* bar = qobject_cast<QCPItemLine*>(plot->item(j));
                if (bar == nullptr) continue;
                ++bars;
                const QRectF drawn =
                    QRectF(bar->start->pixelPosition(), bar->end->pixelPosition()).normalized();
                QVERIFY(!box.intersects(drawn.adjusted(-0.6, -0.6, 0.6, 0.6)));
                // Where there is no room beside it, the bar is drawn over the name.
                QVERIFY(bar->layer()->index() > name->layer()->index());
            }
        }
        QCOMPARE(names, 2);
        QCOMPARE(bars, 8);
    }

    void worksByKeyboard() {
        HistogramChart chart(QStringLiteral("Weights"));
        chart.setData(0, 2, {7, 9});
        showChart(chart);
        chart.setFocus();
        QTest::keyClick(&chart, Qt::Key_Plus);
        QVERIFY(plotOf(chart)->xAxis->range().size() < 2);
        QTest::keyClick(&chart, Qt::Key_0);
        QCOMPARE(plotOf(chart)->xAxis->range().size(), 2.0);
        QTest::keyClick(&chart, Qt::Key_C, Qt::ControlModifier);
        QVERIFY(QGuiApplication::clipboard()->text().contains(QStringLiteral("1\t2\t9")));
        QTest::keyClick(&chart, Qt::Key_Return);
        auto* dialog = chart.findChild<QDialog*>();
        QVERIFY(dialog != nullptr);
        QCOMPARE(dialog->findChild<QTableWidget*>()->item(1, 2)->text(), QStringLiteral("9"));
    }

    void linesPlotTheirValuesAndBands() {
        LineChart chart(
            QStringLiteral("Speed"),
            {QStringLiteral("repetition"), QStringLiteral("tok/s"), QStringLiteral("tok/s")});
        LineSeries series{QStringLiteral("baseline"),
                          ChartColor::baseline(),
                          {1, 2, 3},
                          {10, 12, 11},
                          {9, 11, 10},
                          {11, 13, 12},
                          {true, false, false},
                          true,
                          false};
        chart.setSeries({series});
        showChart(chart);
        bool line = false, band = false, fadedMark = false;
        for (int i = 0; i < plotOf(chart)->graphCount(); ++i) {
            QCPGraph* graph = plotOf(chart)->graph(i);
            line = line || (graph->lineStyle() != QCPGraph::lsNone && graph->dataCount() == 2 &&
                            graph->dataMainValue(0) == 12);
            band = band || (graph->channelFillGraph() != nullptr && graph->dataMainValue(1) == 13);
            fadedMark = fadedMark || (graph->lineStyle() == QCPGraph::lsNone &&
                                      graph->dataCount() == 1 && graph->dataMainValue(0) == 10);
        }
        QVERIFY(line);
        QVERIFY(band);
        QVERIFY(fadedMark);
        QCOMPARE(plotOf(chart)->yAxis->range().lower, 0.0);
        QCOMPARE(chart.table().rows[1], (QStringList{"2", "12", "11", "13"}));
        QVERIFY(chart.accessibleDescription().contains(QStringLiteral("baseline")));
    }

    void keepsTheZoomOfAUserWhileDataArrives() {
        LineChart chart(QStringLiteral("Speed"),
                        {QStringLiteral("repetition"), QStringLiteral("tok/s"), {}});
        chart.setSeries({LineSeries{
            QStringLiteral("a"), ChartColor::baseline(), {1, 2}, {3, 4}, {}, {}, {}, true, false}});
        showChart(chart);
        QTest::keyClick(&chart, Qt::Key_Plus);
        const QCPRange zoomed = plotOf(chart)->xAxis->range();
        chart.setSeries({LineSeries{QStringLiteral("a"),
                                    ChartColor::baseline(),
                                    {1, 2, 3},
                                    {3, 4, 5},
                                    {},
                                    {},
                                    {},
                                    true,
                                    false}});
        QCOMPARE(plotOf(chart)->xAxis->range(), zoomed);
        chart.resetView();
        QVERIFY(plotOf(chart)->xAxis->range().upper >= 3);
    }

    void endLabelsDoNotOverlap() {
        const auto places = spreadApart({50, 52, 51, 10}, 14, 0, 60);
        auto sorted = places;
        std::sort(sorted.begin(), sorted.end());
        for (std::size_t i = 1; i < sorted.size(); ++i)
            QVERIFY(sorted[i] - sorted[i - 1] >= 14 - 1e-9);
        QVERIFY(sorted.back() <= 60);
        QVERIFY(places[0] < places[2] && places[2] < places[1]);
    }

    void stacksMemoryByClassInFixedHues() {
        StackedBarsChart chart(QStringLiteral("Peak memory"), QStringLiteral("bytes"), formatBytes);
        chart.setData({QStringLiteral("baseline"), QStringLiteral("recipe")},
                      memoryParts({{{"weights", 100}, {"kv_cache", 20}, {"peak_resident", 120}},
                                   {{"weights", 40}, {"peak_resident", 40}}}));
        showChart(chart);
        QCOMPARE(plotOf(chart)->plottableCount(), 2);  // classes without bytes are left out
        auto* weights = qobject_cast<QCPBars*>(plotOf(chart)->plottable(0));
        QCOMPARE(weights->dataMainValue(1), 40.0);
        QCOMPARE(weights->brush().color(), Theme::instance().palette().weights);
        QCOMPARE(qobject_cast<QCPBars*>(plotOf(chart)->plottable(1))->barBelow(), weights);
        QCOMPARE(plotOf(chart)->xAxis->range().upper, 120.0);
        QVERIFY(chart.accessibleDescription().contains(QStringLiteral("120")));
    }

    void scatterDrawsTheFront() {
        ScatterChart chart(QStringLiteral("Accuracy against speed"));
        chart.setAxes({QStringLiteral("decode"), true, [](double v) { return formatNumber(v); }},
                      {QStringLiteral("KL"), false, [](double v) { return formatNumber(v); }});
        const auto at = [](double v) { return ScatterValue{v, v, v}; };
        chart.setPoints(
            {{QStringLiteral("baseline"), at(100), at(0), ChartColor::baseline()},
             {QStringLiteral("good"), {200, 195, 205}, at(0.01), ChartColor::candidate()},
             {QStringLiteral("bad"), at(150), at(0.5), ChartColor::further(0)},
             {QStringLiteral("same as good"), at(200), at(0.01), ChartColor::further(1)}});
        showChart(chart);
        QCOMPARE(chart.front(), (std::vector<std::size_t>{0, 1, 3}));
        QCOMPARE(plotOf(chart)->graph(0)->pen().style(), Qt::DashLine);
        QCOMPARE(plotOf(chart)->graph(0)->dataCount(), 3);
        QCOMPARE(plotOf(chart)->graphCount(), 5);
        QVERIFY(chart.accessibleDescription().contains(QStringLiteral("good")));
    }

    void aFarPointDoesNotPressTheOthersTogether() {
        ScatterChart chart(QStringLiteral("Accuracy against speed"));
        chart.setAxes({QStringLiteral("decode"), true, [](double v) { return formatNumber(v); }},
                      {QStringLiteral("KL"), false, [](double v) { return formatNumber(v); }});
        const auto at = [](double v) { return ScatterValue{v, v, v}; };
        chart.setPoints(
            {{QStringLiteral("baseline"), at(100), at(0), ChartColor::baseline()},
             {QStringLiteral("near"), at(120), {0.003, 0.001, 0.005}, ChartColor::candidate()},
             {QStringLiteral("far"), at(150), at(7), ChartColor::further(0)}});
        showChart(chart);
        QVERIFY(chart.logarithmicY() && !chart.logarithmicX());
        const QCPAxis* y = plotOf(chart)->yAxis;
        const double height = plotOf(chart)->axisRect()->height();
        const double near = y->coordToPixel(0.003), far = y->coordToPixel(7);
        // The near point keeps clear of nothing below and of the far one above.
        QVERIFY(y->coordToPixel(y->range().lower) - near > height / 12);
        QVERIFY(near - far > height / 2);
        // The baseline's nothing has a place and a label of its own.
        QVERIFY(y->tickVectorLabels().contains(QStringLiteral("0")));
        chart.setPoints({{QStringLiteral("one"), at(100), at(0.01), ChartColor::baseline()},
                         {QStringLiteral("two"), at(120), at(0.02), ChartColor::candidate()}});
        QVERIFY(!chart.logarithmicY());
        QCOMPARE(y->scaleType(), QCPAxis::stLinear);
    }

    void scatterLabelsOverlapNeitherPointsNorEachOther() {
        std::vector<QPointF> points;
        std::vector<QSizeF> sizes;
        for (int i = 0; i < 12; ++i) {
            points.emplace_back(60 + 9 * (i % 4), 60 + 7 * (i / 4));
            sizes.emplace_back(50, 12);
        }
        const QRectF area(0, 0, 300, 200);
        const auto places = placeBesidePoints(points, sizes, area, 4);
        std::vector<QRectF> placed;
        for (std::size_t i = 0; i < places.size(); ++i)
            if (places[i]) placed.emplace_back(*places[i], sizes[i]);
        QVERIFY(placed.size() >= 4);
        for (std::size_t i = 0; i < placed.size(); ++i) {
            QVERIFY(area.contains(placed[i]));
            for (const QPointF& point : points) QVERIFY(!placed[i].contains(point));
            for (std::size_t j = 0; j < i; ++j) QVERIFY(!placed[i].intersects(placed[j]));
        }
    }

    void intervalBarsStartAtZero() {
        IntervalBarsChart chart(QStringLiteral("Decode"));
        chart.setData(QStringLiteral("tok/s"), [](double v) { return formatNumber(v); },
                      {{QStringLiteral("baseline"), 131, 130, 132, ChartColor::baseline()},
                       {QStringLiteral("int8"), 240, 235, 250, ChartColor::candidate()}});
        showChart(chart);
        QCOMPARE(plotOf(chart)->xAxis->range().lower, 0.0);
        QCOMPARE(plotOf(chart)->xAxis->range().upper, 250.0);
        QCOMPARE(qobject_cast<QCPBars*>(plotOf(chart)->plottable(1))->dataMainValue(0), 240.0);
        QCOMPARE(chart.table().rows[1], (QStringList{"int8", "240", "235", "250"}));
    }

    void followsTheScheme() {
        HistogramChart chart(QStringLiteral("Weights"));
        chart.setData(0, 2, {7, 9});
        showChart(chart);
        Theme::instance().apply(Scheme::dark);
        QCOMPARE(plotOf(chart)->plottable(0)->brush().color(),
                 Theme::instance().palette().candidate);
        Theme::instance().apply(Scheme::light);
        QCOMPARE(plotOf(chart)->plottable(0)->brush().color(),
                 Theme::instance().palette().candidate);
    }
};

QTEST_MAIN(TestCharts)
#include "test_charts.moc"
