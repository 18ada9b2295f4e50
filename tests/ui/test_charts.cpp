// SPDX-License-Identifier: GPL-3.0-or-later
#include <qcustomplot.h>

#include <QApplication>
#include <QClipboard>
#include <QDialog>
#include <QImage>
#include <QTableWidget>
#include <QTemporaryDir>
#include <QTest>

#include "ui/charts/histogram_chart.h"
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
            for (int x = 0; x < image.width() && !painted; ++x) painted = image.pixel(x, y) == accent;
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
        QVERIFY(chart.saveTo(QStringLiteral("/nowhere/a.png")).contains(QStringLiteral("/nowhere/a.png")));
        QVERIFY(chart.saveTo(folder.filePath(QStringLiteral("a.gif"))).contains(QStringLiteral("gif")));
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

    void followsTheScheme() {
        HistogramChart chart(QStringLiteral("Weights"));
        chart.setData(0, 2, {7, 9});
        showChart(chart);
        Theme::instance().apply(Scheme::dark);
        QCOMPARE(plotOf(chart)->plottable(0)->brush().color(), Theme::instance().palette().candidate);
        Theme::instance().apply(Scheme::light);
        QCOMPARE(plotOf(chart)->plottable(0)->brush().color(), Theme::instance().palette().candidate);
    }
};

QTEST_MAIN(TestCharts)
#include "test_charts.moc"
