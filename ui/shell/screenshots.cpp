// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/screenshots.h"

#include <QDir>
#include <QTimer>
#include <algorithm>
#include <span>

#include "ui/shell/main_window.h"
#include "ui/shell/page_host.h"
#include "ui/theme/theme.h"
#include "ui/timeline/timeline_panel.h"

namespace hone::ui {

namespace {

// Time for workers to answer and for pages to settle, in ms.
constexpr int firstWait = 2500, settle = 700;

}  // namespace

Screenshots::Screenshots(MainWindow& window, QString folder, QObject* parent)
    : QObject(parent), window_(window), folder_(std::move(folder)) {}

void Screenshots::start() {
    QDir().mkpath(folder_);
    window_.timeline().showNewest();
    QTimer::singleShot(firstWait, this, &Screenshots::begin);
}

void Screenshots::begin() {
    addPages();
    if (window_.timeline().run() != 0) addTimeline();
    next();
}

void Screenshots::addPages() {
    for (const PageEntry& entry : window_.pages().entries())
        shots_.push_back({entry.id, [this, id = entry.id] {
                              window_.setTimelineShown(false);
                              window_.pages().showPage(id);
                          }});
}

// The whole trace below the page that led to it, and a part of one token's pass in the whole window.
void Screenshots::addTimeline() {
    TimelineView& view = window_.timeline().view();
    shots_.push_back({QStringLiteral("timeline"), [this, &view] {
                          window_.pages().showPage(QStringLiteral("compare"));
                          window_.setTimelineShown(true);
                          window_.timeline().figures().setGrouping(profiler::GroupBy::operation);
                          window_.timeline().figures().showTab(FiguresPane::Tab::table);
                          view.selectEvent({});
                          view.setSelection({});
                          view.fitAll();
                      }});
    shots_.push_back({QStringLiteral("timeline-pass"), [this, &view] {
                          window_.fillWithTimeline(true);
                          window_.timeline().figures().setGrouping(profiler::GroupBy::operation);
                          window_.timeline().figures().showTab(FiguresPane::Tab::table);
                          const TraceData& trace = *view.trace();
                          const Span& pass = trace.passes().spans().back();
                          const auto begin = static_cast<double>(pass.begin);
                          view.setShown(begin, begin + static_cast<double>(pass.end - pass.begin) / 8);
                          // A layer of it, and that layer's second operation.
                          const std::span<const Span> layers = trace.layers().spans();
                          const std::size_t first = trace.layers().firstAfter(begin);
                          if (layers.empty()) return;
                          const Span& layer = layers[std::min(first + 2, layers.size() - 1)];
                          view.setSelection(TimeRange{layer.begin, layer.end});
                          view.selectEvent(trace.neighbour(layer.first, true));
                      }});
    shots_.push_back({QStringLiteral("timeline-kernels"), [this, &view] {
                          view.selectEvent({});
                          view.setSelection({});
                          view.fitAll();
                          window_.timeline().figures().setGrouping(profiler::GroupBy::kernel);
                      }});
    shots_.push_back({QStringLiteral("timeline-roofline"),
                      [this] { window_.timeline().figures().showTab(FiguresPane::Tab::roof); }});
    if (view.trace()->trace().memory.empty()) return;
    shots_.push_back({QStringLiteral("timeline-memory"),
                      [this] { window_.timeline().figures().showTab(FiguresPane::Tab::memory); }});
}

void Screenshots::next() {
    if (next_ >= 2 * shots_.size()) {
        emit finished();
        return;
    }
    const bool dark = next_ >= shots_.size();
    const Shot& shot = shots_[next_++ % shots_.size()];
    Theme::instance().apply(dark ? Scheme::dark : Scheme::light);
    shot.prepare();
    QTimer::singleShot(settle, this, [this, name = shot.name, dark] {
        window_.grab().save(QStringLiteral("%1/%2-%3.png")
                                .arg(folder_, name, dark ? QStringLiteral("dark") : QStringLiteral("light")));
        next();
    });
}

}  // namespace hone::ui
