// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/screenshots/screenshots.h"

#include <QApplication>
#include <QCheckBox>
#include <QDir>
#include <QKeyEvent>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSpinBox>
#include <QTabBar>
#include <QTimer>
#include <algorithm>
#include <set>
#include <span>
#include <string>

#include "ui/models/run_roles.h"
#include "ui/models/session.h"
#include "ui/pages/compare/charts_card.h"
#include "ui/pages/compare/comparison_card.h"
#include "ui/pages/compare/runs_table.h"
#include "ui/pages/optimise/playground_card.h"
#include "ui/pages/optimise_page.h"
#include "ui/shell/main_window.h"
#include "ui/shell/page_host.h"
#include "ui/theme/theme.h"
#include "ui/timeline/timeline_panel.h"

namespace hone::ui {

namespace {

// Time for workers to answer and for pages to settle, in ms.
constexpr int firstWait = 4000, settle = 700, look = 200, longestWait = 180'000;
constexpr int mostTicked = 3, answerTokens = 48;

template <typename Control>
Control* control(QWidget* within, const QString& accessibleName) {
    for (Control* candidate : within->findChildren<Control*>())
        if (candidate->accessibleName() == accessibleName) return candidate;
    return nullptr;
}

// The button that opens the playground, or null before its page was made.
QPushButton* tryingButton(QWidget* window) {
    for (QPushButton* button : window->findChildren<QPushButton*>())
        if (button->text() == OptimisePage::tr("Try it")) return button;
    return nullptr;
}

}  // namespace

Screenshots::Screenshots(MainWindow& window, Session& session, QString folder, QObject* parent)
    : QObject(parent), window_(window), session_(session), folder_(std::move(folder)) {}

void Screenshots::start() {
    QDir().mkpath(folder_);
    window_.timeline().showNewest();
    QTimer::singleShot(firstWait, this, &Screenshots::begin);
}

void Screenshots::begin() {
    takeNewestWorkload();
    addPages();
    addPlayground();
    addCompare();
    if (window_.timeline().run() != 0) addTimeline();
    next();
}

// What was measured last is what the pages show figures of.
void Screenshots::takeNewestWorkload() {
    const Experiment experiment = session_.experiment();
    for (const profiler::RunRecord& run : session_.store().list()) {
        if (run.status != "done" || run.what.model_source != experiment.checkpoint ||
            run.what.recipe != to_json(experiment.recipe))
            continue;
        return session_.setWorkload(rerun_request(run, session_.registry()).experiment.workload);
    }
}

void Screenshots::addPages() {
    for (const PageEntry& entry : window_.pages().entries())
        shots_.push_back({entry.id, [this, id = entry.id] {
                              window_.setTimelineShown(false);
                              window_.pages().showPage(id);
                              if (id == QStringLiteral("compare")) tickRuns();
                              const auto runs = session_.store().list();
                              if (id == QStringLiteral("run") && !runs.empty())
                                  session_.openRun(runs.front().id, QStringLiteral("compare"));
                          }});
}

// Asked once: the dark picture shows the same answers.
void Screenshots::addPlayground() {
    if (session_.checkpoint().isEmpty()) return;
    const auto card = [this] {
        return window_.pages().page(QStringLiteral("optimise"))->findChild<PlaygroundCard*>();
    };
    shots_.push_back(
        {QStringLiteral("playground"),
         [this, card] {
             window_.pages().showPage(QStringLiteral("optimise"));
             auto* trying = tryingButton(&window_);
             if (trying != nullptr && !trying->isChecked()) trying->click();
             if (card()->playground().baseline().state != Playground::State::none) return;
             control<QSpinBox>(card(), PlaygroundCard::tr("Tokens"))->setValue(answerTokens);
             card()->findChild<QPlainTextEdit*>()->setPlainText(
                 tr("Why does a cache make a processor faster?"));
             card()->ask();
         },
         [card] { return !card()->playground().active(); }});
}

void Screenshots::addCompare() {
    const auto show = [this](int tab, bool differences) {
        if (auto* trying = tryingButton(&window_); trying != nullptr && trying->isChecked())
            trying->click();
        window_.pages().showPage(QStringLiteral("compare"));
        QWidget* page = window_.pages().page(QStringLiteral("compare"));
        control<QTabBar>(page, ComparisonChartsCard::tr("What the chart shows"))
            ->setCurrentIndex(tab);
        control<QCheckBox>(page, ComparisonCard::tr("Show differences only"))
            ->setChecked(differences);
    };
    shots_.push_back({QStringLiteral("compare-bars"), [show] { show(1, false); }});
    shots_.push_back({QStringLiteral("compare-tokens"), [show] { show(2, false); }});
    shots_.push_back({QStringLiteral("compare-distribution"), [show] { show(3, false); }});
    shots_.push_back({QStringLiteral("compare-differences"), [show] { show(4, true); }});
}

// The newest run of the open recipe with its baseline, and beside it the newest of other recipes.
void Screenshots::tickRuns() {
    auto* table = window_.pages().page(QStringLiteral("compare"))->findChild<RunsTable*>();
    std::set<std::string> seen;
    for (const profiler::RunRecord& run : session_.store().list()) {
        if (run.status != "done" || run.what.side != "candidate" ||
            std::ssize(seen) == mostTicked || !seen.insert(run.what.recipe_label).second)
            continue;
        if (seen.size() == 1) {
            emit session_.runRequested(run.id);
            continue;
        }
        table->selectRun(run.id);
        const QModelIndex mark = table->currentIndex().siblingAtColumn(RunsModel::Tick);
        if (mark.data(MarkRole).toInt() == static_cast<int>(Mark::checkOn))
            continue;  // with its series
        QKeyEvent tick(QEvent::KeyPress, Qt::Key_Space, Qt::NoModifier);
        QApplication::sendEvent(table, &tick);
    }
    QWidget* page = window_.pages().page(QStringLiteral("compare"));
    control<QTabBar>(page, ComparisonChartsCard::tr("What the chart shows"))->setCurrentIndex(0);
    control<QCheckBox>(page, ComparisonCard::tr("Show differences only"))->setChecked(false);
}

// The whole trace below the page that led to it, and a part of one token's pass in the whole
// window.
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
                          view.setShown(begin,
                                        begin + static_cast<double>(pass.end - pass.begin) / 8);
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
    waitFor(shot, 0);
}

void Screenshots::waitFor(const Shot& shot, int waited) {
    if (shot.ready && !shot.ready() && waited < longestWait) {
        QTimer::singleShot(look, this, [this, &shot, waited] { waitFor(shot, waited + look); });
        return;
    }
    QTimer::singleShot(settle, this, [this, &shot] { take(shot.name); });
}

void Screenshots::take(const QString& name) {
    const QString scheme =
        Theme::instance().dark() ? QStringLiteral("dark") : QStringLiteral("light");
    window_.grab().save(QStringLiteral("%1/%2-%3.png").arg(folder_, name, scheme));
    next();
}

}  // namespace hone::ui
