// SPDX-License-Identifier: GPL-3.0-or-later
// What the window is when it is started: the same as before, on a screen that it fits.
#include <QAbstractButton>
#include <QFile>
#include <QLabel>
#include <QScreen>
#include <QSettings>
#include <QSignalSpy>

#include "tests/ui/driven_window.h"
#include "tests/ui/stored_runs.h"
#include "ui/pages/compare/runs_table.h"
#include "ui/shell/window_place.h"
#include "ui/widgets/chip.h"

using namespace hone;
using namespace hone::ui;

namespace {

Recipe recipeOf(const char* technique) {
    return {{{technique, default_options(*builtin_registry().find(technique))}}};
}

}  // namespace

class TestWindowMemory : public QObject {
    Q_OBJECT
private slots:
    void init() {
        QSettings().clear();
        QFile::remove(QString::fromStdString(test::scratchFile("driven.sqlite").string()));
        Theme::instance().apply(Scheme::light);
        model_ = realFile("one.gguf");
        other_ = realFile("two.gguf");
    }
    void cleanup() { made_.reset(); }

    // B9: set, quit, start.
    void aRestartKeepsWhatWasSet() {
        start();
        const std::int64_t baseline = testing::storeInventedRuns(
            made_->session.store(), {{"prompt_tokens", 128}}, {{"threads", 2}});
        emit made_->session.runsChanged();
        made_->open(model_);
        made_->session.setRecipe(recipeOf("kv_cache"), QStringLiteral("test"));
        Workload workload;
        workload.prompt_tokens = 64;
        workload.windows = 4;
        made_->session.setWorkload(workload);
        made_->session.setTarget({"cpu", 2});
        made_->session.setTracing(true);
        made_->openPage(5);
        tick(baseline + 1);
        tick(baseline + 2);
        pin(baseline);
        const std::vector<std::int64_t> ticked = made_->session.tickedRuns();
        QVERIFY(ticked.size() >= 2);
        restart();
        // At once: no page but the one of last time was looked at, and the model is not open yet.
        QCOMPARE(made_->window.pages().current(), QStringLiteral("compare"));
        QVERIFY(made_->session.recipe() == recipeOf("kv_cache"));
        QVERIFY(to_json(made_->session.workload()) == to_json(workload));
        QCOMPARE(made_->session.target().threads, 2);
        QVERIFY(made_->session.tracing());
        QCOMPARE(made_->session.pinnedBaseline(), std::optional(baseline));
        QVERIFY(chipSays(QStringLiteral("baseline: run %1").arg(baseline)));
        QVERIFY(made_->session.tickedRuns() == ticked);
        QVERIFY(!made_->session.undoStack().canUndo());
        made_->window.reopenLast();
        QTRY_COMPARE_WITH_TIMEOUT(made_->session.checkpoint(), model_, 5000);
        QVERIFY(made_->session.recipe() == recipeOf("kv_cache"));
        QCOMPARE(made_->window.pages().current(), QStringLiteral("compare"));
        QVERIFY(!made_->session.undoStack().canUndo());
    }

    void theBaselineIsKnownBeforeCompareIsVisited() {
        start();
        const std::int64_t baseline = testing::storeInventedRuns(
            made_->session.store(), {{"prompt_tokens", 128}}, {{"threads", 2}});
        made_->session.setPinnedBaseline(baseline);
        made_->openPage(1);
        restart();
        QCOMPARE(made_->window.pages().current(), QStringLiteral("start"));
        QVERIFY(chipSays(QStringLiteral("baseline: run %1").arg(baseline)));
    }

    void aRunThatIsGoneIsNoBaseline() {
        start();
        const std::int64_t baseline = testing::storeInventedRuns(
            made_->session.store(), {{"prompt_tokens", 128}}, {{"threads", 2}});
        made_->session.setPinnedBaseline(baseline + 1000);
        restart();
        QVERIFY(!made_->session.pinnedBaseline());
        QVERIFY(chipSays(QStringLiteral("no baseline pinned")));
    }

    // A baseline that belonged to the whole program: one model's stood beside another.
    void eachModelHasItsBaseline() {
        start();
        const std::int64_t other = testing::storeInventedRuns(
            made_->session.store(), {{"prompt_tokens", 128}}, {{"threads", 2}});
        testing::InventedRun own;
        own.label = "baseline";
        own.model = model_.toStdString();
        const std::int64_t run = testing::storeRun(made_->session.store(), own,
                                                   {{"prompt_tokens", 128}}, {{"threads", 2}});
        made_->session.setPinnedBaseline(other);
        made_->openPage(5);
        made_->open(model_);
        QTRY_COMPARE(made_->session.pinnedBaseline(), std::optional(run));
        const auto chipTold = [this](const QString& text) {
            for (const Chip* chip : made_->window.findChildren<Chip*>())
                if (chip->toolTip().contains(text)) return true;
            return false;
        };
        QVERIFY(!chipTold(QStringLiteral("not on the open model")));
        made_->session.setPinnedBaseline(other);  // by hand: it is said
        QVERIFY(chipTold(QStringLiteral("not on the open model")));
    }

    void eachModelHasItsRecipe() {
        start();
        made_->open(model_);
        made_->session.setRecipe(recipeOf("kv_cache"), QStringLiteral("test"));
        made_->open(other_);
        // A model that was never open goes on with what is there.
        QVERIFY(made_->session.recipe() == recipeOf("kv_cache"));
        made_->session.setRecipe(recipeOf("quantize_weights"), QStringLiteral("test"));
        made_->open(model_);
        QVERIFY(made_->session.recipe() == recipeOf("kv_cache"));
        restart();
        QVERIFY(made_->session.recipe() == recipeOf("kv_cache"));
        made_->open(other_);
        QVERIFY(made_->session.recipe() == recipeOf("quantize_weights"));
        // Opening it is one step, as every other change of the recipe.
        made_->session.undoStack().undo();
        QVERIFY(made_->session.recipe() == recipeOf("kv_cache"));
    }

    void listsOfValuesAreKeptWithTheRecipe() {
        start();
        made_->open(model_);
        const std::vector<std::string> list{"kv_cache.dtype=fp16,int8"};
        made_->session.setSweep(sweep_of({}, list, builtin_registry()), QStringLiteral("test"));
        made_->session.showCandidate(1);
        restart();
        QCOMPARE(made_->session.shownCandidate(), std::size_t{1});
        QVERIFY(made_->session.swept() == sweep_of({}, list, builtin_registry()).options);
        QCOMPARE(made_->session.candidates(), std::uint64_t{2});
    }

    void theRecipeOfTheCommandLineIsNotReplaced() {
        start();
        made_->open(model_);
        made_->session.setRecipe(recipeOf("kv_cache"), QStringLiteral("test"));
        made_->open(other_);
        restart();
        made_->session.setRecipe(recipeOf("quantize_weights"), QStringLiteral("loading a recipe"));
        made_->window.keepRecipe();
        made_->window.openAsked(model_);
        QTRY_COMPARE_WITH_TIMEOUT(made_->session.checkpoint(), model_, 5000);
        QVERIFY(made_->session.recipe() == recipeOf("quantize_weights"));
        QTRY_COMPARE(made_->window.pages().current(), QStringLiteral("model"));
    }

    // What settings hold is no promise: another version wrote it, or a hand did.
    void whatCannotBeKeptIsDroppedWithAWord_data() {
        QTest::addColumn<QByteArray>("recipe");
        QTest::newRow("a technique that is gone")
            << QByteArray(R"([{"technique": "gone", "options": {}}])");
        QTest::newRow("an option that is gone")
            << QByteArray(R"([{"technique": "kv_cache", "options": {"gone": 1}}])");
        QTest::newRow("no list") << QByteArray(R"("x")");
    }
    void whatCannotBeKeptIsDroppedWithAWord() {
        QFETCH(QByteArray, recipe);
        start();
        made_->open(model_);
        made_->session.setRecipe(recipeOf("kv_cache"), QStringLiteral("test"));
        stop();
        QSettings().setValue(
            QStringLiteral("session/models"),
            QByteArray("[{\"name\": \"" + model_.toUtf8() + "\", \"recipe\": " + recipe + "}]"));
        start();
        QVERIFY(made_->session.recipe().steps.empty());
        QVERIFY(says(QStringLiteral("The recipe kept for this model is dropped")));
        // It can be put away.
        made_->named<QAbstractButton>(QStringLiteral("Put this message away"))->click();
        QVERIFY(!says(QStringLiteral("The recipe kept for this model is dropped")));
    }

    void brokenSettingsAreNoReasonNotToStart_data() {
        QTest::addColumn<QByteArray>("value");
        for (const char* text :
             {"", "{", "[]", "{}", "null", "[[1], {\"name\": 3}, 7]", "{\"prompt_tokens\": -5}",
              "{\"device\": 7}", "[{\"name\": \"\", \"recipe\": [], \"pins\": [], \"runs\": {}}]"})
            QTest::newRow(text) << QByteArray(text);
    }
    void brokenSettingsAreNoReasonNotToStart() {
        QFETCH(QByteArray, value);
        for (const char* key :
             {"session/workload", "session/target", "session/models", "session/ticks",
              "session/tracing", "window/page", "window/geometry", "window/docks"})
            QSettings().setValue(QString::fromLatin1(key), value);
        start();
        QCOMPARE(made_->window.pages().current(), QStringLiteral("start"));
        QVERIFY(to_json(made_->session.workload()) == to_json(Workload()));
        restart();
    }

    void aDeviceThatIsGoneIsReplacedWithAWord() {
        start();
        made_->session.setTarget({"cuda:7", 0});
        restart();
        QTRY_COMPARE_WITH_TIMEOUT(made_->session.target().device, std::string("cpu"), 5000);
        QVERIFY(says(QStringLiteral("cuda:7 is not there any more")));
    }

    void picturesLeaveNothingBehind() {
        start();
        made_->session.setRecipe(recipeOf("kv_cache"), QStringLiteral("test"));
        restart();
        made_->window.keepNothing();
        made_->session.setRecipe({}, QStringLiteral("test"));
        made_->openPage(6);
        restart();
        QVERIFY(made_->session.recipe() == recipeOf("kv_cache"));
        QCOMPARE(made_->window.pages().current(), QStringLiteral("start"));
    }

    // B21: a recent run joins those that are compared.
    void aRecentRunIsAddedToTheTicks() {
        start();
        const std::int64_t baseline = testing::storeInventedRuns(
            made_->session.store(), {{"prompt_tokens", 128}}, {{"threads", 2}});
        made_->openPage(5);
        tick(baseline + 1);
        made_->session.requestPage(QStringLiteral("compare"));
        emit made_->session.runRequested(baseline + 2);
        const auto& ticked = made_->session.tickedRuns();
        QVERIFY(std::find(ticked.begin(), ticked.end(), baseline + 1) != ticked.end());
        QVERIFY(std::find(ticked.begin(), ticked.end(), baseline + 2) != ticked.end());
    }

    // B10: with its frame inside the screen, or maximised.
    void theFirstPlaceFitsTheScreen_data() {
        QTest::addColumn<QRect>("available");
        QTest::addColumn<bool>("maximised");
        QTest::newRow("1280x800") << QRect(0, 0, 1280, 800) << true;
        QTest::newRow("1024x700") << QRect(0, 0, 1024, 700) << true;
        QTest::newRow("a panel on 1366x768") << QRect(0, 28, 1366, 740) << true;
        QTest::newRow("1920x1080") << QRect(0, 0, 1920, 1080) << false;
        QTest::newRow("the second screen") << QRect(1920, 30, 2560, 1410) << false;
    }
    void theFirstPlaceFitsTheScreen() {
        QFETCH(QRect, available);
        QFETCH(bool, maximised);
        const FirstPlace place = firstPlace(available);
        QCOMPARE(place.maximised, maximised);
        QVERIFY(available.contains(place.normal.adjusted(-4, -30, 4, 4)));
        QVERIFY(maximised || place.normal.size() == QSize(1280, 800));
    }

    void aWindowIsMovedAndShrunkIntoTheScreen() {
        const QRect screen(0, 0, 1280, 800);
        QCOMPARE(fittedInto({100, 100, 900, 600}, screen), QRect(100, 100, 900, 600));
        QCOMPARE(fittedInto({900, 700, 900, 600}, screen), QRect(380, 200, 900, 600));
        QCOMPARE(fittedInto({2000, 40, 1290, 840}, screen), screen);
    }

    void theFirstStartLiesInsideTheScreen() {
        start();
        QTest::qWait(400);
        const QRect screen = made_->window.screen()->availableGeometry();
        QCOMPARE(QStringLiteral("%1x%2").arg(screen.width()).arg(screen.height()),
                 qEnvironmentVariable("HONE_TEST_SCREEN", "1280x800"));
        QVERIFY2(screen.contains(made_->window.frameGeometry()),
                 qPrintable(QStringLiteral("%1 × %2 on %3 × %4")
                                .arg(made_->window.frameGeometry().width())
                                .arg(made_->window.frameGeometry().height())
                                .arg(screen.width())
                                .arg(screen.height())));
        const QWidget* focused = QApplication::focusWidget();
        QVERIFY(focused != nullptr && made_->window.pages().isAncestorOf(focused));
    }

    void aPlaceOfAnotherScreenIsFittedToThisOne() {
        start();
        made_->window.setWindowState(Qt::WindowNoState);
        made_->window.setGeometry(3000, 2000, 2400, 1500);
        restart();
        QTest::qWait(400);
        QVERIFY(
            made_->window.screen()->availableGeometry().contains(made_->window.frameGeometry()));
    }

    // B23
    void aSizeThatWasAskedForEndsMaximised() {
        start();
        made_->window.setWindowState(Qt::WindowMaximized);
        restart();
        made_->window.resizeTo({860, 620});
        QVERIFY(!made_->window.isMaximized());
        QTRY_COMPARE(made_->window.size(), QSize(860, 620));
    }

private:
    static QString realFile(const char* name) {
        QFile file(QString::fromStdString(test::scratchFile(name).string()));
        if (!file.open(QIODevice::WriteOnly)) qFatal("no file");
        return file.fileName();
    }
    void start() {
        made_ = std::make_unique<test::DrivenWindow>();
        made_->show();
    }
    void stop() {
        made_->window.close();
        made_.reset();
    }
    void restart() {
        stop();
        start();
    }
    RunsTable* table() const {
        return made_->window.pages().page(QStringLiteral("compare"))->findChild<RunsTable*>();
    }
    void tick(std::int64_t run) {
        table()->selectRun(run);
        const auto& ticked = made_->session.tickedRuns();
        if (std::find(ticked.begin(), ticked.end(), run) == ticked.end())
            QTest::keyClick(table(), Qt::Key_Space);
    }
    void pin(std::int64_t run) {
        table()->selectRun(run);
        QTest::keyClick(table(), Qt::Key_B);
        QCOMPARE(made_->session.pinnedBaseline(), std::optional(run));
    }
    bool chipSays(const QString& text) const {
        const auto chips = made_->window.findChildren<Chip*>();
        return std::any_of(chips.begin(), chips.end(),
                           [&](const Chip* chip) { return chip->text() == text; });
    }
    bool says(const QString& text) const {
        const auto labels = made_->window.findChildren<QLabel*>();
        return std::any_of(labels.begin(), labels.end(), [&](const QLabel* label) {
            return label->isVisible() && label->text().contains(text);
        });
    }

    QString model_, other_;
    std::unique_ptr<test::DrivenWindow> made_;
};

int main(int argc, char** argv) {
    if (test::isScriptedWorker(argc, argv)) {
        test::runScriptedWorker();
        return 0;
    }
    test::useScratchSettings();
    // The screen, as HONE_TEST_SCREEN says it: "1024x700", with a window manager's frame round what
    // is on it.
    const QStringList sides =
        qEnvironmentVariable("HONE_TEST_SCREEN", "1280x800").split(QLatin1Char('x'));
    QFile config(QString::fromStdString(test::scratchFile("screen.json").string()));
    if (!config.open(QIODevice::WriteOnly)) return 1;
    config.write(
        QStringLiteral(
            R"({"windowFrameMargins": true, "screens": [{"name": "screen", "x": 0, "y": 0, "width": %1,)"
            R"("height": %2, "logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}]})")
            .arg(sides.value(0), sides.value(1))
            .toUtf8());
    config.close();
    qputenv("QT_QPA_PLATFORM", "offscreen:configfile=" + config.fileName().toUtf8());
    QApplication application(argc, argv);
    TestWindowMemory cases;
    return QTest::qExec(&cases, argc, argv);
}
#include "test_window_memory.moc"
