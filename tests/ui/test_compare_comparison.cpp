// SPDX-License-Identifier: GPL-3.0-or-later
// The comparison below the table of runs: its rows, its charts, and what is exported of it.
#include <QFile>
#include <QLineEdit>
#include <QMenu>
#include <QSettings>
#include <QSignalSpy>
#include <QTabBar>
#include <memory>

#include "tests/ui/compare_fixture.h"
#include "ui/charts/scatter_chart.h"

using namespace hone;
using namespace hone::ui;

class TestCompareComparison : public QObject {
    Q_OBJECT
private slots:
    void init() {
        QSettings().clear();
        start();
    }
    void cleanup() { f_.reset(); }

    void metricsComeFirstAndTheRecipeIsFolded() {
        fill();
        f_->tickOnly(baseline_ + 4);
        f_->tick(baseline_ + 6);
        const ComparisonModel& model = f_->comparison();
        const int heading = model.headingRow();
        QVERIFY(heading > 4);
        QCOMPARE(text(0), QStringLiteral("Prefill"));
        QVERIFY2(text(heading).startsWith(QStringLiteral("Recipe: ")), qPrintable(text(heading)));
        const int folded = model.rowCount();
        auto* table = f_->window.findChild<ComparisonTable*>();
        table->setCurrentIndex(model.index(heading, 0));
        QTest::keyClick(table, Qt::Key_Return);
        QVERIFY(model.rowCount() > folded);
        QVERIFY(text(heading + 1).contains(QStringLiteral("Quantise weights")));
        QTest::keyClick(table, Qt::Key_Left);
        QCOMPARE(model.rowCount(), folded);
        table->scrollTo(model.index(heading, 0));
        QTest::mouseClick(table->viewport(), Qt::LeftButton, {},
                          table->visualRect(model.index(heading, 0)).center());
        QVERIFY(model.rowCount() > folded);
        start();  // and it is kept
        QVERIFY(f_->comparison().recipeShown());
    }

    void aPointLeadsToItsRunAndTicksIt() {
        fill();
        f_->tickOnly(0);
        auto* scatter = f_->window.findChild<ScatterChart*>();
        QApplication::processEvents();
        const auto rows = scatter->table().rows;
        const QString wanted = QStringLiteral("%1 int4 group 32").arg(baseline_ + 6);
        std::size_t point = 0;
        while (point < rows.size() && !rows[point].first().startsWith(wanted)) ++point;
        QVERIFY2(point < rows.size(), "its name begins with the run's number");
        auto* plot = scatter->findChild<QWidget*>(QString(), Qt::FindDirectChildrenOnly);
        for (auto* child : scatter->findChildren<QWidget*>())
            if (child->inherits("QCustomPlot")) plot = child;
        const QPoint at = scatter->pixel(point).toPoint();
        QTest::mouseClick(plot, Qt::LeftButton, {}, at);
        QCOMPARE(f_->table()->currentRun()->id, baseline_ + 6);
        QVERIFY(!f_->isTicked(baseline_ + 6));
        QTest::mouseDClick(plot, Qt::LeftButton, {}, at);
        QVERIFY(f_->isTicked(baseline_ + 6));
        // Beside every point nothing happens.
        const auto current = f_->table()->currentRun()->id;
        QTest::mouseClick(plot, Qt::LeftButton, {}, QPoint(plot->width() - 3, plot->height() / 2));
        QCOMPARE(f_->table()->currentRun()->id, current);
    }

    void everyChartNamesRunsByTheirNumbers() {
        fill();
        f_->tickOnly(baseline_ + 6);
        auto* tabs = f_->named<QTabBar>(QStringLiteral("What the chart shows"));
        const QString number = QStringLiteral("%1 int4 group 32").arg(baseline_ + 6);
        for (int tab = 0; tab < tabs->count(); ++tab) {
            tabs->setCurrentIndex(tab);
            bool named = false;
            for (const Chart* chart : f_->window.findChildren<Chart*>())
                named = named || (chart->isVisible() && chart->table().csv().contains(number));
            QVERIFY2(named, qPrintable(tabs->tabText(tab)));
        }
    }

    void anExportSaysHowManyRunsItHolds() {
        fill();
        f_->tickOnly(baseline_ + 4);
        f_->tick(baseline_ + 6);
        f_->named<QLineEdit>(QStringLiteral("Filter the runs"))
            ->setText(QStringLiteral("status:done"));
        QMenu menu;
        page()->fillExportMenu(menu);
        QStringList texts;
        for (const QAction* action : menu.actions())
            if (!action->isSeparator()) texts.append(action->text());
        QCOMPARE(texts,
                 (QStringList{QStringLiteral("The comparison of 2 runs with run %1").arg(baseline_),
                              QStringLiteral("3 compared runs"), QStringLiteral("7 shown runs"),
                              QStringLiteral("All 9 runs")}));
        const QString path = QString::fromStdString(test::scratchFile("runs.csv").string());
        for (const auto& [what, lines] : {std::pair(ComparePage::Exported::compared, 4),
                                          std::pair(ComparePage::Exported::shown, 8),
                                          std::pair(ComparePage::Exported::all, 10)}) {
            QVERIFY(!page()->exportTo(path, what, profiler::ReportFormat::csv));
            QCOMPARE(read(path).count('\n'), lines);
        }
    }

    void theComparisonIsExportedInEveryForm() {
        fill();
        f_->tickOnly(baseline_ + 6);
        const QString path = QString::fromStdString(test::scratchFile("comparison").string());
        for (const auto& [format, part] :
             {std::pair(profiler::ComparisonFormat::html, "<svg"),
              std::pair(profiler::ComparisonFormat::markdown, "× faster"),
              std::pair(profiler::ComparisonFormat::csv, "decode_tokens_per_second"),
              std::pair(profiler::ComparisonFormat::json, "\"comparisons\"")}) {
            QVERIFY(!page()->exportComparison(path, format));
            QVERIFY2(read(path).contains(part), part);
        }
        QVERIFY(page()->exportComparison(QStringLiteral("/nowhere/a.html"),
                                         profiler::ComparisonFormat::html));
        f_->tickOnly(0);
        QMenu menu;
        page()->fillExportMenu(menu);
        QVERIFY(!menu.actions().first()->isEnabled());  // there is none
    }

private:
    void start() {
        f_.reset();
        f_ = std::make_unique<test::CompareFixture>();
    }
    void fill() { baseline_ = f_->fill(); }
    ComparePage* page() const { return static_cast<ComparePage*>(f_->page); }
    QString text(int row) const { return f_->comparison().index(row, 0).data().toString(); }
    static QByteArray read(const QString& path) {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    std::int64_t baseline_ = 0;
    std::unique_ptr<test::CompareFixture> f_;
};

HONE_SCRIPTED_MAIN(TestCompareComparison)
#include "test_compare_comparison.moc"
