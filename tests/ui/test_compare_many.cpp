// SPDX-License-Identifier: GPL-3.0-or-later
// Compare with 500 stored runs of three models: what one does there answers at once.
#include <QApplication>
#include <QComboBox>
#include <QElapsedTimer>
#include <QLineEdit>
#include <QSettings>
#include <functional>
#include <memory>

#include "tests/ui/compare_fixture.h"

using namespace hone;
using namespace hone::ui;

class TestCompareMany : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() {
        QSettings().clear();
        f_ = std::make_unique<test::CompareFixture>();
        const nlohmann::json few{{"prompt_tokens", 8}, {"generated_tokens", 2}, {"repetitions", 1}};
        testing::InventedRun run;
        std::int64_t baseline = 0;
        for (int i = 0; i < runs; ++i) {
            run.model = "/models/model-" + std::to_string(i * models / runs) + ".gguf";
            const bool plain = i % 10 == 0;
            run.label = plain ? "baseline" : "sparsity 0." + std::to_string(i % 10);
            run.recipe = nlohmann::json::array();
            if (!plain)
                run.recipe = {{{"technique", "prune_magnitude"},
                               {"options", {{"sparsity", 0.1 * (i % 10)}}}}};
            run.decode = 100 + i % 37;
            const std::int64_t id = testing::storeRun(
                f_->session.store(), run, few, test::CompareFixture::target, plain ? 0 : baseline);
            if (plain) baseline = id;
        }
        f_->await(runs);
        for (const int ticked : {2, 3, 4, 5, 6}) f_->tick(ticked);
    }
    void cleanupTestCase() { f_.reset(); }
    void cleanup() {
        filter(QString());
        f_->rows()->setGroupBy(RunsProxy::GroupBy::nothing);
    }

    void itOpensWithinASecond() {
        Session& session = f_->session;
        std::unique_ptr<Page> page;
        QVERIFY2(quickest([&] {
                     page.reset(makeComparePage(session));
                     QList<QWidget*> header = page->headerWidgets();
                     for (QWidget* widget : header) widget->setParent(page.get());
                     page->resize(1200, 800);
                     page->show();
                     page->shown();
                 }) < 1000 * slack,
                 told());
        QCOMPARE(page->findChild<RunsTable*>()->model()->rowCount(), runs);
    }

    void filteringAnswersAtOnce() {
        QVERIFY2(quickest([this] {
                     filter(QString());
                     filter(QStringLiteral("model:model-1 decode>110 status:done"));
                 }) < 2 * atOnce,
                 told());
        QVERIFY(f_->rows()->matching().size() > 50 && f_->rows()->matching().size() < 200);
    }

    void sortingAnswersAtOnce() {
        const int decode = RunsModel::columnOf("decode_tokens_per_second");
        for (const int column : {decode, static_cast<int>(RunsModel::Recipe)}) {
            QVERIFY2(quickest([this, column] {
                         f_->table()->sortByColumn(column, Qt::AscendingOrder);
                         f_->table()->sortByColumn(column, Qt::DescendingOrder);
                     }) < 2 * atOnce,
                     told());
        }
        f_->table()->sortByColumn(RunsModel::When, Qt::DescendingOrder);
    }

    void groupingAnswersAtOnce() {
        for (const auto by : {RunsProxy::GroupBy::model, RunsProxy::GroupBy::recipe})
            QVERIFY2(quickest([this, by] {
                         f_->rows()->setGroupBy(RunsProxy::GroupBy::nothing);
                         f_->rows()->setGroupBy(by);
                     }) < 2 * atOnce,
                     told());
        QVERIFY(f_->rows()->rowCount() > runs);
        QVERIFY2(quickest([this] {
                     f_->rows()->setAllCollapsed(true);
                     f_->rows()->setAllCollapsed(false);
                 }) < 2 * atOnce,
                 told());
    }

    void tickingAnswersAtOnce() {
        QVERIFY2(quickest([this] {
                     f_->table()->selectRun(20);
                     QTest::keyClick(f_->table(), Qt::Key_Space);
                     f_->table()->selectRun(20);
                     QTest::keyClick(f_->table(), Qt::Key_Space);
                 }) < 2 * atOnce,
                 told());
    }

private:
    static constexpr int runs = 500, models = 3;
#ifdef NDEBUG
    static constexpr double slack = 1;
#else
    static constexpr double slack = 4;  // a development build is that much slower
#endif
    static constexpr double atOnce = 100 * slack;  // milliseconds

    // Milliseconds until what was done is laid out and painted: the least of several times, since
    // what else the machine does is not the window's.
    double quickest(const std::function<void()>& act) {
        least_ = 1e9;
        for (int i = 0; i < 5; ++i) {
            QElapsedTimer timer;
            timer.start();
            act();
            QApplication::sendPostedEvents();
            QApplication::processEvents();
            least_ = std::min(least_, static_cast<double>(timer.nsecsElapsed()) / 1e6);
        }
        qInfo("%.1f ms", least_);
        return least_;
    }
    const char* told() {
        told_ = QStringLiteral("%1 ms").arg(least_).toUtf8();
        return told_.constData();
    }
    void filter(const QString& text) {
        f_->named<QLineEdit>(QStringLiteral("Filter the runs"))->setText(text);
    }
    double least_ = 0;
    QByteArray told_;
    std::unique_ptr<test::CompareFixture> f_;
};

HONE_SCRIPTED_MAIN(TestCompareMany)
#include "test_compare_many.moc"
