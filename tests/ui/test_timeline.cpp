// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>
#include <algorithm>
#include <cmath>
#include <memory>

#include "tests/ui/invented_trace.h"
#include "ui/theme/theme.h"
#include "ui/timeline/memory_shape.h"
#include "ui/timeline/timeline_view.h"
#include "ui/timeline/totals_model.h"
#include "ui/timeline/trace_text.h"

using namespace hone;
using namespace hone::ui;
using profiler::Operation;

namespace {

std::shared_ptr<const TraceData> dataOf(std::size_t events) {
    return std::make_shared<const TraceData>(testing::inventedTrace(events));
}

QString plain(QString figure) {
    return figure.replace(QChar(0x00A0), QLatin1Char(' '));
}

QStringList labels(const std::vector<TimeTick>& ticks) {
    QStringList result;
    for (const TimeTick& tick : ticks) result << plain(tick.label);
    return result;
}

void wheel(TimelineView& view, double x, int turned, Qt::KeyboardModifiers held = Qt::NoModifier) {
    const QPointF at(x, view.trackRect(0).center().y());
    QWheelEvent event(at, view.mapToGlobal(at), {}, QPoint(0, turned), Qt::NoButton, held,
                      Qt::NoScrollPhase, false);
    QApplication::sendEvent(&view, &event);
}

void drag(TimelineView& view, int from, int to, Qt::MouseButton button = Qt::LeftButton) {
    const int y = view.trackRect(0).center().y();
    QTest::mousePress(&view, button, {}, QPoint(from, y));
    // QTest's own moves know no pressed button.
    for (const int x : {(from + to) / 2, to}) {
        QMouseEvent move(QEvent::MouseMove, QPointF(x, y), view.mapToGlobal(QPointF(x, y)),
                         Qt::NoButton, button, {});
        QApplication::sendEvent(&view, &move);
    }
    QTest::mouseRelease(&view, button, {}, QPoint(to, y));
}

bool near(double a, double b, double within) {
    return std::abs(a - b) <= within;
}

}  // namespace

class TestTimeline : public QObject {
    Q_OBJECT
private slots:
    void memoryStepsKnowEveryMoment() {
        profiler::Trace trace = testing::inventedCudaTrace(150);
        trace.memory = {{"weights", {{0, 100}}},
                        {"kv_cache", {{10, 20}, {30, 50}, {40, 5}}},
                        {"CUPTI 13.0.1", {{20, 130}, {30, 160}}, true}};
        const MemorySteps steps(trace);
        QCOMPARE(std::vector<std::int64_t>(steps.times().begin(), steps.times().end()),
                 (std::vector<std::int64_t>{0, 10, 20, 30, 40}));
        QCOMPARE(steps.lines()[1].held, (std::vector<std::int64_t>{0, 20, 20, 50, 5}));
        QCOMPARE(steps.lines()[2].held, (std::vector<std::int64_t>{0, 0, 130, 160, 160}));
        QCOMPARE(steps.together(3), std::int64_t{150});
        QCOMPARE(steps.mostTogether(), std::int64_t{150});
        QCOMPARE(steps.most(), std::int64_t{160});
        QCOMPARE(steps.at(29.5), std::size_t{2});
        QCOMPARE(steps.at(1e9), std::size_t{4});
    }

    void manyMomentsOfMemoryCostNoMoreThanTheirPixels() {
        const TraceData data(testing::inventedCudaTrace(4500, 3, 10'000));
        const TimeScale scale{0, static_cast<double>(data.end()) / 500, 0, 500};
        double highest = 1e9;
        for (const MemoryShape& shape : memoryShapes(data, scale, QRect(0, 0, 500, 40))) {
            QVERIFY(shape.outline.size() <= 4 * 502);
            for (const QPointF& point : shape.outline)
                if (!shape.line) highest = std::min(highest, point.y());
        }
        // The most that was held at a time is there, though its moments lie closer than pixels.
        const double most = static_cast<double>(data.memory().mostTogether()) /
                            static_cast<double>(data.memory().most());
        QVERIFY(near(highest, 40 - most * 38, 0.5));
    }

    void init() {
        QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedKingdom));
        Theme::instance().apply(Scheme::light);
        view_ = std::make_unique<TimelineView>();
        view_->resize(1000, 220);
        data_ = dataOf(450);  // 30 passes
        view_->setData(data_);
    }

    void theWindowStaysWithinTheTrace() {
        TimeWindow window(10000);
        window.zoom(2500, 0.5);
        QCOMPARE(window.begin(), 1250.0);
        QCOMPARE(window.end(), 6250.0);
        window.pan(-5000);
        QCOMPARE(window.begin(), 0.0);
        QCOMPARE(window.length(), 5000.0);
        window.pan(1e9);
        QCOMPARE(window.end(), 10000.0);
        window.zoom(9000, 1e-9);
        QCOMPARE(window.length(), TimeWindow::shortest);
        window.zoom(9000, 1e9);
        QVERIFY(window.fitsAll());
        window.frame(4000, 6000);
        QCOMPARE(window.begin(), 3500.0);
        QCOMPARE(window.end(), 6500.0);
    }

    void ticksAreRoundAndHaveUnits() {
        QCOMPARE(labels(timeTicks(0, 2000, 400)),
                 QStringList({"0", "0.5 µs", "1.0 µs", "1.5 µs", "2.0 µs"}));
        QCOMPARE(labels(timeTicks(100, 450, 100)),
                 QStringList({"100 ns", "200 ns", "300 ns", "400 ns"}));
        QCOMPARE(labels(timeTicks(12.2e6, 14e6, 0.9e6)), QStringList({"13 ms", "14 ms"}));
        QCOMPARE(labels(timeTicks(1.2e9, 1.6e9, 0.2e9)), QStringList({"1.2 s", "1.4 s", "1.6 s"}));
        QVERIFY(timeTicks(0, 100, 0).empty());
    }

    void passesAndLayersAreFound() {
        QCOMPARE(data_->passes().spans().size(), std::size_t{30});
        QCOMPARE(data_->pass(0).phase, profiler::TracePhase::prefill);
        QCOMPARE(data_->pass(29).number, 29);
        QCOMPARE(passText(*data_, 29), QStringLiteral("decode, pass 29"));
        QCOMPARE(data_->layers().spans().size(), std::size_t{90});
        // A layer's range holds its four operations and what lies between them.
        const Span layer = data_->layers().spans()[1];
        QCOMPARE(layer.end - layer.begin, std::int64_t{200 + 2000 + 900 + 4000 + 3 * 20});
    }

    void busyTimeIsWhatTheSpansHold() {
        const Lane& lane = data_->tracks().front();
        const std::size_t kinds = lane.kinds();
        std::vector<double> busy(kinds);
        for (const double time : {0.0, 49.0, 777.5, 20000.0, 123456.0, 1e9}) {
            std::vector<double> expected(kinds);
            for (const Span& span : lane.spans())
                expected[span.kind] += std::clamp(time - static_cast<double>(span.begin), 0.0,
                                                  static_cast<double>(span.end - span.begin));
            lane.busyUntil(time, busy);
            QCOMPARE(busy, expected);
        }
        QVERIFY(!lane.at(10).has_value());
        QCOMPARE(lane.at(60), std::optional<std::size_t>(0));
        QCOMPARE(lane.firstAfter(1e12), lane.spans().size());
        // From any span that is not past it the same is found.
        for (double time = -1; time < 1e5; time += 977)
            for (std::size_t from = 0; from <= lane.firstAfter(time); from += 7)
                QCOMPARE(lane.firstAfter(time, from), lane.firstAfter(time));
        QCOMPARE(lane.firstAfter(1e12, lane.spans().size()), lane.spans().size());
    }

    void spansThatOverlapAreCut() {
        const Lane lane({{0, 100, 0, 0}, {60, 80, 1, 1}, {80, 80, 2, 0}}, 2);
        QCOMPARE(lane.spans()[0].end, std::int64_t{60});
        std::vector<double> busy(2);
        lane.busyUntil(1000, busy);
        QCOMPARE(busy, std::vector<double>({60, 20}));
    }

    void theWheelZoomsAboutThePointer() {
        const double x = view_->trackRect(0).left() + 300, time = view_->timeAt(x),
                     all = view_->shown().length();
        wheel(*view_, x, 120);
        QVERIFY(near(view_->shown().length(), all * std::pow(1.0016, -120), all * 1e-9));
        QVERIFY(near(view_->timeAt(x), time, 1e-3));
        wheel(*view_, x, -120);
        QVERIFY(view_->shown().fitsAll());
        wheel(*view_, x, 1200);
        const double begin = view_->shown().begin(), length = view_->shown().length();
        wheel(*view_, x, -120, Qt::ShiftModifier);
        QCOMPARE(view_->shown().length(), length);
        QVERIFY(near(view_->shown().begin(), begin + 0.1 * length, 1e-6 * length));
    }

    void keysZoomAndPan() {
        const double all = view_->shown().length();
        QTest::keyClick(view_.get(), Qt::Key_Plus);
        QTest::keyClick(view_.get(), Qt::Key_W);
        QVERIFY(near(view_->shown().length(), all / 2.25, 1e-6));
        const double begin = view_->shown().begin();
        QTest::keyClick(view_.get(), Qt::Key_Right);
        QVERIFY(near(view_->shown().begin(), begin + view_->shown().length() / 8, 1e-6));
        QTest::keyClick(view_.get(), Qt::Key_A);
        QVERIFY(near(view_->shown().begin(), begin, 1e-6));
        QTest::keyClick(view_.get(), Qt::Key_Minus);
        QVERIFY(near(view_->shown().length(), all / 1.5, 1e-6));
        for (const Qt::Key key : {Qt::Key_Home, Qt::Key_0, Qt::Key_F}) {
            view_->zoomBy(0.1);
            QTest::keyClick(view_.get(), key);
            QVERIFY(view_->shown().fitsAll());
        }
    }

    void theMiddleButtonAndTheSpaceBarPan() {
        view_->setShown(10000, 30000);
        const double pixel = 20000.0 / view_->trackRect(0).width();
        drag(*view_, 500, 400, Qt::MiddleButton);
        QVERIFY(near(view_->shown().begin(), 10000 + 100 * pixel, 1e-3));
        QTest::keyPress(view_.get(), Qt::Key_Space);
        drag(*view_, 400, 500);
        QTest::keyRelease(view_.get(), Qt::Key_Space);
        QVERIFY(near(view_->shown().begin(), 10000, 1e-3));
        QVERIFY(!view_->selection());
    }

    void aDragSelectsARangeAndItsEdgesMove() {
        QSignalSpy changed(view_.get(), &TimelineView::selectionChanged);
        drag(*view_, 300, 600);
        QVERIFY(view_->selection().has_value());
        QVERIFY(near(static_cast<double>(view_->selection()->begin), view_->timeAt(300), 1));
        QVERIFY(near(static_cast<double>(view_->selection()->end), view_->timeAt(600), 1));
        QVERIFY(changed.count() >= 1);
        drag(*view_, 601, 700);  // within reach of the edge
        QVERIFY(near(static_cast<double>(view_->selection()->begin), view_->timeAt(300), 1));
        QVERIFY(near(static_cast<double>(view_->selection()->end), view_->timeAt(700), 1));
        drag(*view_, 650, 5000);  // out of the window: no further than what is shown
        QCOMPARE(view_->selection()->end, data_->end());
    }

    void aClickSelectsAnOperationOrABand() {
        const Span pass = data_->passes().spans()[4];
        view_->setShown(static_cast<double>(pass.begin), static_cast<double>(pass.end));
        const std::size_t wanted = pass.first + 2;  // attn_q of layer 0
        const profiler::TraceEvent& event = data_->event(wanted);
        const std::int64_t middle = event.start + event.duration / 2;
        const QPoint at(static_cast<int>(view_->xAt(static_cast<double>(middle))),
                        view_->trackRect(0).center().y());
        QTest::mouseClick(view_.get(), Qt::LeftButton, {}, at);
        QCOMPARE(view_->selectedEvent(), std::optional<std::size_t>(wanted));
        QVERIFY(!view_->selection());
        QVERIFY(view_->accessibleDescription().contains(QStringLiteral("attn_q")));
        QTest::mouseClick(view_.get(), Qt::LeftButton, {},
                          QPoint(at.x(), view_->passRect().center().y()));
        QCOMPARE(view_->selection(), std::optional(TimeRange{pass.begin, pass.end}));
        QTest::mouseDClick(view_.get(), Qt::LeftButton, {}, at);
        QVERIFY(near(view_->shown().length(), 1.5 * static_cast<double>(event.duration), 1));
        QTest::keyClick(view_.get(), Qt::Key_Escape);
        QVERIFY(!view_->selectedEvent() && view_->selection());
        QTest::keyClick(view_.get(), Qt::Key_Escape);
        QVERIFY(!view_->selection());
    }

    void operationsAreReachedByKeyboard() {
        view_->selectEvent(15);  // the second pass's embedding
        QTest::keyClick(view_.get(), Qt::Key_Right, Qt::ControlModifier);
        QCOMPARE(view_->selectedEvent(), std::optional<std::size_t>(16));
        QTest::keyClick(view_.get(), Qt::Key_Right, Qt::ControlModifier | Qt::ShiftModifier);
        QTest::keyClick(view_.get(), Qt::Key_Right, Qt::ControlModifier | Qt::ShiftModifier);
        QCOMPARE(view_->selectedEvent(), std::optional<std::size_t>(18));
        const auto begin = data_->event(16).start,
                   end = data_->event(18).start + data_->event(18).duration;
        QCOMPARE(view_->selection(), std::optional(TimeRange{begin, end}));
        view_->setSelection({});
        const Span layer = data_->layers().spans()[3], pass = data_->passes().spans()[1];
        QTest::keyClick(view_.get(), Qt::Key_Up);
        QTest::keyClick(view_.get(), Qt::Key_Up);
        QCOMPARE(view_->selection(), std::optional(TimeRange{layer.begin, layer.end}));
        QTest::keyClick(view_.get(), Qt::Key_Up);
        QCOMPARE(view_->selection(), std::optional(TimeRange{pass.begin, pass.end}));
        QTest::keyClick(view_.get(), Qt::Key_Return);
        QVERIFY(near(view_->shown().length(), 1.5 * static_cast<double>(pass.end - pass.begin), 1));
        view_->selectEvent(0);
        QTest::keyClick(view_.get(), Qt::Key_Left, Qt::ControlModifier);
        QCOMPARE(view_->selectedEvent(), std::optional<std::size_t>(0));
    }

    void totalsOfARangeAreTheProfilers() {
        for (const TimeRange range :
             {TimeRange{0, data_->end()}, TimeRange{777, 33333}, TimeRange{40000, 40001},
              TimeRange{0, 10}, TimeRange{data_->end() - 500, data_->end()}}) {
            const profiler::TraceFilter filter{range.begin, range.end, {}, {}};
            const auto found = data_->groups(profiler::GroupBy::operation, filter),
                       wanted = profiler::group_events(data_->trace(), profiler::GroupBy::operation,
                                                       filter);
            QCOMPARE(found.size(), wanted.size());
            for (std::size_t i = 0; i < wanted.size(); ++i) {
                QCOMPARE(found[i].operation, wanted[i].operation);
                QCOMPARE(found[i].count, wanted[i].count);
                QCOMPARE(found[i].total, wanted[i].total);
                QCOMPARE(found[i].bytes, wanted[i].bytes);
                QCOMPARE(found[i].flops, wanted[i].flops);
            }
        }
    }

    void theTotalsTableHasUnitsAndSortsByValue() {
        TotalsModel model;
        profiler::KernelGroup linear, sample;
        linear.name = "linear";
        linear.count = 3;
        linear.total = 2'010'000;
        linear.bytes = 4.01e6;
        linear.flops = 6.02e9;
        linear.share = 0.99976;
        sample.name = "sample";
        sample.count = 1;
        sample.total = 500;
        sample.bytes = 4096;
        profiler::CudaTraceFacts peaks;
        peaks.peak_bandwidth = 4e9;
        peaks.peak_flops = 6e12;
        model.setTotals({linear, sample}, profiler::GroupBy::operation, peaks);
        const auto cell = [&model](int row, int column) {
            return plain(model.index(row, column).data().toString());
        };
        QCOMPARE(cell(0, TotalsModel::Name), QStringLiteral("linear"));
        QCOMPARE(cell(0, TotalsModel::Mean), QStringLiteral("670 µs"));
        QCOMPARE(cell(0, TotalsModel::Peak), QStringLiteral("49.9 %"));
        QCOMPARE(cell(0, TotalsModel::Time), QStringLiteral("2.01 ms"));
        QCOMPARE(cell(0, TotalsModel::Share), QStringLiteral("100.0 %"));
        QCOMPARE(cell(0, TotalsModel::Bytes), QStringLiteral("4.01 MB"));
        QCOMPARE(cell(0, TotalsModel::Bandwidth), QStringLiteral("2.00 GB/s"));
        QCOMPARE(cell(0, TotalsModel::Flops), QStringLiteral("6.02 GFLOP"));
        QCOMPARE(cell(0, TotalsModel::Computation), QStringLiteral("3,000 GFLOP/s"));
        QCOMPARE(cell(1, TotalsModel::Time), QStringLiteral("500 ns"));
        QCOMPARE(cell(1, TotalsModel::Computation), QStringLiteral("–"));
    }

    void searchesFindByNameOperationPhaseAndLayer_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<int>("matches");
        QTest::newRow("a name") << "ffn_down" << 90;
        QTest::newRow("part of a name, any case") << "FFN" << 90;
        QTest::newRow("an operation") << "linear" << 180;
        QTest::newRow("a layer") << "layer 2" << 120;
        QTest::newRow("a layer, written otherwise") << "layer:2" << 120;
        QTest::newRow("every word") << "linear layer 0 prefill" << 2;
        QTest::newRow("a phase") << "decode sample" << 29;
        QTest::newRow("a layer that is not there") << "layer 7" << 0;
        QTest::newRow("a name that is not there") << "softmax" << 0;
    }
    void searchesFindByNameOperationPhaseAndLayer() {
        QFETCH(QString, text);
        QFETCH(int, matches);
        const TraceSearch search(*data_, text);
        QVERIFY(search.active());
        QCOMPARE(static_cast<int>(search.matches().size()), matches);
        QCOMPARE(search.lane(0).spans().size(), search.matches().size());
    }

    void matchesAreGoneThroughInARing() {
        QVERIFY(!TraceSearch(*data_, QStringLiteral("  ")).active());
        const TraceSearch search(*data_, QStringLiteral("sample"));
        QCOMPARE(search.matches().size(), std::size_t{30});
        QCOMPARE(search.after(0), std::size_t{0});
        QCOMPARE(search.after(search.matches()[0]), std::size_t{1});
        QCOMPARE(search.after(search.matches().back()), std::size_t{0});
        QCOMPARE(search.before(search.matches()[0]), std::size_t{29});
        QCOMPARE(search.before(search.matches()[5]), std::size_t{4});
        QVERIFY(search.contains(search.matches()[3]) && !search.contains(0));
        QCOMPARE(search.duration(), std::int64_t{12000});
    }

    void aMatchIsRevealed() {
        view_->setData(dataOf(100'000));
        const profiler::TraceEvent& event = view_->trace()->event(77'777);
        view_->reveal(77'777);
        const double begin = view_->xAt(static_cast<double>(event.start));
        const double end = view_->xAt(static_cast<double>(event.start + event.duration));
        QVERIFY(view_->trackRect(0).left() <= begin && end <= view_->trackRect(0).right() + 1);
        QVERIFY(end - begin >= 3);
        const TimeWindow before = view_->shown();
        view_->reveal(77'777);  // it is there already
        QCOMPARE(view_->shown().begin(), before.begin());
        QCOMPARE(view_->shown().length(), before.length());
    }

    // In columns, a colour's share of the height is its share of the time.
    void narrowOperationsAreDrawnAsShares() {
        view_->setData(dataOf(15'000));
        const QImage image = view_->grab().toImage();
        QVERIFY(view_->lastPaint().columns > 500);
        const QRect area = view_->trackRect(0);
        const Palette& p = Theme::instance().palette();
        double linear = 0, idle = 0;
        for (int x = area.left(); x <= area.right(); ++x)
            for (int y = area.top(); y <= area.bottom(); ++y) {
                linear +=
                    image.pixelColor(x, y) == p.operations[static_cast<int>(Operation::linear)] ? 1
                                                                                                : 0;
                idle += image.pixelColor(x, y) == p.sunken ? 1 : 0;
            }
        const double pixels = static_cast<double>(area.width()) * area.height();
        const auto all = view_->trace()->groups(profiler::GroupBy::operation, {});
        const double whole = static_cast<double>(view_->trace()->end());
        double busy = 0;
        for (const auto& total : all) busy += static_cast<double>(total.total);
        QCOMPARE(all.front().operation, Operation::linear);
        QVERIFY(near(linear / pixels, static_cast<double>(all.front().total) / whole, 0.02));
        QVERIFY(near(idle / pixels, 1 - busy / whole, 0.02));
    }

    void aMillionOperationsOpenAndPaintWithBoundedWork() {
        profiler::Trace trace = testing::inventedTrace(1'000'000, 30);
        QElapsedTimer clock;
        clock.start();
        const auto data = std::make_shared<const TraceData>(std::move(trace));
        QVERIFY2(clock.elapsed() < 2000, qPrintable(QString::number(clock.elapsed())));
        view_->setData(data);
        view_->setSearch(TraceSearch(*data, QStringLiteral("attention")));
        // At every zoom: for each column of each lane two sums of a block each, and a few spans
        // besides.
        const std::size_t bound = std::size_t{4} * 1000 * 2 * (16 + 4);
        double length = view_->shown().whole();
        for (; length > TimeWindow::shortest; length /= 3) {
            const double middle = view_->shown().whole() * 0.618;
            view_->setShown(middle - length / 2, middle + length / 2);
            view_->grab();
            const PaintStats& paint = view_->lastPaint();
            QVERIFY(paint.visited > 0);
            QVERIFY2(paint.visited < bound, qPrintable(QString::number(paint.visited)));
            QVERIFY(paint.rectangles + paint.columns <= 5000);
        }
        QVERIFY(view_->lastPaint().labels > 0);
    }

    void severalThreadsHaveALaneEach() {
        profiler::Trace trace = testing::inventedTrace(300);
        for (std::size_t i = 0; i < 300; ++i) {
            profiler::TraceEvent other = trace.events[i];
            other.track = 4;
            trace.events.push_back(other);  // one track after the other
        }
        const auto data = std::make_shared<const TraceData>(std::move(trace));
        QCOMPARE(data->tracks().size(), std::size_t{2});
        QCOMPARE(data->passes().spans().size(), std::size_t{20});
        view_->setData(data);
        view_->grab();
        QVERIFY(!view_->trackRect(0).intersects(view_->trackRect(1)));
        const auto event = view_->eventAt(view_->trackRect(1).center());
        QVERIFY(event.has_value());
        QCOMPARE(data->event(*event).track, 4);
        const auto next = data->neighbour(*event, true);
        QCOMPARE(data->event(*next).track, 4);
    }

    void nothingIsShownWithoutATrace() {
        for (const auto& data : {std::shared_ptr<const TraceData>(), dataOf(0)}) {
            view_->setData(data);
            view_->grab();
            QTest::keyClick(view_.get(), Qt::Key_Right, Qt::ControlModifier);
            QTest::keyClick(view_.get(), Qt::Key_Up);
            QTest::mouseClick(view_.get(), Qt::LeftButton, {}, QPoint(500, 100));
            wheel(*view_, 500, 120);
            QVERIFY(!view_->selectedEvent());
        }
    }

    void anOperationsFiguresHaveUnits() {
        const QStringList lines = eventLines(*data_, 2);
        QCOMPARE(
            plain(lines.join(QStringLiteral("|"))),
            QStringLiteral(
                "attn_q (linear)|layer 0 · prefill, pass 1|took 2.00 µs, from 390 ns|664 kB · 332 "
                "GB/s|42.5 kFLOP · 21.2 GFLOP/s"));
        QCOMPARE(plain(eventLines(*data_, 0)[0]), QStringLiteral("embed"));
    }

private:
    std::shared_ptr<const TraceData> data_;
    std::unique_ptr<TimelineView> view_;
};

QTEST_MAIN(TestTimeline)
#include "test_timeline.moc"
