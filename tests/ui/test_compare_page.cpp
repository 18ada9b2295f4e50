// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QFile>
#include <QLineEdit>
#include <QSettings>
#include <QSignalSpy>
#include <QTableView>
#include <memory>

#include "tests/ui/page_fixture.h"
#include "ui/charts/scatter_chart.h"
#include "ui/models/run_roles.h"
#include "ui/pages/compare/comparison_card.h"
#include "ui/pages/compare/runs_table.h"
#include "ui/pages/compare_page.h"
#include "ui/widgets/banner.h"

using namespace hone;
using namespace hone::ui;

class TestComparePage : public QObject {
    Q_OBJECT
private slots:
    void init() {
        QSettings().clear();
        f_ = std::make_unique<test::PageFixture>(builtin_registry(), makeComparePage);
    }
    void cleanup() { f_.reset(); }

    void withoutRunsItLeadsToMeasure() {
        QSignalSpy asked(&f_->session, &Session::pageRequested);
        f_->button(QStringLiteral("Measure…"))->click();
        QCOMPARE(asked.first().first().toString(), QStringLiteral("measure"));
    }

    void aFirstLookShowsAComparison() {
        fill();
        QCOMPARE(table()->model()->rowCount(), 9);
        QCOMPARE(f_->session.pinnedBaseline(), std::optional(baseline_));
        QVERIFY(comparison().rowCount() > 0);
    }

    void pinningAndTickingShowVerdictsWithIntervals() {
        fill();
        table()->selectRun(baseline_);
        QTest::keyClick(table(), Qt::Key_B);
        QCOMPARE(f_->session.pinnedBaseline(), std::optional(baseline_));
        tickOnly(baseline_ + 6);  // int4
        const QString decode = verdict(QStringLiteral("Decode"));
        QVERIFY2(decode.startsWith(QStringLiteral("▲ 2.4")), qPrintable(decode));
        const QString perplexity = verdict(QStringLiteral("Perplexity"));
        QVERIFY2(perplexity.startsWith(QStringLiteral("▼")), qPrintable(perplexity));
        const auto* scatter = f_->window.findChild<ScatterChart*>();
        QVERIFY(scatter->table().csv().contains(QStringLiteral("int4 group 32")));
    }

    void whatCannotBeComparedSaysWhy() {
        fill({{"prompt_tokens", 128}, {"generated_tokens", 16}, {"repetitions", 5}});
        testing::InventedRun longer;
        longer.label = "longer prompts";
        longer.recipe = {{{"technique", "kv_cache"}, {"options", {{"dtype", "int8"}}}}};
        const std::int64_t other = testing::storeRun(
            f_->session.store(), longer,
            {{"prompt_tokens", 512}, {"generated_tokens", 16}, {"repetitions", 5}}, target_);
        emit f_->session.runRequested(other);
        f_->session.setPinnedBaseline(baseline_);
        tickOnly(other);
        const ComparisonModel& model = comparison();
        bool refused = false;
        for (int row = 0; row < model.rowCount(); ++row)
            refused = refused ||
                      model.index(row, 1).data(Qt::ToolTipRole).toString().contains(QStringLiteral("512"));
        QVERIFY(refused);
    }

    void theFilterNarrowsAndNamesItsErrors() {
        fill();
        auto* box = f_->named<QLineEdit>(QStringLiteral("Filter the runs"));
        QTest::keyClicks(box, QStringLiteral("decode>200 status:done"));
        QCOMPARE(table()->model()->rowCount(), 3);
        box->setText(QStringLiteral("nonsense>3"));
        bool said = false;
        for (const QLabel* label : f_->window.findChildren<QLabel*>())
            said = said || (label->isVisible() && label->text().contains(QStringLiteral("nonsense>3")));
        QVERIFY(said);
        box->clear();
        QCOMPARE(table()->model()->rowCount(), 9);
    }

    void columnsSort() {
        fill();
        table()->sortByColumn(RunsModel::Decode, Qt::DescendingOrder);
        QCOMPARE(table()->model()->index(0, RunsModel::Recipe).data().toString(),
                 QStringLiteral("fixed batches of 8"));
    }

    void deletingCanBeUndone() {
        fill();
        table()->selectRun(baseline_ + 3);
        QTest::keyClick(table(), Qt::Key_Delete);
        QCOMPARE(f_->session.store().list().size(), std::size_t{8});
        QCOMPARE(table()->model()->rowCount(), 8);
        f_->button(QStringLiteral("Undo"))->click();
        QCOMPARE(f_->session.store().list().size(), std::size_t{9});
        QCOMPARE(table()->model()->rowCount(), 9);
    }

    void theTickedRunsAreExportedWithTheirBaseline() {
        fill();
        tickOnly(baseline_ + 4);
        auto* page = static_cast<ComparePage*>(f_->page);
        const QString path = QString::fromStdString(test::scratchFile("runs.out").string());
        QCOMPARE(page->exportTo(path, profiler::ReportFormat::csv), QString());
        QCOMPARE(read(path).count('\n'), 3);  // a header line and two runs
        QCOMPARE(page->exportTo(path, profiler::ReportFormat::json), QString());
        QCOMPARE(nlohmann::json::parse(read(path).toStdString())["runs"].size(), std::size_t{2});
        QCOMPARE(page->exportTo(path, profiler::ReportFormat::markdown), QString());
        QVERIFY(read(path).contains("int8 per channel"));
        QVERIFY(page->exportTo(QStringLiteral("/nowhere/runs.csv"), profiler::ReportFormat::csv)
                    .contains(QStringLiteral("/nowhere/runs.csv")));
    }

    void aFailedRunSaysWhy() {
        fill();
        table()->selectRun(baseline_ + 7);
        const auto* banner = f_->window.findChild<Banner*>();
        QVERIFY(banner->isVisible());
        QVERIFY(banner->message().contains(QStringLiteral("out of memory in layer 12")));
    }

private:
    void fill(const nlohmann::json& workload = {{"prompt_tokens", 128}, {"generated_tokens", 16}}) {
        baseline_ = testing::storeInventedRuns(f_->session.store(), workload, target_);
        emit f_->session.runsChanged();
        QTRY_VERIFY_WITH_TIMEOUT(table()->model()->rowCount() == 9, 5000);
    }
    RunsTable* table() const { return f_->window.findChild<RunsTable*>(); }
    const ComparisonModel& comparison() const { return f_->window.findChild<ComparisonCard*>()->model(); }
    QString verdict(const QString& metric) const {
        const ComparisonModel& model = comparison();
        for (int row = 0; row < model.rowCount(); ++row)
            if (model.index(row, 0).data().toString() == metric) return model.index(row, 1).data().toString();
        return QStringLiteral("no row");
    }
    void tickOnly(std::int64_t run) {
        const int column = RunsModel::Tick;
        for (int row = 0; row < table()->model()->rowCount(); ++row) {
            const QModelIndex index = table()->model()->index(row, column);
            table()->setCurrentIndex(index);
            const bool on = index.data(MarkRole).toInt() == static_cast<int>(Mark::checkOn);
            if (on != (table()->currentRun()->id == run)) QTest::keyClick(table(), Qt::Key_Space);
        }
    }
    static QByteArray read(const QString& path) {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

    const nlohmann::json target_{{"device", "cpu"}, {"threads", 2}};
    std::int64_t baseline_ = 0;
    std::unique_ptr<test::PageFixture> f_;
};

HONE_SCRIPTED_MAIN(TestComparePage)
#include "test_compare_page.moc"
