// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAction>
#include <QApplication>
#include <QComboBox>
#include <QDockWidget>
#include <QElapsedTimer>
#include <QFile>
#include <QLabel>
#include <QMenuBar>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QTest>
#include <QTimer>
#include <QToolButton>
#include <QTreeView>
#include <algorithm>

#include "tests/ui/invented_trace.h"
#include "tests/ui/scripted_worker.h"
#include "tests/ui/stored_runs.h"
#include "ui/charts/chart.h"
#include "ui/shell/job_strip.h"
#include "ui/shell/log_panel.h"
#include "ui/shell/main_window.h"
#include "ui/shell/page_host.h"
#include "ui/shell/rail.h"
#include "ui/theme/theme.h"
#include "ui/timeline/timeline_panel.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/card.h"

using namespace hone;
using namespace hone::ui;

namespace {

void drop(QWidget& on, const QString& file) {
    QMimeData data;
    data.setUrls({QUrl::fromLocalFile(file)});
    QDragEnterEvent enter(QPoint(50, 50), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&on, &enter);
    QVERIFY(enter.isAccepted());
    QDropEvent event(QPoint(50, 50), Qt::CopyAction, &data, Qt::LeftButton, Qt::NoModifier);
    QApplication::sendEvent(&on, &event);
}

// Answers the next modal question by the button with this text, and counts questions.
class Answering : public QObject {
public:
    explicit Answering(QString button) : button_(std::move(button)) {
        connect(&timer_, &QTimer::timeout, this, &Answering::look);
        timer_.start(20);
    }
    int asked = 0;

private:
    void look() {
        auto* box = qobject_cast<QMessageBox*>(QApplication::activeModalWidget());
        if (box == nullptr) return;
        for (QAbstractButton* button : box->buttons()) {
            if (button->text() != button_) continue;
            ++asked;
            button->click();
            return;
        }
    }
    QString button_;
    QTimer timer_;
};

}  // namespace

class TestWindow : public QObject {
    Q_OBJECT
private slots:
    void init() {
        QSettings().clear();
        Theme::instance().apply(Scheme::light);
        session_ = std::make_unique<Session>(builtin_registry(), test::scriptedLaunch(),
                                             test::scratchFile("window.sqlite"));
        makeWindow();
    }
    void cleanup() {
        window_.reset();
        session_.reset();
    }

    void itStartsQuickly() {
        window_.reset();
        QElapsedTimer clock;
        clock.start();
        makeWindow();
        QVERIFY2(clock.elapsed() < 1000, qPrintable(QString::number(clock.elapsed())));
    }

    void pagesAreReachedByKeyboard() {
        const char* const ids[] = {"start", "model", "optimise", "measure", "compare", "export"};
        for (int i = 5; i >= 0; --i) {
            QTest::keyClick(window_.get(), static_cast<Qt::Key>(Qt::Key_1 + i),
                            Qt::ControlModifier);
            QCOMPARE(window_->pages().current(), QString::fromLatin1(ids[i]));
        }
    }

    void theRailNarrowsBelow1100() {
        window_->resize(1280, 800);
        QVERIFY(!window_->rail().narrow());
        const int wide = window_->rail().sizeHint().width();
        window_->resize(1099, 800);
        QVERIFY(window_->rail().narrow());
        QTRY_VERIFY(window_->rail().sizeHint().width() < wide);
        window_->resize(1100, 800);
        QVERIFY(!window_->rail().narrow());
    }

    void openingLeadsFromStartToModel() {
        window_->openCheckpoint(QStringLiteral("model.gguf"));
        QTRY_COMPARE_WITH_TIMEOUT(window_->pages().current(), QStringLiteral("model"), 5000);
        QCOMPARE(window_->windowTitle(), QStringLiteral("model.gguf — Hone"));
        const auto* tree = window_->findChild<QTreeView*>();
        QCOMPARE(tree->model()->rowCount(), 3);
        // The last model is remembered, and opened again without leaving Start.
        window_.reset();
        QFile file(QString::fromStdString(test::scratchFile("real.gguf").string()));
        QVERIFY(file.open(QIODevice::WriteOnly));
        makeWindow();
        window_->openCheckpoint(file.fileName());
        QTRY_COMPARE_WITH_TIMEOUT(session_->checkpoint(), file.fileName(), 5000);
        window_->pages().showPage(QStringLiteral("start"));
        window_.reset();
        makeWindow();
        QSignalSpy opened(session_.get(), &Session::modelChanged);
        window_->reopenLast();
        QVERIFY(opened.wait(5000));
        QCOMPARE(window_->pages().current(), QStringLiteral("start"));
    }

    void theModelPageSaysWhatBecomesOfPrompts() {
        openModel(QStringLiteral("model.gguf"));
        window_->pages().showPage(QStringLiteral("model"));
        const auto labels = window_->findChildren<QLabel*>();
        QVERIFY(std::any_of(labels.begin(), labels.end(), [](const QLabel* label) {
            return label->isVisible() && label->text().contains(QStringLiteral("no chat template"));
        }));
    }

    void aFileMayBeDroppedAnywhere() {
        QTest::keyClick(window_.get(), Qt::Key_3, Qt::ControlModifier);
        drop(*window_, QStringLiteral("/somewhere/dropped.gguf"));
        QTRY_COMPARE_WITH_TIMEOUT(session_->checkpoint(), QStringLiteral("/somewhere/dropped.gguf"),
                                  5000);
        QCOMPARE(window_->pages().current(), QStringLiteral("optimise"));
    }

    void anErrorIsSaidWhereTheActionWasAndLogged() {
        window_->openCheckpoint(QStringLiteral("missing.gguf"));
        auto* banner = window_->pages().page(QStringLiteral("start"))->findChild<Banner*>();
        QTRY_VERIFY_WITH_TIMEOUT(banner->isVisible(), 5000);
        QCOMPARE(banner->message(), QStringLiteral("missing.gguf: no such file"));
        QVERIFY(window_->findChild<LogPanel*>()->text().contains(
            QStringLiteral("missing.gguf: no such file")));
        QVERIFY(QApplication::activeModalWidget() == nullptr);
    }

    void measuringAndCancellingByKeyboard() {
        startSlowJob();
        auto* strip = window_->findChild<JobStrip*>();
        auto* cancel = strip->findChild<QPushButton*>();
        QTRY_VERIFY_WITH_TIMEOUT(cancel->isVisible(), 5000);
        cancel->setFocus();
        QTest::keyClick(cancel, Qt::Key_Space);
        QTRY_VERIFY_WITH_TIMEOUT(!session_->jobs().running(), 5000);
        QVERIFY(strip->isVisible());
        QVERIFY(!cancel->isVisible());
        // The focus stays in the strip, where the button was.
        QVERIFY(strip->isAncestorOf(QApplication::focusWidget()));
    }

    // B20: what went wrong is said until it is put away, or was seen.
    void aFailureInTheStripCanBePutAway() {
        openModel(QStringLiteral("fails.gguf"));
        Workload workload;
        workload.text = "none";
        session_->setWorkload(workload);
        QTest::keyClick(window_.get(), Qt::Key_R, Qt::ControlModifier);
        QTRY_VERIFY_WITH_TIMEOUT(stripSays(QStringLiteral("out of memory in layer 1")), 5000);
        auto* away = named<QToolButton>(QStringLiteral("Put this message away"));
        QVERIFY(away->isVisible());
        QTest::mouseClick(away, Qt::LeftButton);
        QVERIFY(!away->isVisible());
        QVERIFY(stripSays(QStringLiteral("Idle")));
        // It does not come back with the next thing that happens.
        emit session_->modelChanged();
        QVERIFY(stripSays(QStringLiteral("Idle")));
    }

    void closingWithARunningJobAsksOnce() {
        startSlowJob();
        {
            const Answering keep(QStringLiteral("Keep it running"));
            QVERIFY(!window_->close());
            QCOMPARE(keep.asked, 1);
        }
        QVERIFY(session_->jobs().running().has_value());
        const Answering leave(QStringLiteral("Cancel the job and close"));
        QVERIFY(window_->close());
        QCOMPARE(leave.asked, 1);
    }

    void closingWithoutAJobDoesNotAsk() {
        const Answering nobody(QStringLiteral("Keep it running"));
        QVERIFY(window_->close());
        QCOMPARE(nobody.asked, 0);
    }

    void theLayoutIsRemembered() {
        auto* log = window_->findChild<QDockWidget*>(QStringLiteral("log"));
        QVERIFY(!log->isVisible());
        log->toggleViewAction()->trigger();
        QVERIFY(log->isVisible());
        window_->resize(790, 580);
        window_->close();
        makeWindow();
        QCOMPARE(window_->size(), QSize(800, 580));
        QVERIFY(window_->findChild<QDockWidget*>(QStringLiteral("log"))->isVisible());
    }

    void theTimelineIsADockThatMayFillTheWindow() {
        const std::int64_t run =
            testing::storeRun(session_->store(), {}, {{"prompt_tokens", 8}}, {{"device", "cpu"}});
        session_->store().set_trace(run, testing::inventedTrace(450));
        auto* dock = window_->findChild<QDockWidget*>(QStringLiteral("timeline"));
        window_->pages().showPage(QStringLiteral("compare"));
        QVERIFY(!dock->isVisible());
        QSignalSpy loaded(&window_->timeline(), &TimelinePanel::loaded);
        QTest::keyClick(window_.get(), Qt::Key_T,
                        Qt::ControlModifier);  // the newest trace, unasked
        QVERIFY(loaded.wait(5000));
        QVERIFY(dock->isVisible() && window_->pages().isVisible());
        QCOMPARE(window_->timeline().run(), run);
        const int height = dock->height();
        QVERIFY2(height >= 300 && height <= 460, qPrintable(QString::number(height)));
        auto* fill = named<QToolButton>(QStringLiteral("Fill the window"));
        fill->click();
        QVERIFY(!window_->pages().isVisible());
        QTRY_VERIFY(dock->height() > height + 100);
        QTest::keyClick(window_.get(), Qt::Key_4, Qt::ControlModifier);
        QVERIFY(window_->pages().isVisible() && dock->isVisible() && !fill->isChecked());
        fill->click();
        named<QToolButton>(QStringLiteral("Close the timeline"))->click();
        QVERIFY(!dock->isVisible() && window_->pages().isVisible());
        emit session_->traceRequested(run);
        QVERIFY(dock->isVisible());
    }

    // A job runs on while a range of the timeline is taken back.
    void escapeTakesBackTheSelectionAndLeavesTheJobAlone() {
        const std::int64_t run =
            testing::storeRun(session_->store(), {}, {{"prompt_tokens", 8}}, {{"device", "cpu"}});
        session_->store().set_trace(run, testing::inventedTrace(450));
        QSignalSpy loaded(&window_->timeline(), &TimelinePanel::loaded);
        emit session_->traceRequested(run);
        QVERIFY(loaded.wait(5000));
        startSlowJob();
        TimelineView& view = window_->timeline().view();
        view.setSelection(TimeRange{100, 9000});
        view.setFocus();
        QTest::keyClick(&view, Qt::Key_Escape);
        QVERIFY(!view.selection());
        QTest::qWait(100);
        QVERIFY(session_->jobs().running().has_value());
        const Answering keep(QStringLiteral("Keep it running"));
        QTest::keyClick(&view, Qt::Key_Escape);
        QCOMPARE(keep.asked, 1);
        QVERIFY(session_->jobs().running().has_value());
    }

    void theThemeIsSwitchedAndRemembered() {
        emit window_->rail().schemeToggled();
        QVERIFY(Theme::instance().dark());
        QCOMPARE(QSettings().value(QStringLiteral("appearance/scheme")).toString(),
                 QStringLiteral("dark"));
        emit window_->rail().schemeToggled();
        QVERIFY(!Theme::instance().dark());
    }

    void bothThemesPaintEveryPage() {
        openModel(QStringLiteral("model.gguf"));
        for (const Scheme scheme : {Scheme::light, Scheme::dark}) {
            Theme::instance().apply(scheme);
            for (const PageEntry& entry : window_->pages().entries()) {
                window_->pages().showPage(entry.id);
                QApplication::processEvents();  // palettes travel as events
                const PageHost& pages = window_->pages();
                const QPoint place = pages.mapTo(window_.get(), QPoint(pages.width() - 4, 4));
                const QColor corner = window_->grab().toImage().pixelColor(place);
                QVERIFY2(corner == Theme::instance().palette().window,
                         qPrintable(entry.id + QLatin1Char(' ') + corner.name()));
            }
        }
    }

    void everyControlHasAName() {
        testing::storeInventedRuns(session_->store(), {{"prompt_tokens", 128}}, {{"threads", 2}});
        openModel(QStringLiteral("model.gguf"));
        Recipe recipe;  // so that option forms are shown
        for (const char* technique : {"quantize_weights", "kv_cache"})
            recipe.steps.push_back({technique, nlohmann::json::object()});
        session_->setRecipe(recipe, QStringLiteral("test"));
        emit session_->runsChanged();
        window_->setTimelineShown(true);
        for (const PageEntry& entry : window_->pages().entries())
            window_->pages().showPage(entry.id);
        for (const QWidget* widget : window_->findChildren<QWidget*>()) {
            if (widget->focusPolicy() == Qt::NoFocus || widget->accessibleName().size() > 0)
                continue;
            const QByteArray kind = widget->metaObject()->className();
            if (widget->isHidden() || qobject_cast<const QLabel*>(widget) != nullptr)
                continue;  // a label's text is its name
            // Parts of a control that has a name, and containers without a control's role.
            if (widget->focusProxy() != nullptr || kind.startsWith("QMenu") ||
                kind == "QMainWindow")
                continue;
            if (widget->parentWidget() != nullptr &&
                !widget->parentWidget()->accessibleName().isEmpty())
                continue;
            QFAIL(qPrintable(
                QStringLiteral("%1 '%2' in %3 has no accessible name")
                    .arg(QString::fromLatin1(kind), widget->objectName(),
                         QString::fromLatin1(widget->parentWidget()->metaObject()->className()))));
        }
    }

    void everyChartHasItsMenuBehindAButtonAndByKeyboard() {
        for (const PageEntry& entry : window_->pages().entries()) window_->pages().page(entry.id);
        int charts = 0;
        for (const Chart* chart : window_->findChildren<Chart*>()) {
            ++charts;
            QVERIFY2(chart->focusPolicy() == Qt::StrongFocus, qPrintable(chart->accessibleName()));
            bool found = false;
            for (const QWidget* at = chart; at != nullptr && !found; at = at->parentWidget())
                if (qobject_cast<const Card*>(at) != nullptr ||
                    qobject_cast<const FiguresPane*>(at) != nullptr)
                    for (const QToolButton* button : at->findChildren<QToolButton*>())
                        found =
                            found || button->accessibleName().startsWith(QStringLiteral("Data of"));
            QVERIFY2(found, qPrintable(chart->accessibleName()));
        }
        QVERIFY(charts >= 11);
    }

    // Ctrl+Z on Compare is for stored runs; a recipe edited before stays as it is.
    void undoBelongsToThePage() {
        const std::int64_t run =
            testing::storeRun(session_->store(), {}, {{"prompt_tokens", 8}}, {{"device", "cpu"}});
        session_->setRecipe({{{"kv_cache", default_options(*builtin_registry().find("kv_cache"))}}},
                            QStringLiteral("switching on"));
        QVERIFY(session_->runEdits().setStarred(*session_->store().load(run), true));
        window_->pages().showPage(QStringLiteral("compare"));
        window_->setFocus();
        QTest::keyClick(window_.get(), Qt::Key_Z, Qt::ControlModifier);
        QVERIFY(!session_->store().load(run)->starred);
        QCOMPARE(session_->recipe().steps.size(), std::size_t{1});
        window_->pages().showPage(QStringLiteral("optimise"));
        window_->setFocus();
        QTest::keyClick(window_.get(), Qt::Key_Z, Qt::ControlModifier);
        QVERIFY(session_->recipe().steps.empty());
    }

    void everyMenuEntryHasAWord() {
        for (const QAction* top : window_->menuBar()->actions()) {
            QVERIFY(!top->text().isEmpty());
            QVERIFY(top->menu()->actions().size() >= 2);
            for (const QAction* action : top->menu()->actions())
                if (!action->isSeparator()) QVERIFY(!action->text().isEmpty());
        }
    }

    void timesLeftAreGuessedOnlyWhenTheyCanBe() {
        QCOMPARE(elapsedAndLeft(3, -1), QStringLiteral("3 s"));
        QCOMPARE(elapsedAndLeft(3, 0.01), QStringLiteral("3 s"));
        QCOMPARE(elapsedAndLeft(20, 0.5), QStringLiteral("20 s · about 20 s left"));
        QCOMPARE(elapsedAndLeft(100, 0.5), QStringLiteral("1 min 40 s · about 1 min 40 s left"));
    }

private:
    void makeWindow() {
        const bool first = !QSettings().contains(QStringLiteral("window/geometry"));
        window_ = std::make_unique<MainWindow>(*session_);
        if (first) window_->resizeTo({1280, 800});
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
        QApplication::setActiveWindow(window_.get());
    }
    void openModel(const QString& checkpoint) {
        window_->openCheckpoint(checkpoint);
        QTRY_COMPARE_WITH_TIMEOUT(session_->checkpoint(), checkpoint, 5000);
    }
    template <typename Control>
    Control* named(const QString& name) const {
        for (Control* candidate : window_->findChildren<Control*>())
            if (candidate->accessibleName() == name) return candidate;
        return nullptr;
    }
    bool stripSays(const QString& text) const {
        const auto labels = window_->findChild<JobStrip*>()->findChildren<QLabel*>();
        return std::any_of(labels.begin(), labels.end(), [&](const QLabel* label) {
            return label->isVisible() && label->text().contains(text);
        });
    }
    void startSlowJob() {
        openModel(QStringLiteral("slow.gguf"));
        Workload workload;
        workload.text = "none";
        session_->setWorkload(workload);
        QTest::keyClick(window_.get(), Qt::Key_R, Qt::ControlModifier);
        QTRY_VERIFY_WITH_TIMEOUT(session_->jobs().running().has_value(), 5000);
    }

    std::unique_ptr<Session> session_;
    std::unique_ptr<MainWindow> window_;
};

HONE_SCRIPTED_MAIN(TestWindow)
#include "test_window.moc"
