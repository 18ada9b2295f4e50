// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QComboBox>
#include <QFile>
#include <QHeaderView>
#include <QLineEdit>
#include <QMenu>
#include <QMouseEvent>
#include <QScrollBar>
#include <QSettings>
#include <QSignalSpy>
#include <QTabBar>
#include <QTableView>
#include <algorithm>
#include <memory>

#include "tests/ui/compare_fixture.h"
#include "tests/ui/invented_trace.h"
#include "ui/charts/line_chart.h"
#include "ui/charts/scatter_chart.h"
#include "ui/models/run_roles.h"
#include "ui/pages/compare/comparison_card.h"
#include "ui/pages/compare/runs_table.h"
#include "ui/pages/compare_page.h"
#include "ui/tables/figure_delegate.h"
#include "ui/widgets/banner.h"

using namespace hone;
using namespace hone::ui;

class TestComparePage : public QObject {
    Q_OBJECT
private slots:
    void init() {
        QSettings().clear();
        f_ = std::make_unique<test::CompareFixture>();
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
            refused = refused || model.index(row, 1)
                                     .data(Qt::ToolTipRole)
                                     .toString()
                                     .contains(QStringLiteral("512"));
        QVERIFY(refused);
    }

    void theFilterNarrowsAndNamesItsErrors() {
        fill();
        auto* box = f_->named<QLineEdit>(QStringLiteral("Filter the runs"));
        QTest::keyClicks(box, QStringLiteral("decode>200 status:done"));
        QCOMPARE(f_->rows()->matching().size(), std::size_t{3});
        box->setText(QStringLiteral("nonsense>3"));
        bool said = false;
        for (const QLabel* label : f_->window.findChildren<QLabel*>())
            said = said ||
                   (label->isVisible() && label->text().contains(QStringLiteral("nonsense>3")));
        QVERIFY(said);
        box->clear();
        QCOMPARE(table()->model()->rowCount(), 9);
    }

    void columnsSort() {
        fill();
        table()->sortByColumn(RunsModel::columnOf("decode_tokens_per_second"), Qt::DescendingOrder);
        QCOMPARE(
            table()->model()->index(f_->rows()->topRows(), RunsModel::Recipe).data().toString(),
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
        QVERIFY(!f_->window.findChild<Banner*>()->message().contains(QStringLiteral("deleted")) ||
                !f_->window.findChild<Banner*>()->isVisible());
    }

    void marksCanBeUndone() {
        fill();
        table()->selectRun(baseline_ + 2);
        QVERIFY(!f_->button(QStringLiteral("Undo"))->isEnabled());
        QTest::keyClick(table(), Qt::Key_S);
        QVERIFY(f_->session.store().load(baseline_ + 2)->starred);
        QVERIFY(
            f_->button(QStringLiteral("Undo"))->toolTip().contains(QStringLiteral("starring run")));
        f_->button(QStringLiteral("Undo"))->click();
        QVERIFY(!f_->session.store().load(baseline_ + 2)->starred);
        QCOMPARE(table()->currentRun()->starred, false);
    }

    void notesAndTagsAreEditedInPlace() {
        fill();
        table()->selectRun(baseline_ + 2);
        QVERIFY(table()->isColumnHidden(RunsModel::Note));
        for (const auto& [key, text] :
             {std::pair(Qt::Key_F2, "look again"), std::pair(Qt::Key_T, "slow")}) {
            QTest::keyClick(table(), key);
            auto* editor = table()->viewport()->findChild<QLineEdit*>();
            QVERIFY(editor != nullptr && editor->isVisible());
            QTest::keyClicks(editor, QString::fromLatin1(text));
            QTest::keyClick(editor, Qt::Key_Return);
            QTRY_VERIFY(table()->viewport()->findChild<QLineEdit*>() == nullptr);
        }
        QCOMPARE(f_->session.store().load(baseline_ + 2)->note, std::string("look again"));
        QCOMPARE(f_->session.store().load(baseline_ + 2)->tags, std::vector<std::string>{"slow"});
        f_->button(QStringLiteral("Undo"))->click();
        QVERIFY(f_->session.store().load(baseline_ + 2)->tags.empty());
    }

    // T, tags, Return, F2, note, Return: the note replaced the tags, because their cell was the
    // current one.
    void f2EditsTheNoteWhicheverCellIsTheCurrentOne() {
        fill();
        table()->selectRun(baseline_ + 2);
        for (int column = 0; column < RunsModel::ColumnCount; ++column) {
            if (table()->isColumnHidden(column)) continue;
            table()->setCurrentIndex(table()->currentIndex().siblingAtColumn(column));
            QTest::keyClick(table(), Qt::Key_F2);
            QCOMPARE(table()->currentIndex().column(), static_cast<int>(RunsModel::Note));
            auto* editor = table()->viewport()->findChild<QLineEdit*>();
            QVERIFY(editor != nullptr && editor->isVisible());
            QTest::keyClick(editor, Qt::Key_Escape);
            QTRY_VERIFY(table()->viewport()->findChild<QLineEdit*>() == nullptr);
        }
        QMenu menu;
        table()->fillRunMenu(menu);
        QStringList texts;
        for (const QAction* action : menu.actions()) texts << action->text();
        QVERIFY(texts.contains(QStringLiteral("Edit the note\tF2")));
    }

    // An interval is never left out without a word, however many runs are compared in however
    // little room.
    void everyIntervalIsShownOrMarked() {
        fill();
        for (const int width : {1200, 800, 600}) {
            f_->window.resize(width, 800);
            for (const std::int64_t run :
                 {baseline_ + 1, baseline_ + 4, baseline_ + 5, baseline_ + 6}) {
                tick(run);
                QTest::qWait(20);  // columns take their widths
                auto* shown =
                    f_->named<FigureTable>(QStringLiteral("Comparison with the baseline"));
                int intervals = 0;
                for (int row = 0; row < comparison().rowCount(); ++row)
                    for (int column = 1; column < comparison().columnCount(); ++column) {
                        const QModelIndex index = comparison().index(row, column);
                        const QString whole = index.data(SuffixRole).toString();
                        if (whole.isEmpty()) continue;
                        ++intervals;
                        const auto [text, suffix] =
                            FigureDelegate::shown(index, shown->visualRect(index));
                        QCOMPARE(text, index.data().toString());
                        QCOMPARE(suffix, whole);
                    }
                QVERIFY(intervals > 4);
            }
        }
        // Dragged narrower by hand: "…", and the tooltip has it.
        auto* shown = f_->named<FigureTable>(QStringLiteral("Comparison with the baseline"));
        const QModelIndex decode = comparison().index(rowOf(QStringLiteral("Decode")), 1);
        QRect narrow = shown->visualRect(decode);
        narrow.setWidth(130);
        QCOMPARE(FigureDelegate::shown(decode, narrow).second, QStringLiteral("…"));
        QVERIFY(
            decode.data(Qt::ToolTipRole).toString().contains(decode.data(SuffixRole).toString()));
    }

    // "cancelled" and "failed" are cut nowhere; the reason after them may be.
    void theWordOfAStatusIsWhole() {
        fill();
        int reasons = 0;
        for (const int width : {1900, 1200, 800}) {
            f_->window.resize(width, 800);
            QTest::qWait(20);
            for (int row = 0; row < table()->model()->rowCount(); ++row) {
                const QModelIndex index = table()->model()->index(row, RunsModel::Status);
                if (index.data(SuffixRole).toString().isEmpty()) continue;
                ++reasons;
                QCOMPARE(FigureDelegate::shown(index, table()->visualRect(index)).first,
                         index.data().toString());
            }
        }
        QVERIFY(reasons >= 3);
    }

    // Columns Note and Tags opened by themselves and left "…" of the recipes.
    void theRecipeKeepsItsWidthAndTheTableScrolls() {
        fill();
        for (const int width : {1200, 700}) {
            f_->window.resize(width, 800);
            table()->selectRun(baseline_ + 2);
            for (const auto key : {Qt::Key_F2, Qt::Key_T}) {
                QTest::keyClick(table(), key);
                QTest::keyClick(table()->viewport()->findChild<QLineEdit*>(), Qt::Key_Escape);
                QTRY_VERIFY(table()->viewport()->findChild<QLineEdit*>() == nullptr);
            }
            QTest::qWait(20);
            QVERIFY2(table()->columnWidth(RunsModel::Recipe) >= 180,
                     qPrintable(QString::number(table()->columnWidth(RunsModel::Recipe))));
        }
        QVERIFY(table()->horizontalScrollBar()->maximum() > 0);
        // Dragged by the edge of its header with the mouse.
        table()->horizontalScrollBar()->setValue(0);
        QHeaderView* header = table()->horizontalHeader();
        const int before = header->sectionSize(RunsModel::Recipe);
        const QPoint edge(header->sectionViewportPosition(RunsModel::Recipe) + before - 1,
                          header->height() / 2);
        QTest::mousePress(header->viewport(), Qt::LeftButton, {}, edge);
        drag(header->viewport(), edge + QPoint(40, 0));
        QTest::mouseRelease(header->viewport(), Qt::LeftButton, {}, edge + QPoint(80, 0));
        const int wider = header->sectionSize(RunsModel::Recipe);
        QVERIFY2(wider > before + 20, qPrintable(QString::number(wider)));
        emit f_->session.runsChanged();
        QTest::qWait(500);
        QCOMPARE(header->sectionSize(RunsModel::Recipe), wider);
        f_.reset();  // and it is remembered
        f_ = std::make_unique<test::CompareFixture>();
        QCOMPARE(table()->columnWidth(RunsModel::Recipe), wider);
    }

    // Another process measures: its runs come in, and nothing that was chosen here is lost.
    void runsOfAnotherProcessAppear() {
        fill();
        f_->window.resize(1200, 700);
        tickOnly(baseline_ + 6);
        table()->selectRun(baseline_ + 2);
        table()->selectionModel()->select(table()->currentIndex().siblingAtRow(1),
                                          QItemSelectionModel::Select | QItemSelectionModel::Rows);
        const auto selected = table()->selectedRuns();
        QCOMPARE(selected.size(), std::size_t{2});
        auto* scroll = table()->verticalScrollBar();
        scroll->setValue(1);
        const bool scrolled = scroll->value() > 0;
        const auto top = [this] {
            return table()->indexAt(QPoint(5, 5)).siblingAtColumn(RunsModel::Tick).data().toInt();
        };
        const int before = top();
        profiler::Store other(f_->session.store().info().path);
        for (int i = 0; i < 3; ++i)
            testing::storeRun(other, {"elsewhere"}, {{"prompt_tokens", 8}}, target_);
        QTRY_COMPARE_WITH_TIMEOUT(table()->model()->rowCount(), 12, 6000);
        QCOMPARE(table()->selectedRuns(), selected);
        QCOMPARE(table()->currentRun()->id, baseline_ + 2);
        QCOMPARE(comparison().columnCount(), 2);
        if (scrolled) QCOMPARE(top(), before);
        QVERIFY(f_->session.pinnedBaseline() == std::optional(baseline_));
    }

    void f5LooksAtOnce() {
        fill();
        profiler::Store other(f_->session.store().info().path);
        testing::storeRun(other, {"elsewhere"}, {{"prompt_tokens", 8}}, target_);
        f_->window.activateWindow();
        table()->setFocus();
        QTest::keyClick(table(), Qt::Key_F5);
        QCOMPARE(table()->model()->rowCount(), 10);
    }

    // A click on a recent run replaced what was ticked here.
    void aRunThatIsAskedForComesToTheTickedOnes() {
        fill();
        tickOnly(baseline_ + 6);
        emit f_->session.runRequested(baseline_ + 2);
        QCOMPARE(comparison().columnCount(), 3);
        QCOMPARE(table()->currentRun()->id, baseline_ + 2);
    }

    void whatNeedsRunsIsOfferedWithRuns() {
        for (const char* name : {"Run again", "Columns", "Export…"})
            QVERIFY2(!f_->button(QString::fromUtf8(name))->isEnabled(), name);
        fill();
        for (const char* name : {"Run again", "Columns", "Export…"})
            QVERIFY2(f_->button(QString::fromUtf8(name))->isEnabled(), name);
    }

    void aRunThatEndsDoesNotDisturbAnEdit() {
        fill();
        table()->selectRun(baseline_ + 2);
        QTest::keyClick(table(), Qt::Key_F2);
        auto* editor = table()->viewport()->findChild<QLineEdit*>();
        QTest::keyClicks(editor, QStringLiteral("half a sen"));
        testing::storeRun(f_->session.store(), {}, {{"prompt_tokens", 8}}, target_);
        emit f_->session.runsChanged();
        QTest::qWait(700);
        QCOMPARE(table()->model()->rowCount(), 9);
        QCOMPARE(table()->viewport()->findChild<QLineEdit*>(), editor);
        QTest::keyClicks(editor, QStringLiteral("tence"));
        QTest::keyClick(editor, Qt::Key_Return);
        QTRY_COMPARE(f_->session.store().load(baseline_ + 2)->note, std::string("half a sentence"));
        QTRY_COMPARE_WITH_TIMEOUT(table()->model()->rowCount(), 10, 3000);
    }

    void chosenColumnsAreRemembered() {
        fill();
        QVERIFY(table()->isColumnHidden(RunsModel::columnOf("time_to_first_token")));
        QMenu menu;
        table()->fillColumnMenu(menu);
        for (QAction* action : menu.actions()) {
            if (action->text() == QStringLiteral("First token")) action->setChecked(true);
            if (action->text() == QStringLiteral("When")) action->setChecked(false);
        }
        f_.reset();
        f_ = std::make_unique<test::CompareFixture>();
        QVERIFY(!table()->isColumnHidden(RunsModel::columnOf("time_to_first_token")));
        QVERIFY(table()->isColumnHidden(RunsModel::When));
    }

    void aRunIsMeasuredAgain() {
        fill({{"prompt_tokens", 128}, {"generated_tokens", 16}, {"repetitions", 3}});
        table()->selectRun(baseline_ + 1);  // KV cache off, against the baseline
        QSignalSpy measured(&f_->session.jobs(), &JobRunner::measured);
        QTest::keyClick(table(), Qt::Key_R);
        QVERIFY(f_->oneMore(measured));
        const auto result = measured.first().at(1).value<MeasureResult>();
        QCOMPARE(result.runs.size(), std::size_t{2});
        const auto first = *f_->session.store().load(baseline_ + 1);
        const auto again = *f_->session.store().load(result.runs.back());
        QVERIFY(again.what.recipe[0]["options"]["dtype"] ==
                first.what.recipe[0]["options"]["dtype"]);
        QVERIFY(again.what.workload["prompt_tokens"] == first.what.workload["prompt_tokens"]);
        QCOMPARE(again.what.model_source, first.what.model_source);
        QVERIFY(again.what.paired_with.has_value());
        QTRY_COMPARE_WITH_TIMEOUT(table()->model()->rowCount(), 11, 5000);

        table()->selectRun(baseline_);
        f_->button(QStringLiteral("Run again"))->click();
        QVERIFY(f_->oneMore(measured));
        QCOMPARE(measured.last().at(1).value<MeasureResult>().runs.size(), std::size_t{1});
    }

    void aSeriesIsMeasuredAgainWholeOrInPart() {
        fillSeries({{"prompt_tokens", 128}, {"generated_tokens", 16}, {"repetitions", 3}});
        const auto* banner = f_->window.findChild<Banner*>();
        QSignalSpy measured(&f_->session.jobs(), &JobRunner::measured);
        const auto runs = [&measured] {
            return measured.last().at(1).value<MeasureResult>().runs.size();
        };
        table()->selectRun(baseline_ + 1);
        QTest::keyClick(table(), Qt::Key_R);
        QVERIFY2(banner->advice().startsWith(
                     QStringLiteral("Run %1 is of series 1 and is measured alone, against a "
                                    "baseline of its own. Shift+R")
                         .arg(baseline_ + 1)),
                 qPrintable(banner->advice()));
        QVERIFY(f_->oneMore(measured));
        QCOMPARE(runs(), std::size_t{2});

        QMenu menu;
        table()->fillRunMenu(menu);
        for (QAction* action : menu.actions())
            if (action->text().startsWith(QStringLiteral("Run series 1 again"))) action->trigger();
        QVERIFY(banner->advice().startsWith(
            QStringLiteral("Series 1 is measured as a whole: 3 candidates, in turn.")));
        QVERIFY(f_->oneMore(measured));
        QCOMPARE(runs(), std::size_t{4});
        const auto result = measured.last().at(1).value<MeasureResult>();
        const auto again = *f_->session.store().load(result.runs.back());
        QCOMPARE(again.what.series->id, std::int64_t{2});
        QCOMPARE(QString::fromStdString(again.what.recipe.dump()),
                 QString::fromStdString(
                     to_json(recipe_from_json(f_->session.store().load(baseline_ + 3)->what.recipe,
                                              builtin_registry()))
                         .dump()));
        QCOMPARE(again.what.paired_with, std::optional(result.runs.front()));

        // All runs of a series at once are the series, and not a pair each.
        f_->named<QLineEdit>(QStringLiteral("Filter the runs"))
            ->setText(QStringLiteral("series=1"));
        table()->selectAll();
        QTest::keyClick(table(), Qt::Key_R);
        QVERIFY(banner->advice().startsWith(QStringLiteral("Series 1 is measured as a whole")));
        QVERIFY(f_->oneMore(measured));
        QCOMPARE(runs(), std::size_t{4});
        QVERIFY(!f_->session.jobs().running());
    }

    void aRecipeThatIsNotKnownCannotBeMeasuredAgain() {
        fill();
        table()->selectRun(baseline_ + 4);  // an option that no technique has
        f_->button(QStringLiteral("Run again"))->click();
        const auto* banner = f_->window.findChild<Banner*>();
        QVERIFY(banner->isVisible());
        QVERIFY(banner->message().contains(QStringLiteral("cannot be measured again")));
        QVERIFY(!f_->session.jobs().running());
    }

    void aTraceIsShownWhereThereIsOne() {
        fill();
        f_->session.store().set_trace(baseline_ + 2, testing::inventedTrace(60));
        emit f_->session.runsChanged();
        QSignalSpy asked(&f_->session, &Session::traceRequested);
        const auto choices = [this](std::int64_t run) {
            table()->selectRun(run);
            auto menu = std::make_unique<QMenu>();
            table()->fillRunMenu(*menu);
            return menu;
        };
        const auto traceOf = [](const QMenu& menu) {
            const auto actions = menu.actions();
            return *std::find_if(actions.begin(), actions.end(), [](const QAction* action) {
                return action->text().startsWith(QStringLiteral("Show trace"));
            });
        };
        QTRY_COMPARE_WITH_TIMEOUT(traceOf(*choices(baseline_ + 2))->isEnabled(), true, 5000);
        QVERIFY(f_->button(QStringLiteral("Show trace"))->isEnabled());
        f_->button(QStringLiteral("Show trace"))->click();
        traceOf(*choices(baseline_ + 2))->trigger();
        QTest::keyClick(table(), Qt::Key_V);
        QCOMPARE(asked.count(), 3);
        QCOMPARE(asked.last().first().toLongLong(), baseline_ + 2);

        const auto menu = choices(baseline_ + 1);
        const QString reason = QStringLiteral("was measured without a trace");
        QVERIFY(!traceOf(*menu)->isEnabled() && menu->toolTipsVisible());
        QVERIFY(traceOf(*menu)->toolTip().contains(reason));
        QVERIFY(!f_->button(QStringLiteral("Show trace"))->isEnabled());
        QVERIFY(f_->button(QStringLiteral("Show trace"))->toolTip().contains(reason));
        QTest::keyClick(table(), Qt::Key_V);
        QCOMPARE(asked.count(), 3);
    }

    void samplesAreDrawnForStoredRuns() {
        fill();
        tickOnly(baseline_ + 6);
        auto* tabs = f_->named<QTabBar>(QStringLiteral("What the chart shows"));
        const auto data = [&](const char* name) {
            return f_->named<LineChart>(QString::fromUtf8(name))->table();
        };
        tabs->setCurrentIndex(2);
        QVERIFY(data("Time per token along the generation")
                    .csv()
                    .contains(QStringLiteral("int4 group 32")));
        tabs->setCurrentIndex(3);
        const ChartTable spread = data("Distribution of the time per token");
        QCOMPARE(spread.columns.size(), 3);
        QVERIFY(spread.columns[2].contains(QStringLiteral("median 3.")));
        QCOMPARE(spread.rows.back().last(), QStringLiteral("100"));
        tabs->setCurrentIndex(4);
        const ChartTable accuracy = data("Accuracy as it converges");
        QCOMPARE(accuracy.rows.size(), std::size_t{8});
        QVERIFY(accuracy.columns.contains(QStringLiteral("1 baseline low")));
        auto* metric = f_->named<QComboBox>(QStringLiteral("Accuracy shown"));
        metric->setCurrentIndex(1);
        emit metric->activated(1);
        QVERIFY(!data("Accuracy as it converges").csv().contains(QStringLiteral("baseline")));
    }

    void aSeriesIsDrawnAsAFront() {
        fillSeries();
        QCOMPARE(f_->session.pinnedBaseline(), std::optional(baseline_));
        QCOMPARE(comparison().columnCount(), 4);  // each candidate of it is ticked
        bool said = false;
        for (const QLabel* label : f_->window.findChildren<QLabel*>())
            said = said || (label->isVisible() && label->text().endsWith(QStringLiteral(
                                                      "Each interval is of its own comparison.")));
        QVERIFY(said);
        auto* which = f_->named<QComboBox>(QStringLiteral("Runs that are shown"));
        QVERIFY(which->isVisible());
        QCOMPARE(which->currentText(), QStringLiteral("Series 1: scheme"));
        const auto* scatter = f_->window.findChild<ScatterChart*>();
        QCOMPARE(names(*scatter),
                 (QStringList{QStringLiteral("1 baseline"), QStringLiteral("2 q8_0"),
                              QStringLiteral("3 q4_1"), QStringLiteral("4 q4_0")}));
        // q4_1 is slower than q4_0 and diverges more; the baseline diverges from itself in nothing.
        QCOMPARE(scatter->front(), (std::vector<std::size_t>{0, 1, 3}));

        choose(*f_->named<QComboBox>(QStringLiteral("Metric to the right")), "peak_memory");
        QCOMPARE(scatter->front(), (std::vector<std::size_t>{3, 1, 0}));
        choose(*f_->named<QComboBox>(QStringLiteral("Metric upwards")), "attention_mass");
        QVERIFY(scatter->isEmpty());
        QStringList words;
        for (const QLabel* label : scatter->findChildren<QLabel*>()) words.append(label->text());
        QVERIFY(words.contains(QStringLiteral("No run of this series has both figures.")));
    }

    void theChosenRunsStayUntilAnotherSeriesIsPinned() {
        fillSeries();
        auto* which = f_->named<QComboBox>(QStringLiteral("Runs that are shown"));
        const auto* scatter = f_->window.findChild<ScatterChart*>();
        which->setCurrentIndex(0);
        QVERIFY(names(*scatter).first().contains(QStringLiteral("baseline")));
        QCOMPARE(names(*scatter).size(), 4);
        const std::int64_t second =
            testing::storeInventedSeries(f_->session.store(), workload_, target_, true);
        emit f_->session.runRequested(second + 1);
        QCOMPARE(which->currentText(), QStringLiteral("Series 2: scheme"));
        QCOMPARE(names(*scatter),
                 (QStringList{QStringLiteral("5 baseline"), QStringLiteral("6 q8_0"),
                              QStringLiteral("7 q4_1")}));
        which->setCurrentIndex(0);
        tickOnly(second + 1);
        QCOMPARE(which->currentIndex(), 0);
        f_->named<QLineEdit>(QStringLiteral("Filter the runs"))
            ->setText(QStringLiteral("series=1"));
        QCOMPARE(f_->rows()->matching().size(), std::size_t{4});
    }

    void withoutSeriesThereIsNothingToChoose() {
        fill();
        QVERIFY(!f_->named<QComboBox>(QStringLiteral("Runs that are shown"))->isVisible());
    }

    void runsThatCannotBeComparedAreNotDrawnBesideTheBaseline() {
        fill();
        testing::InventedRun other;
        other.label = "other threads";
        const std::int64_t run = testing::storeRun(
            f_->session.store(), other, {{"prompt_tokens", 128}, {"generated_tokens", 16}},
            {{"device", "cpu"}, {"threads", 1}});
        emit f_->session.runRequested(run);
        f_->session.setPinnedBaseline(baseline_);
        tickOnly(run);
        auto* tabs = f_->named<QTabBar>(QStringLiteral("What the chart shows"));
        for (const int tab : {0, 1, 2, 3}) {
            tabs->setCurrentIndex(tab);
            bool said = false;
            for (const QLabel* label : f_->window.findChildren<QLabel*>())
                said = said ||
                       (label->isVisible() && label->text().contains(QStringLiteral(
                                                  "is left out: other thread count: 2 and 1")));
            QVERIFY2(said, qPrintable(tabs->tabText(tab)));
        }
        tabs->setCurrentIndex(4);  // accuracy does not belong to the threads
        QVERIFY(f_->named<LineChart>(QStringLiteral("Accuracy as it converges"))
                    ->table()
                    .csv()
                    .contains(QStringLiteral("other threads")));
    }

    void theTickedRunsAreExportedWithTheirBaseline() {
        fill();
        tickOnly(baseline_ + 4);
        auto* page = static_cast<ComparePage*>(f_->page);
        const QString path = QString::fromStdString(test::scratchFile("runs.out").string());
        QVERIFY(
            !page->exportTo(path, ComparePage::Exported::compared, profiler::ReportFormat::csv));
        QCOMPARE(read(path).count('\n'), 3);  // a header line and two runs
        QVERIFY(
            !page->exportTo(path, ComparePage::Exported::compared, profiler::ReportFormat::json));
        QCOMPARE(nlohmann::json::parse(read(path).toStdString())["runs"].size(), std::size_t{2});
        QVERIFY(!page->exportTo(path, ComparePage::Exported::compared,
                                profiler::ReportFormat::markdown));
        QVERIFY(read(path).contains("int8 per channel"));
        const auto error =
            page->exportTo(QStringLiteral("/nowhere/runs.csv"), ComparePage::Exported::compared,
                           profiler::ReportFormat::csv);
        QVERIFY(error.has_value());
        QCOMPARE(QString::fromStdString(error->summary),
                 QStringLiteral("The file could not be written."));
        QVERIFY(
            QString::fromStdString(error->message).contains(QStringLiteral("/nowhere/runs.csv")));
    }

    // Below the table, where it moves no row.
    void aFailedRunSaysWhy() {
        fill();
        const QRect row = table()->visualRect(table()->model()->index(1, RunsModel::Recipe));
        const QPoint place = table()->mapTo(&f_->window, QPoint());
        for (const auto& [run, reason] : {std::pair(baseline_ + 7, "out of memory in layer 12"),
                                          std::pair(baseline_ + 8, "cancelled by the user")}) {
            table()->selectRun(run);
            QApplication::processEvents();
            QVERIFY2(f_->says(QString::fromUtf8(reason)), reason);
            QCOMPARE(table()->mapTo(&f_->window, QPoint()), place);
            QCOMPARE(table()->visualRect(table()->model()->index(1, RunsModel::Recipe)), row);
        }
        table()->selectRun(baseline_ + 1);
        QVERIFY(!f_->says(QStringLiteral("cancelled by the user")));
        QVERIFY(f_->says(QStringLiteral("Return opens a run")));
    }

private:
    void fill(const nlohmann::json& workload = test::CompareFixture::workload) {
        baseline_ = f_->fill(workload);
    }
    void fillSeries(const nlohmann::json& workload = test::CompareFixture::workload) {
        baseline_ = f_->fillSeries(workload);
    }
    static QStringList names(const ScatterChart& chart) {
        QStringList found;
        for (const auto& row : chart.table().rows) found.append(row.first());
        return found;
    }
    static void choose(QComboBox& box, const char* metric) {
        box.setCurrentIndex(box.findData(QString::fromUtf8(metric)));
    }
    RunsTable* table() const { return f_->table(); }
    const ComparisonModel& comparison() const { return f_->comparison(); }
    void tick(std::int64_t run) { f_->tick(run); }
    void tickOnly(std::int64_t run) { f_->tickOnly(run); }
    QString verdict(const QString& metric) const {
        const ComparisonModel& model = comparison();
        for (int row = 0; row < model.rowCount(); ++row)
            if (model.index(row, 0).data().toString() == metric)
                return model.index(row, 1).data().toString();
        return QStringLiteral("no row");
    }
    static void drag(QWidget* over, const QPoint& to) {
        for (const QPoint& at : {to, to + QPoint(40, 0)}) {
            QMouseEvent event(QEvent::MouseMove, at, over->mapToGlobal(at), Qt::NoButton,
                              Qt::LeftButton, Qt::NoModifier);
            QApplication::sendEvent(over, &event);
        }
    }
    int rowOf(const QString& metric) const {
        for (int row = 0; row < comparison().rowCount(); ++row)
            if (comparison().index(row, 0).data().toString() == metric) return row;
        return -1;
    }
    static QByteArray read(const QString& path) {
        QFile file(path);
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }

    const nlohmann::json &workload_ = test::CompareFixture::workload,
                         &target_ = test::CompareFixture::target;
    std::int64_t baseline_ = 0;
    std::unique_ptr<test::CompareFixture> f_;
};

HONE_SCRIPTED_MAIN(TestComparePage)
#include "test_compare_page.moc"
