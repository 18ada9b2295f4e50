// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QComboBox>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTabBar>
#include <QTableView>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>
#include <memory>

#include "tests/ui/invented_trace.h"
#include "tests/ui/scripted_worker.h"
#include "tests/ui/stored_runs.h"
#include "ui/charts/roofline_chart.h"
#include "ui/theme/theme.h"
#include "ui/timeline/timeline_panel.h"
#include "ui/timeline/trace_text.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/empty_state.h"

using namespace hone;
using namespace hone::ui;

class TestTimelinePanel : public QObject {
    Q_OBJECT
private slots:
    void init() {
        Theme::instance().apply(Scheme::light);
        folder_ = std::make_unique<QTemporaryDir>(testing::quickFolder());
        session_ = std::make_unique<Session>(
            builtin_registry(), test::scriptedLaunch(),
            folder_->filePath(QStringLiteral("runs.sqlite")).toStdString());
        panel_ = std::make_unique<TimelinePanel>(*session_);
        panel_->resize(1192, 430);
        panel_->show();
        QVERIFY(QTest::qWaitForWindowExposed(panel_.get()));
    }
    void cleanup() {
        panel_.reset();
        session_.reset();
    }

    void withoutATraceItSaysHowToGetOne() {
        store(0);
        panel_->showNewest();
        auto* empty = panel_->findChild<EmptyState*>();
        QVERIFY(empty->isVisible());
        QSignalSpy asked(session_.get(), &Session::pageRequested);
        empty->button()->click();
        QCOMPARE(asked.first().first().toString(), QStringLiteral("measure"));
        QVERIFY(!panel_->search().isVisible());
    }

    void aRunsTraceIsReadAndTotalled() {
        const std::int64_t run = store(450);
        show(run);
        const auto wanted =
            profiler::group_events(panel_->view().trace()->trace(), profiler::GroupBy::operation);
        QCOMPARE(panel_->totals().totals().size(), wanted.size());
        QVERIFY(says(QStringLiteral("450 operations")));
        QVERIFY(!says(QStringLiteral("not recorded")));
        // The table is sorted by time, and says how much each operation took.
        const auto* table = panel_->findChild<QTableView*>();
        QCOMPARE(table->model()->index(0, TotalsModel::Name).data().toString(),
                 QStringLiteral("linear"));
    }

    void theTotalsFollowTheSelection() {
        show(store(450));
        TimelineView& view = panel_->view();
        const TimeRange range{5000, 44444};
        view.setSelection(range);
        const auto wanted = profiler::group_events(
            view.trace()->trace(), profiler::GroupBy::operation, {range.begin, range.end, {}, {}});
        QTRY_COMPARE(panel_->totals().totals().front().total, wanted.front().total);
        QCOMPARE(panel_->totals().totals().size(), wanted.size());
        QVERIFY(says(QStringLiteral("Selected: ")));
        view.setSelection({});
        QTRY_VERIFY(says(QStringLiteral("All: 450 operations")));
    }

    void aDevicesTraceShowsItsTracksKernelsAndMemory() {
        const std::int64_t run = storeTrace(testing::inventedCudaTrace(450));
        show(run);
        const TimelineView& view = panel_->view();
        QCOMPARE(view.trace()->tracks().size(), std::size_t{3});
        QCOMPARE(view.trace()->trackName(1), std::string("stream 7"));
        QVERIFY(says(QStringLiteral("CUPTI 13.0.1")));
        QVERIFY(says(QStringLiteral(
            "All: 450 operations")));  // kernels alone: calls and copies are not work
        QVERIFY(view.memoryRect().bottom() <= view.height());
        FiguresPane& figures = panel_->figures();
        auto* table = panel_->findChild<QTableView*>();
        QVERIFY(!table->isColumnHidden(TotalsModel::Peak));
        QVERIFY(table->isColumnHidden(TotalsModel::Launch));
        figures.setGrouping(profiler::GroupBy::kernel);
        QVERIFY(!table->isColumnHidden(TotalsModel::Launch));
        QCOMPARE(panel_->totals().totals().size(), std::size_t{7});
        QCOMPARE(table->model()->index(0, TotalsModel::Launch).data().toString(),
                 QStringLiteral("24×1×1 × 256"));
        // What neither reads nor computes has no place below a roof.
        QVERIFY(!figures.roofline().points().empty());
        QVERIFY(figures.roofline().points().size() < panel_->totals().totals().size());
        auto* tabs = panel_->findChild<QTabBar*>();
        QVERIFY(tabs->isTabVisible(2));
        tabs->setCurrentIndex(2);
        panel_->grab();
        // A trace of a CPU has no memory over time.
        show(store(30));
        QVERIFY(!tabs->isTabVisible(2));
        QVERIFY(table->isColumnHidden(TotalsModel::Peak));
        // B13: where there is no roof, the reason stands above the points.
        figures.showTab(FiguresPane::Tab::roof);
        QVERIFY(says(QStringLiteral("No roof: what this processor reaches")));
        show(storeTrace(testing::inventedCudaTrace(450)));
        QVERIFY(!says(QStringLiteral("No roof")));
    }

    void oneLayerFiltersFiguresAndTimeline() {
        show(storeTrace(testing::inventedCudaTrace(450)));
        session_->chooseLayer(1);
        QCOMPARE(panel_->figures().layer(), std::optional<std::int32_t>(1));
        for (const auto& group : panel_->totals().totals()) QVERIFY(group.name != "embed");
        QCOMPARE(panel_->totals().totals().size(), std::size_t{3});
        QVERIFY(panel_->search().search().active());
        panel_->figures().setGrouping(profiler::GroupBy::layer);
        QCOMPARE(panel_->totals().totals().size(), std::size_t{1});
        QVERIFY(panel_->search().box()->text().isEmpty());
        session_->chooseLayer(-1);
        QCOMPARE(panel_->totals().totals().size(),
                 std::size_t{4});  // three layers, and what lies outside of them
        QVERIFY(!panel_->search().search().active());
    }

    void aLayerChosenBeforehandFiltersTheNextTrace() {
        session_->chooseLayer(1);
        show(storeTrace(testing::inventedCudaTrace(450)));
        QCOMPARE(panel_->figures().layer(), std::optional<std::int32_t>(1));
        QCOMPARE(panel_->totals().totals().size(), std::size_t{3});
        QVERIFY(panel_->search().search().active());
        // A model that has no such layer is shown whole.
        show(storeTrace(testing::inventedCudaTrace(450, 1)));
        QVERIFY(!panel_->figures().layer());
        QVERIFY(!panel_->search().search().active());
        show(storeTrace(testing::inventedCudaTrace(150)));
        QCOMPARE(panel_->figures().layer(), std::optional<std::int32_t>(1));
    }

    void aSelectedOperationIsSelectedInTheTable() {
        show(storeTrace(testing::inventedCudaTrace(450)));
        const auto* table = panel_->findChild<QTableView*>();
        const auto selected = [table] {
            const QModelIndexList rows = table->selectionModel()->selectedRows();
            return rows.isEmpty() ? QString() : rows.front().data().toString();
        };
        TimelineView& view = panel_->view();
        const auto& events = view.trace()->events();
        const auto eventOf = [&](const char* name, int layer) {
            const auto found = std::find_if(events.begin(), events.end(), [&](const auto& event) {
                return view.trace()->name(event) == name && event.layer == layer;
            });
            return static_cast<std::size_t>(found - events.begin());
        };
        view.selectEvent(eventOf("attention", 2));
        QCOMPARE(selected(), QStringLiteral("attention"));
        // The row is found again however the table groups and sorts.
        panel_->figures().setGrouping(profiler::GroupBy::kernel);
        view.selectEvent(eventOf("attn_q", 2));
        QCOMPARE(selected(), QStringLiteral("attn_q"));
        panel_->figures().setGrouping(profiler::GroupBy::layer);
        QCOMPARE(selected(), QStringLiteral("layer 2"));
        session_->chooseLayer(1);
        QCOMPARE(selected(), QString());
        session_->chooseLayer(-1);
        view.selectEvent({});
        QCOMPARE(selected(), QString());
    }

    void lostKernelsAreSaid() {
        profiler::Trace trace = testing::inventedCudaTrace(450);
        trace.device.launches += 12;
        show(storeTrace(trace));
        QVERIFY(says(QStringLiteral("12 kernels lost")));
        trace.device.launches = trace.device.kernels = 0;
        trace.device.source = "CUDA events";
        trace.device.problem = "CUPTI is not there";
        show(storeTrace(trace));
        QVERIFY(says(QStringLiteral("single kernels not seen")));
        QVERIFY(says(QStringLiteral("Recorded by CUDA events: CUPTI is not there.")));
    }

    void countersAreShownWhereTheyWereRead() {
        profiler::Trace trace = testing::inventedCudaTrace(450);
        trace.device.counters_problem = "only for administrators";
        trace.slowdown = 1.5;
        show(storeTrace(trace));
        const auto* table = panel_->findChild<QTableView*>();
        for (const auto column : {TotalsModel::Dram, TotalsModel::Tensor, TotalsModel::Busy})
            QVERIFY(table->isColumnHidden(column));
        QVERIFY(says(QStringLiteral("bytes by formula")));
        QVERIFY(says(QStringLiteral("No counters: only for administrators.")));
        QVERIFY(says(QStringLiteral("Tracing made decoding 50.0 % slower.")));
        for (const RooflinePoint& point : panel_->figures().roofline().points())
            QVERIFY(!point.counted);

        trace.device.counters_problem.clear();
        trace.device.counters_source = "CUPTI 13.0.1";
        trace.slowdown = 1.01;
        trace.counters = {{profiler::Operation::linear,
                           profiler::TracePhase::decode,
                           0,
                           "attn_q",
                           2,
                           {3e6, 1e6, 0.25, 0.5, 9000}}};
        trace.launches[0].counters = 1;
        show(storeTrace(trace));
        for (const auto column : {TotalsModel::Dram, TotalsModel::Tensor, TotalsModel::Busy})
            QVERIFY(!table->isColumnHidden(column));
        QVERIFY(table->model()
                    ->index(0, TotalsModel::Tensor)
                    .data()
                    .toString()
                    .startsWith(QStringLiteral("25.0")));
        QVERIFY(says(QStringLiteral("DRAM bytes counted by CUPTI 13.0.1")));
        QVERIFY(!says(QStringLiteral("slower")));
        for (const RooflinePoint& point : panel_->figures().roofline().points())
            QVERIFY(point.counted);
        panel_->grab();
    }

    void missingOperationsAreSaid() {
        show(store(30, 1234));
        QVERIFY(says(QStringLiteral("1,234 not recorded")));
    }

    void searchingSaysWhichOfHowMany() {
        show(store(450));
        auto* box = panel_->search().box();
        box->setFocus();
        QTest::keyClicks(box, QStringLiteral("ffn layer 1"));
        QTRY_VERIFY(says(QStringLiteral("30 found")));
        QTest::keyClick(box, Qt::Key_Return);
        QVERIFY(says(QStringLiteral("1 of 30")));
        QTest::keyClick(box, Qt::Key_Return);
        QVERIFY(says(QStringLiteral("2 of 30")));
        QVERIFY(says(QStringLiteral("ffn_down (linear) · layer 1 · decode, pass 1")));
        QTest::keyClick(box, Qt::Key_Return, Qt::ShiftModifier);
        QTest::keyClick(box, Qt::Key_Return, Qt::ShiftModifier);
        QVERIFY(says(QStringLiteral("30 of 30")));
        panel_->search().setText(QStringLiteral("softmax"));
        QVERIFY(says(QStringLiteral("no match")));
        for (const QToolButton* button : panel_->search().findChildren<QToolButton*>())
            if (button->accessibleName().contains(QStringLiteral("match")))
                QVERIFY(!button->isEnabled());
        box->setFocus();
        QTest::keyClick(box, Qt::Key_Escape);
        QVERIFY(box->text().isEmpty() && !says(QStringLiteral("no match")));
    }

    void theScrollBarMovesWhatIsShown() {
        show(store(450));
        TimelineView& view = panel_->view();
        auto* bar = panel_->findChild<QScrollBar*>();
        for (QScrollBar* candidate : panel_->findChildren<QScrollBar*>())
            if (candidate->accessibleName() == QStringLiteral("Part of the trace that is shown"))
                bar = candidate;
        QVERIFY(!bar->isEnabled());
        view.zoomBy(0.25);
        QVERIFY(bar->isEnabled());
        bar->setValue(bar->maximum());
        QVERIFY(std::abs(view.shown().end() - view.shown().whole()) < view.shown().whole() * 1e-5);
        bar->setValue(0);
        QCOMPARE(view.shown().begin(), 0.0);
    }

    void anotherRunIsChosen() {
        const std::int64_t first = store(450), second = store(150);
        store(0);
        show(second);
        auto* choice = panel_->findChild<QComboBox*>();
        QCOMPARE(choice->count(), 2);
        QVERIFY(choice->currentText().startsWith(QStringLiteral("Run %1").arg(second)));
        QSignalSpy loaded(panel_.get(), &TimelinePanel::loaded);
        choice->setCurrentIndex(1);
        emit choice->activated(1);
        QVERIFY(loaded.wait(5000));
        QCOMPARE(panel_->run(), first);
        QCOMPARE(panel_->view().trace()->events().size(), std::size_t{450});
    }

    void aRunThatHasNoneIsRefused() {
        const std::int64_t with = store(15), without = store(0);
        show(with);
        panel_->showRun(without);
        const auto* banner = panel_->findChild<Banner*>();
        QVERIFY(banner->isVisible());
        QCOMPARE(banner->message(), QStringLiteral("Run %1 has no trace.").arg(without));
        QCOMPARE(panel_->run(), with);
    }

    void theTraceIsSavedForPerfetto() {
        show(store(450));
        const QString path = folder_->filePath(QStringLiteral("trace.json"));
        QSignalSpy saved(panel_.get(), &TimelinePanel::saved);
        panel_->saveTo(path);
        QVERIFY(saved.wait(5000));
        QFile file(path);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const auto json = nlohmann::json::parse(file.readAll().toStdString());
        int complete = 0;
        for (const auto& event : json["traceEvents"]) complete += event["ph"] == "X" ? 1 : 0;
        QCOMPARE(complete, 450);
        QVERIFY(!QFile::exists(path + QStringLiteral(".part")));

        panel_->saveTo(QStringLiteral("/nowhere/trace.json"));
        const auto* banner = panel_->findChild<Banner*>();
        QTRY_COMPARE(banner->message(), QStringLiteral("The trace was not saved."));
    }

    void thePictureIsSaved() {
        show(store(450));
        const QString path = folder_->filePath(QStringLiteral("timeline.png"));
        const QSize size = panel_->view().size();  // before the note takes some of it
        panel_->savePicture(path);
        QCOMPARE(QImage(path).size(), size);
        panel_->savePicture(QStringLiteral("/nowhere/timeline.png"));
        QCOMPARE(panel_->findChild<Banner*>()->message(),
                 QStringLiteral("The picture was not saved."));
    }

    void bothThemesPaintIt() {
        show(store(450));
        panel_->search().setText(QStringLiteral("attention"));
        panel_->view().setSelection(TimeRange{1000, 30000});
        panel_->view().selectEvent(20);
        for (const Scheme scheme : {Scheme::light, Scheme::dark}) {
            Theme::instance().apply(scheme);
            QApplication::processEvents();
            const QImage image = panel_->grab().toImage();
            QCOMPARE(image.pixelColor(2, image.height() / 2), Theme::instance().palette().surface);
        }
    }

private:
    std::int64_t storeTrace(const profiler::Trace& trace) {
        profiler::Store& runs = session_->store();
        const std::int64_t run = testing::storeRun(
            runs, {}, {{"prompt_tokens", 8}, {"generated_tokens", 2}, {"repetitions", 1}},
            {{"device", "cpu"}});
        if (!trace.events.empty()) runs.set_trace(run, trace);
        return run;
    }
    std::int64_t store(std::size_t events, std::int64_t dropped = 0) {
        profiler::Trace trace = testing::inventedTrace(events);
        trace.dropped = dropped;
        return storeTrace(trace);
    }
    void show(std::int64_t run) {
        QSignalSpy loaded(panel_.get(), &TimelinePanel::loaded);
        panel_->showRun(run);
        QVERIFY(loaded.wait(5000));
        QCOMPARE(panel_->run(), run);
    }
    bool says(const QString& text) const {
        for (const QLabel* label : panel_->findChildren<QLabel*>())
            if (label->isVisible() && label->text().contains(text)) return true;
        return false;
    }

    std::unique_ptr<QTemporaryDir> folder_;
    std::unique_ptr<Session> session_;
    std::unique_ptr<TimelinePanel> panel_;
};

HONE_SCRIPTED_MAIN(TestTimelinePanel)
#include "test_timeline_panel.moc"
