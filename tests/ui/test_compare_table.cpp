// SPDX-License-Identifier: GPL-3.0-or-later
// The table of Compare with many runs: what stays on top, groups, columns, views.
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QHeaderView>
#include <QLineEdit>
#include <QMenu>
#include <QScrollBar>
#include <QSettings>
#include <QSignalSpy>
#include <QSplitter>
#include <QToolButton>
#include <memory>

#include "tests/ui/compare_fixture.h"
#include "ui/pages/compare/staying_menu.h"

using namespace hone;
using namespace hone::ui;
using Ids = std::vector<std::int64_t>;

class TestCompareTable : public QObject {
    Q_OBJECT
private slots:
    void init() {
        QSettings().clear();
        start();
    }
    void cleanup() { f_.reset(); }

    void baselineAndTickedRunsStayOnTop() {
        fill();
        f_->tickOnly(baseline_ + 3);
        const Ids top{baseline_, baseline_ + 3};
        QCOMPARE(firstTwo(), top);
        filter(QStringLiteral("decode>200 status:done"));
        QCOMPARE(firstTwo(), top);
        QCOMPARE(f_->order().size(), std::size_t{5});
        for (const auto order : {Qt::AscendingOrder, Qt::DescendingOrder}) {
            table()->sortByColumn(RunsModel::columnOf("decode_tokens_per_second"), order);
            QCOMPARE(firstTwo(), top);
        }
        filter(QString());
        QCOMPARE(f_->order().size(), std::size_t{9});
        QCOMPARE(f_->order()[2], baseline_ + 8);  // the fastest of the others
    }

    void aFilterThatNothingMatchesSaysSoAndIsCleared() {
        fill();
        f_->tickOnly(baseline_ + 3);
        filter(QStringLiteral("nothing is called so"));
        QCOMPARE(f_->order(), (Ids{baseline_, baseline_ + 3}));
        QVERIFY(f_->says(QStringLiteral("No run matches “nothing is called so”.")));
        auto* clear = f_->button(QStringLiteral("Clear the filter"));
        QVERIFY(clear != nullptr);
        // Below the rows that are there, and not over them.
        QVERIFY(clear->parentWidget()->y() >= table()->viewport()->y() + 2 * spacing::rowHeight);
        QTest::mouseClick(clear, Qt::LeftButton);
        QCOMPARE(box()->text(), QString());
        QCOMPARE(f_->order().size(), std::size_t{9});
        QVERIFY(!f_->says(QStringLiteral("No run matches")));
    }

    void whatStaysIsInSightWhereverOneScrolls() {
        fillMany(60);
        f_->tickOnly(baseline_ + 2);
        f_->window.resize(1200, 900);
        QApplication::processEvents();
        auto* bar = table()->verticalScrollBar();
        bar->setValue(bar->maximum() / 2);
        QVERIFY(bar->value() > 10);
        for (const int row : {0, 1}) {
            const QModelIndex index = table()->model()->index(row, RunsModel::Recipe);
            QCOMPARE(table()->visualRect(index).top(), row * spacing::rowHeight);
            QCOMPARE(table()->indexAt(table()->visualRect(index).center()), index);
        }
        QCOMPARE(table()->indexAt(QPoint(5, 2 * spacing::rowHeight + 5)).row(), bar->value() + 2);
        // It is painted there: the baseline's mark is filled.
        const QImage shown = table()->viewport()->grab().toImage();
        bar->setValue(0);
        const QImage atTop = table()->viewport()->grab().toImage();
        const QRect stuck(0, 0, shown.width(), 2 * spacing::rowHeight - 2);
        QVERIFY(shown.copy(stuck) == atTop.copy(stuck));
        QVERIFY(shown != atTop);
    }

    void theCursorIsNeverCovered() {
        fillMany(60);
        f_->tickOnly(baseline_ + 2);
        table()->setCurrentIndex(table()->model()->index(59, RunsModel::Recipe));
        for (int row = 59; row >= 0; --row) {
            const QRect cell = table()->visualRect(table()->currentIndex());
            QCOMPARE(table()->currentIndex().row(), row);
            QVERIFY2(table()->viewport()->rect().contains(cell.center()),
                     qPrintable(QString::number(row)));
            QCOMPARE(table()->indexAt(cell.center()), table()->currentIndex());
            QTest::keyClick(table(), Qt::Key_Up);
        }
    }

    // Ticking one after the other with the keyboard: the cursor does not go to the top with a run.
    void spaceTicksAndGoesOn() {
        fill();
        f_->tickOnly(baseline_ + 3);
        table()->selectRun(baseline_ + 6);
        QTest::keyClick(table(), Qt::Key_Space);
        QTest::keyClick(table(), Qt::Key_Space);
        QVERIFY(f_->isTicked(baseline_ + 6));
        QVERIFY(f_->isTicked(baseline_ + 5));
        QCOMPARE(table()->currentRun()->id, baseline_ + 4);
        QCOMPARE(table()->selectedRuns(), Ids{baseline_ + 4});
    }

    void ticksAreCountedClearedAndShownAlone() {
        fill();
        f_->tickOnly(baseline_ + 3);
        f_->tick(baseline_ + 6);
        QCOMPARE(f_->bar()->counts(), QStringLiteral("9 runs, 3 compared"));
        filter(QStringLiteral("decode>200 status:done"));
        QCOMPARE(f_->bar()->counts(), QStringLiteral("9 runs, 3 shown, 3 compared"));
        filter(QString());
        auto* only =
            f_->named<QCheckBox>(QStringLiteral("Show the baseline and the ticked runs only"));
        QTest::mouseClick(only, Qt::LeftButton, {}, QPoint(8, only->height() / 2));
        QCOMPARE(f_->order(), (Ids{baseline_, baseline_ + 6, baseline_ + 3}));
        QTest::mouseClick(f_->button(QStringLiteral("Clear ticks")), Qt::LeftButton);
        QCOMPARE(f_->order(), Ids{baseline_});
        QCOMPARE(f_->comparison().rowCount(), 0);
        QVERIFY(f_->says(QStringLiteral("No run is ticked.")));
        QVERIFY(!f_->button(QStringLiteral("Clear ticks"))->isEnabled());
        QTest::mouseClick(f_->button(QStringLiteral("Show all runs")), Qt::LeftButton);
        QCOMPARE(f_->order().size(), std::size_t{9});
        QVERIFY(!only->isChecked());
    }

    void theCursorStaysNearWhenItsRowIsFilteredAway() {
        fillMany(60);
        table()->selectRun(baseline_ + 30);
        filter(QStringLiteral("run<30"));
        QCOMPARE(table()->currentRun()->id, std::int64_t{29});
        filter(QString());
        QCOMPARE(table()->currentRun()->id, std::int64_t{29});
    }

    void theSplitterIsKept() {
        fill();
        auto* splitter = vertical();
        const int before = splitter->sizes()[0];
        QTest::keyClick(table(), Qt::Key_Down, Qt::ControlModifier | Qt::ShiftModifier);
        QTest::keyClick(table(), Qt::Key_Up, Qt::ControlModifier | Qt::ShiftModifier);
        QWidget* handle = splitter->handle(1);
        QTest::mousePress(handle, Qt::LeftButton, {}, handle->rect().center());
        for (const int by : {10, 40}) {
            const QPoint at = handle->rect().center() + QPoint(0, by);
            QMouseEvent move(QEvent::MouseMove, at, handle->mapToGlobal(at), Qt::NoButton,
                             Qt::LeftButton, Qt::NoModifier);
            QApplication::sendEvent(handle, &move);
        }
        QTest::mouseRelease(handle, Qt::LeftButton);
        const QList<int> sizes = splitter->sizes();
        QVERIFY2(sizes[0] > before, qPrintable(QString::number(sizes[0])));
        start();
        fill();
        QCOMPARE(vertical()->sizes(), sizes);
    }

    void aColumnOfModelsComesWithTheSecondModel() {
        fill();
        QVERIFY(table()->isColumnHidden(RunsModel::Model));
        storeOther();
        f_->await(10);
        QVERIFY(!table()->isColumnHidden(RunsModel::Model));
        QCOMPARE(
            f_->rows()->index(f_->rows()->rowOf(baseline_ + 9), RunsModel::Model).data().toString(),
            QStringLiteral("other.Q4_1.gguf"));
        QMenu menu;
        table()->fillColumnMenu(menu);
        for (QAction* action : menu.actions())
            if (action->text() == QStringLiteral("Model")) action->setChecked(false);
        storeOther();
        f_->await(11);
        QVERIFY(table()->isColumnHidden(RunsModel::Model));  // as it was chosen
    }

    void groupsOpenAndCloseWithKeysAndMouse() {
        fill();
        storeOther();
        f_->await(10);
        f_->tickOnly(0);
        auto* groups = f_->named<QComboBox>(QStringLiteral("Groups of runs"));
        groups->setCurrentIndex(groups->findText(QStringLiteral("By model")));
        // The baseline on top; a heading with the other model's run, which is the newest; a heading
        // with the eight others.
        QCOMPARE(f_->order().size(), std::size_t{12});
        QCOMPARE(f_->order()[1], std::int64_t{0});
        QCOMPARE(title(1), QStringLiteral("other.Q4_1.gguf · 1 run"));
        QCOMPARE(title(3), QStringLiteral("SmolLM2-135M-Instruct.BF16.gguf · 8 runs"));
        table()->setCurrentIndex(table()->model()->index(3, RunsModel::Recipe));
        QVERIFY(table()->currentRun() == nullptr && table()->selectedRuns().empty());
        for (const auto& [key, rows] :
             {std::pair(Qt::Key_Left, 4), std::pair(Qt::Key_Right, 12),
              std::pair(Qt::Key_Return, 4), std::pair(Qt::Key_Space, 12)}) {
            QTest::keyClick(table(), key);
            QCOMPARE(table()->model()->rowCount(), rows);
            QCOMPARE(table()->currentIndex().row(), 3);
        }
        const QPoint heading = table()->visualRect(table()->currentIndex()).center();
        QTest::mouseClick(table()->viewport(), Qt::LeftButton, {}, heading);
        QCOMPARE(table()->model()->rowCount(), 4);
        // A run that is asked for is shown, whatever is closed.
        emit f_->session.runRequested(baseline_ + 2);
        QCOMPARE(table()->currentRun()->id, baseline_ + 2);
        groups->setCurrentIndex(groups->findText(QStringLiteral("By recipe")));
        QVERIFY(f_->rows()->groupBy() == RunsProxy::GroupBy::recipe);
        start();  // and it is kept
        QVERIFY(f_->rows()->groupBy() == RunsProxy::GroupBy::recipe);
    }

    void allMeansWhatTheFilterShows() {
        fill();
        f_->tickOnly(baseline_ + 3);
        filter(QStringLiteral("status:failed"));
        table()->setFocus();
        QTest::keyClick(table(), Qt::Key_A, Qt::ControlModifier);
        QCOMPARE(table()->selectedRuns(), Ids{baseline_ + 7});
    }

    void columnsAreMovedAndKept() {
        fill();
        QHeaderView* header = table()->horizontalHeader();
        QVERIFY(header->sectionsMovable());
        const int before = header->visualIndex(RunsModel::When);
        table()->setCurrentIndex(table()->model()->index(2, RunsModel::When));
        QTest::keyClick(table(), Qt::Key_Left, Qt::ControlModifier | Qt::ShiftModifier);
        QVERIFY(header->visualIndex(RunsModel::When) < before);
        // With the mouse, past its right neighbour.
        const int recipe = header->visualIndex(RunsModel::Recipe);
        const int left = header->sectionViewportPosition(RunsModel::Recipe);
        const int width = header->sectionSize(RunsModel::Recipe);
        const QPoint from(left + width / 2, header->height() / 2);
        QTest::mousePress(header->viewport(), Qt::LeftButton, {}, from);
        for (const int by : {20, width, width + 20}) {
            const QPoint at = from + QPoint(by, 0);
            QMouseEvent move(QEvent::MouseMove, at, header->viewport()->mapToGlobal(at),
                             Qt::NoButton, Qt::LeftButton, Qt::NoModifier);
            QApplication::sendEvent(header->viewport(), &move);
        }
        QTest::mouseRelease(header->viewport(), Qt::LeftButton, {}, from + QPoint(width + 20, 0));
        QVERIFY(header->visualIndex(RunsModel::Recipe) > recipe);
        const int moved = header->visualIndex(RunsModel::Recipe),
                  when = header->visualIndex(RunsModel::When);
        start();
        QCOMPARE(table()->horizontalHeader()->visualIndex(RunsModel::Recipe), moved);
        QCOMPARE(table()->horizontalHeader()->visualIndex(RunsModel::When), when);
        QCOMPARE(table()->horizontalHeader()->visualIndex(RunsModel::Pin), 0);
    }

    void theColumnsMenuStaysOpen() {
        fill();
        StayingMenu menu;
        table()->fillColumnMenu(menu);
        menu.popup(QPoint(10, 10));
        QVERIFY(QTest::qWaitForWindowExposed(&menu));
        int ticked = 0;
        for (QAction* action : menu.actions().mid(0, 3)) {
            const bool before = action->isChecked();
            const QPoint at = menu.actionGeometry(action).center();
            QTest::mouseMove(&menu, at);
            QTest::mouseClick(&menu, Qt::LeftButton, {}, at);
            QVERIFY(menu.isVisible());
            ticked += action->isChecked() != before ? 1 : 0;
        }
        QCOMPARE(ticked, 3);
        const bool before = menu.activeAction()->isChecked();
        QTest::keyClick(&menu, Qt::Key_Space);
        QVERIFY(menu.isVisible() && menu.activeAction()->isChecked() != before);
        QTest::keyClick(&menu, Qt::Key_Escape);
        QVERIFY(!menu.isVisible());
    }

    void viewsAreKeptUnderTheirNames() {
        fill();
        f_->tickOnly(0);
        filter(QStringLiteral("decode>200 status:done"));
        table()->sortByColumn(RunsModel::columnOf("peak_memory"), Qt::AscendingOrder);
        auto* groups = f_->named<QComboBox>(QStringLiteral("Groups of runs"));
        groups->setCurrentIndex(groups->findText(QStringLiteral("By recipe")));
        table()->setColumnHidden(RunsModel::When, true);
        const Ids shown = f_->order();
        {
            QMenu menu;
            f_->bar()->fillViewsMenu(menu);
            menu.popup(QPoint(10, 10));
            QVERIFY(QTest::qWaitForWindowExposed(&menu));
            auto* name = menu.findChild<QLineEdit*>();
            QTest::keyClicks(name, QStringLiteral("fast & small"));
            QTest::keyClick(name, Qt::Key_Return);
            QVERIFY(!menu.isVisible());
        }
        groups->setCurrentIndex(0);
        start();
        fill();
        f_->tickOnly(0);
        QMenu menu;
        f_->bar()->fillViewsMenu(menu);
        QCOMPARE(menu.actions().first()->text(), QStringLiteral("fast && small"));
        menu.actions().first()->trigger();
        QCOMPARE(box()->text(), QStringLiteral("decode>200 status:done"));
        QCOMPARE(f_->order(), shown);
        QVERIFY(table()->isColumnHidden(RunsModel::When));
        QVERIFY(f_->rows()->sortColumn() == RunsModel::columnOf("peak_memory"));
        removeView(QStringLiteral("fast & small"));
        QVERIFY(savedViews().empty());
    }

    // What settings hold is as untrusted as a file.
    void viewsThatCannotBeReadAreLeftOut() {
        for (const char* stored : {"", "{", "7", "[7, {\"name\": 3}, {\"filter\": \"x\"}]"}) {
            QSettings().setValue(QStringLiteral("compare/views"), QByteArray(stored));
            QVERIFY(savedViews().empty());
        }
        RunView view;
        view.name = QStringLiteral("odd");
        view.sortColumn = QStringLiteral("no such column");
        view.groupBy = QStringLiteral("no such group");
        view.columns = {QStringLiteral("no such column"), QStringLiteral("recipe")};
        fill();
        table()->setView(view);
        QCOMPARE(f_->order().size(), std::size_t{9});
    }

private:
    void start() {
        f_.reset();
        f_ = std::make_unique<test::CompareFixture>();
    }
    void fill() { baseline_ = f_->fill(); }
    void fillMany(int runs) {
        testing::InventedRun run;
        run.label = "baseline";
        const nlohmann::json few{{"prompt_tokens", 8}, {"generated_tokens", 2}, {"repetitions", 1}};
        for (int i = 0; i < runs; ++i) {
            const std::int64_t id =
                testing::storeRun(f_->session.store(), run, few, test::CompareFixture::target);
            if (i == 0) baseline_ = id;
            run.label = "run " + std::to_string(i);
            run.recipe = {{{"technique", "kv_cache"}, {"options", {{"dtype", "int8"}}}}};
        }
        f_->await(runs);
        f_->session.setPinnedBaseline(baseline_);
    }
    void storeOther() {
        testing::InventedRun run;
        run.label = "baseline";
        run.model = "/models/other.Q4_1.gguf";
        testing::storeRun(f_->session.store(), run, test::CompareFixture::workload,
                          test::CompareFixture::target);
    }
    RunsTable* table() const { return f_->table(); }
    QLineEdit* box() const { return f_->named<QLineEdit>(QStringLiteral("Filter the runs")); }
    void filter(const QString& text) { box()->setText(text); }
    QString title(int row) const {
        return f_->rows()->index(row, RunsModel::Recipe).data().toString();
    }
    Ids firstTwo() const {
        const Ids order = f_->order();
        return {order.begin(), order.begin() + 2};
    }
    QSplitter* vertical() const {
        for (auto* splitter : f_->window.findChildren<QSplitter*>())
            if (splitter->orientation() == Qt::Vertical) return splitter;
        return nullptr;
    }
    std::int64_t baseline_ = 0;
    std::unique_ptr<test::CompareFixture> f_;
};

HONE_SCRIPTED_MAIN(TestCompareTable)
#include "test_compare_table.moc"
