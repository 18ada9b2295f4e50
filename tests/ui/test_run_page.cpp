// SPDX-License-Identifier: GPL-3.0-or-later
#include <QComboBox>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QSettings>
#include <QTemporaryDir>
#include <memory>

#include "tests/ui/invented_trace.h"
#include "tests/ui/page_fixture.h"
#include "ui/charts/line_chart.h"
#include "ui/widgets/banner.h"

using namespace hone;
using namespace hone::ui;

class TestRunPage : public QObject {
    Q_OBJECT
private slots:
    void init() {
        QSettings().clear();
        f_ = std::make_unique<test::PageFixture>(builtin_registry(), makeRunPage);
        baseline_ = testing::storeInventedRuns(f_->session.store(), workload_, target_);
    }
    void cleanup() { f_.reset(); }

    void withoutARunItLeadsToCompare() {
        QSignalSpy asked(&f_->session, &Session::pageRequested);
        QVERIFY(!f_->button(QStringLiteral("Use this recipe"))->isEnabled());
        f_->button(QStringLiteral("Go to Compare"))->click();
        QCOMPARE(asked.first().first().toString(), QStringLiteral("compare"));
        f_->session.openRun(999, QStringLiteral("compare"));  // of which there is none
        QVERIFY(f_->button(QStringLiteral("Go to Compare")) != nullptr);
    }

    void itSaysWhatWasMeasuredHowAndWhere() {
        open(baseline_ + 6);
        QVERIFY(says(QStringLiteral("Run %1 · int4 group 32 · int8 KV cache").arg(baseline_ + 6)));
        for (const char* text : {"SmolLM2-135M-Instruct.BF16.gguf", "measured against run",
                                 "Quantise weights", "Prompt tokens", "128", "workbench",
                                 "AMD EPYC", "tok/s", "Perplexity", "the output matrix stays bf16"})
            QVERIFY2(says(QString::fromUtf8(text)), text);
        auto* samples = f_->named<LineChart>(QStringLiteral("Samples of the run"));
        QCOMPARE(samples->table().rows.size(), std::size_t{8});  // 3 of the warm-up, 5 timed
        auto* metric = f_->named<QComboBox>(QStringLiteral("Metric of the samples"));
        metric->setCurrentIndex(metric->findText(QStringLiteral("Decode")));
        const double decode = samples->table().rows.back()[1].toDouble();
        QVERIFY2(decode > 300 && decode < 340, qPrintable(QString::number(decode)));
        // A run that failed says why, and has no samples.
        open(baseline_ + 7);
        QVERIFY(says(QStringLiteral("failed: out of memory in layer 12")));
        QVERIFY(samples->isEmpty());
    }

    void noteAndTagsAreWrittenAndUndone() {
        open(baseline_ + 2);
        auto* note = f_->named<QPlainTextEdit>(QStringLiteral("Note of this run"));
        auto* tags = f_->named<QLineEdit>(QStringLiteral("Tags of this run"));
        QApplication::setActiveWindow(&f_->window);
        note->setFocus();
        QTest::keyClicks(note, QStringLiteral("look again"));
        QTest::keyClick(note, Qt::Key_Tab);
        QCOMPARE(f_->session.store().load(baseline_ + 2)->note, std::string("look again"));
        QVERIFY(tags->hasFocus());
        QTest::keyClicks(tags, QStringLiteral("slow, laptop"));
        QTest::keyClick(tags, Qt::Key_Return);
        QCOMPARE(f_->session.store().load(baseline_ + 2)->tags,
                 (std::vector<std::string>{"laptop", "slow"}));
        f_->button(QStringLiteral("Back"))->setFocus();
        f_->session.runEdits().undoStack().undo();
        f_->session.runEdits().undoStack().undo();
        QCOMPARE(note->toPlainText(), QString());
        QCOMPARE(tags->text(), QString());
        QVERIFY(f_->session.store().load(baseline_ + 2)->note.empty());
    }

    void itsRecipeIsUsedAsOneStep() {
        f_->open(QStringLiteral("model.gguf"));
        open(baseline_ + 1);
        QVERIFY(says(QStringLiteral("is open; this run was measured on")));
        QSignalSpy asked(&f_->session, &Session::pageRequested), said(&f_->session, &Session::said);
        const int steps = f_->session.undoStack().count();
        f_->button(QStringLiteral("Use this recipe"))->click();
        QCOMPARE(asked.last().first().toString(), QStringLiteral("optimise"));
        QCOMPARE(f_->session.undoStack().count(), steps + 1);
        QCOMPARE(f_->session.recipe().steps.size(), std::size_t{1});
        QCOMPARE(f_->session.recipe().steps[0].technique, std::string("kv_cache"));
        QVERIFY(said.last().first().toString().contains(
            QStringLiteral("was measured on SmolLM2-135M-Instruct.BF16.gguf, and")));
        f_->session.undoStack().undo();
        QVERIFY(f_->session.recipe().steps.empty());
    }

    void aRecipeThatIsNotKnownIsRefused() {
        open(baseline_ + 5);  // an option that no technique has
        QSignalSpy asked(&f_->session, &Session::pageRequested);
        f_->button(QStringLiteral("Use this recipe"))->click();
        QVERIFY(f_->window.findChild<Banner*>()->isVisible());
        QVERIFY(
            f_->window.findChild<Banner*>()->message().contains(QStringLiteral("cannot be used")));
        QVERIFY(asked.isEmpty() && f_->session.recipe().steps.empty());
    }

    void itIsExportedWithItsOwnCheckpoint() {
        open(baseline_ + 1);
        auto* exporting = f_->button(QStringLiteral("Export this run"));
        QVERIFY(!exporting->isEnabled());  // its file is not on this machine
        QVERIFY(exporting->toolTip().contains(QStringLiteral("no longer at")));

        const QTemporaryDir folder;
        QFile file(folder.filePath(QStringLiteral("own.gguf")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        testing::InventedRun run;
        run.label = "KV cache int8";
        run.model = file.fileName().toStdString();
        run.recipe = {{{"technique", "kv_cache"}, {"options", {{"dtype", "int8"}}}}};
        open(testing::storeRun(f_->session.store(), run, workload_, target_));
        f_->open(QStringLiteral("model.gguf"));
        QSignalSpy asked(&f_->session, &Session::pageRequested);
        QVERIFY(exporting->isEnabled());
        exporting->click();
        QTRY_COMPARE_WITH_TIMEOUT(f_->session.checkpoint(), file.fileName(), 5000);
        QTRY_COMPARE(asked.count(), 1);
        QCOMPARE(asked.last().first().toString(), QStringLiteral("export"));
        QCOMPARE(f_->session.recipe().steps[0].technique, std::string("kv_cache"));
    }

    void itIsMeasuredAgain() {
        open(baseline_);
        QSignalSpy measured(&f_->session.jobs(), &JobRunner::measured);
        f_->button(QStringLiteral("Run again"))->click();
        QVERIFY(f_->window.findChild<Banner*>()->message().contains(
            QStringLiteral("queued once more")));
        QVERIFY(f_->oneMore(measured));
        QCOMPARE(measured.last().at(1).value<MeasureResult>().runs.size(), std::size_t{1});
    }

    void escAndBackspaceLeadBack() {
        f_->session.openRun(baseline_, QStringLiteral("start"));
        QSignalSpy asked(&f_->session, &Session::pageRequested);
        auto* note = f_->named<QPlainTextEdit>(QStringLiteral("Note of this run"));
        auto* use = f_->button(QStringLiteral("Use this recipe"));
        QApplication::setActiveWindow(&f_->window);
        note->setFocus();
        QTest::keyClicks(note, QStringLiteral("ab"));
        QTest::keyClick(note, Qt::Key_Backspace);
        QCOMPARE(note->toPlainText(), QStringLiteral("a"));
        QTest::keyClick(note, Qt::Key_Escape);
        QVERIFY(asked.isEmpty() && use->hasFocus());  // out of the editor first
        QCOMPARE(f_->session.store().load(baseline_)->note, std::string("a"));
        QTest::keyClick(use, Qt::Key_Escape);
        QTest::keyClick(f_->named<QComboBox>(QStringLiteral("Metric of the samples")),
                        Qt::Key_Backspace);
        f_->button(QStringLiteral("Back"))->click();
        QCOMPARE(asked.count(), 3);
        for (const auto& each : asked) QCOMPARE(each.first().toString(), QStringLiteral("start"));
    }

    void whereThereIsATraceItIsShown() {
        open(baseline_ + 1);
        auto* trace = f_->button(QStringLiteral("Show trace"));
        QVERIFY(!trace->isEnabled());
        f_->session.store().set_trace(baseline_ + 1, testing::inventedTrace(20));
        emit f_->session.runsChanged();
        QVERIFY(trace->isEnabled());
        QSignalSpy asked(&f_->session, &Session::traceRequested);
        trace->click();
        QCOMPARE(asked.last().first().toLongLong(), baseline_ + 1);
    }

private:
    void open(std::int64_t run) { f_->session.openRun(run, QStringLiteral("compare")); }
    bool says(const QString& text) const {
        for (const QLabel* label : f_->window.findChildren<QLabel*>())
            if (label->isVisible() && label->text().contains(text)) return true;
        return false;
    }
    const nlohmann::json workload_{{"prompt_tokens", 128}, {"generated_tokens", 16}};
    const nlohmann::json target_{{"device", "cpu"}, {"threads", 2}};
    std::int64_t baseline_ = 0;
    std::unique_ptr<test::PageFixture> f_;
};

HONE_SCRIPTED_MAIN(TestRunPage)
#include "test_run_page.moc"
