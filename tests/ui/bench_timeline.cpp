// SPDX-License-Identifier: GPL-3.0-or-later
// How long a stored trace takes to open, and to pan and zoom: a device's trace of EVENTS events
// (default 1,000,000) with 10,000 changes of memory is put into a store of its own, read back, made
// ready, drawn with its figures, and panned across while it is zoomed in. Medians of five rounds;
// frames as medians and 95th percentiles. bench_timeline [EVENTS]; QT_QPA_PLATFORM=offscreen where
// there is no screen. Ends with 1 where opening takes 2 s or more, the window's thread is held up
// for more than 0.1 s while it does, or the 95th percentile of frames is 1/60 s or more.
#include <QApplication>
#include <QElapsedTimer>
#include <QTemporaryDir>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <utility>
#include <vector>

#include "profiler/store/store.h"
#include "tests/ui/invented_trace.h"
#include "ui/theme/theme.h"
#include "ui/timeline/figures_pane.h"
#include "ui/timeline/timeline_view.h"

namespace hone::ui {
namespace {

constexpr int kRounds = 5, kFrames = 120, kLayers = 32, kMemoryMoments = 10'000;
constexpr double kMostOpening = 2000, kMostHeldUp = 100, kMostFrame = 1000.0 / 60;  // ms

double milliseconds(const QElapsedTimer& clock) {
    return static_cast<double>(clock.nsecsElapsed()) / 1e6;
}

double median(std::vector<double> values) {
    std::nth_element(values.begin(), values.begin() + std::ssize(values) / 2, values.end());
    return values[values.size() / 2];
}

double percentile95(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() * 95 / 100];
}

// Reading and making ready happen on another thread, figures and drawing on the window's.
struct Opening {
    double read = 0, ready = 0, figures = 0, drawn = 0;  // ms
    double heldUp() const { return figures + drawn; }
    double whole() const { return read + ready + heldUp(); }
};

Opening open(const profiler::Store& store, std::int64_t run, TimelineView& view,
             FiguresPane& figures) {
    Opening times;
    QElapsedTimer clock;
    clock.start();
    profiler::Trace trace = store.trace(run);
    times.read = milliseconds(clock);
    clock.restart();
    auto data = std::make_shared<const TraceData>(std::move(trace));
    times.ready = milliseconds(clock);
    clock.restart();
    figures.setData(data);
    figures.grab();
    times.figures = milliseconds(clock);
    clock.restart();
    view.setData(std::move(data));
    view.grab();
    times.drawn = milliseconds(clock);
    return times;
}

// This thread's, in ms: what a frame costs also where other programs take the processor meanwhile.
double processorTime() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

struct Frames {
    std::vector<double> wall, processor;  // ms
};

// From end to end with `shown` of the trace in view.
Frames pan(TimelineView& view, double shown) {
    const double whole = view.shown().whole(), length = whole * shown;
    Frames frames;
    for (int frame = 0; frame < kFrames; ++frame) {
        const double begin = (whole - length) * frame / (kFrames - 1);
        QElapsedTimer clock;
        clock.start();
        const double before = processorTime();
        view.setShown(begin, begin + length);
        view.grab();
        frames.processor.push_back(processorTime() - before);
        frames.wall.push_back(milliseconds(clock));
    }
    return frames;
}

Opening medianOpening(const profiler::Store& store, std::int64_t run) {
    TimelineView view;
    view.resize(1600, 700);
    FiguresPane figures;
    figures.resize(1600, 300);
    std::vector<double> read, ready, filled, drawn;
    for (int round = 0; round < kRounds; ++round) {
        const Opening times = open(store, run, view, figures);
        read.push_back(times.read);
        ready.push_back(times.ready);
        filled.push_back(times.figures);
        drawn.push_back(times.drawn);
    }
    return {median(read), median(ready), median(filled), median(drawn)};
}

int run(std::size_t events) {
    QTemporaryDir folder;
    profiler::Store store((folder.path() + QStringLiteral("/runs.db")).toStdString());
    profiler::NewRun what;
    what.model_name = "invented";
    what.side = "baseline";
    const std::int64_t id = store.begin_run(what);
    // A call a kernel, and a copy here and there: a little more than half are others than kernels.
    profiler::Trace trace = testing::inventedCudaTrace(events / 2, kLayers, kMemoryMoments);
    std::printf("%zu events on %zu tracks, %d changes of memory\n", trace.events.size(),
                trace.tracks.size(), kMemoryMoments);
    store.set_trace(id, trace);
    const Opening opened = medianOpening(store, id);
    std::printf("opened in %8.0f ms: read %.0f, made ready %.0f, figures %.0f, drawn %.0f\n",
                opened.whole(), opened.read, opened.ready, opened.figures, opened.drawn);
    TimelineView view;
    view.resize(1600, 700);
    view.setData(std::make_shared<const TraceData>(std::move(trace)));
    double slowest = 0;
    for (const double shown : {1.0, 0.5, 0.1, 0.001, 0.00001}) {
        const Frames frames = pan(view, shown);
        slowest = std::max(slowest, percentile95(frames.wall));
        std::printf(
            "frame with %7.3f %% in view: %6.2f ms median, %6.2f ms 95th percentile, %6.2f ms at "
            "most; "
            "processor %6.2f ms median, %6.2f ms 95th percentile\n",
            100 * shown, median(frames.wall), percentile95(frames.wall),
            *std::max_element(frames.wall.begin(), frames.wall.end()), median(frames.processor),
            percentile95(frames.processor));
    }
    return opened.whole() < kMostOpening && opened.heldUp() < kMostHeldUp && slowest < kMostFrame
               ? 0
               : 1;
}

}  // namespace
}  // namespace hone::ui

int main(int argc, char** argv) {
    const QApplication application(argc, argv);
    hone::ui::Theme::instance().apply(hone::ui::Scheme::light);
    const long events = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 1'000'000;
    if (events < 2) {
        std::fprintf(stderr, "bench_timeline [EVENTS]: EVENTS is a number from 2 on, found '%s'\n",
                     argv[1]);
        return 2;
    }
    return hone::ui::run(static_cast<std::size_t>(events));
}
