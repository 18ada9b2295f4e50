// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QComboBox>
#include <QMessageBox>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTableView>
#include <QTimer>
#include <memory>

#include "tests/ui/page_fixture.h"
#include "ui/charts/line_chart.h"
#include "ui/pages/measure/queue_card.h"
#include "ui/pages/measure/result_card.h"
#include "ui/widgets/banner.h"

using namespace hone;
using namespace hone::ui;

class TestMeasurePage : public QObject {
    Q_OBJECT
private slots:
    void init() { f_ = std::make_unique<test::PageFixture>(builtin_registry(), makeMeasurePage); }
    void cleanup() { f_.reset(); }

    void theFormSetsTheWorkload() {
        f_->named<QSpinBox>(QStringLiteral("Prompt"))->setValue(96);
        f_->named<QSpinBox>(QStringLiteral("Generate"))->setValue(24);
        f_->named<QSpinBox>(QStringLiteral("Sequences"))->setValue(3);
        f_->named<QSpinBox>(QStringLiteral("Repetitions"))->setValue(9);
        const Workload& w = f_->session.workload();
        QCOMPARE(w.prompt_tokens, 96);
        QCOMPARE(w.generated_tokens, 24);
        QCOMPARE(w.concurrency, 3);
        QCOMPARE(w.repetitions, 9);
        f_->button(QStringLiteral("Quick"))->click();
        QCOMPARE(f_->named<QSpinBox>(QStringLiteral("Prompt"))->value(), 64);
        QCOMPARE(f_->session.workload().windows, 4);
        QVERIFY(f_->button(QStringLiteral("Quick"))->isChecked());
        QVERIFY(!f_->button(QStringLiteral("Standard"))->isChecked());
    }

    void theDeviceIsChosen() {
        auto* device = f_->named<QComboBox>(QStringLiteral("Device"));
        QTRY_COMPARE(device->count(), 2);
        QCOMPARE(f_->session.target().device, std::string("cpu"));
        QVERIFY(device->itemText(1).contains(QStringLiteral("Test GPU")));
        device->setCurrentIndex(1);
        emit device->activated(1);
        QCOMPARE(f_->session.target().device, std::string("cuda:0"));
    }

    void promptLengthsAreFixedOrMixed() {
        auto* lengths = f_->named<QComboBox>(QStringLiteral("Prompt lengths"));
        auto* seed = f_->named<QSpinBox>(QStringLiteral("Seed of the prompt lengths"));
        QVERIFY(!seed->isVisible());
        lengths->setCurrentIndex(1);
        emit lengths->activated(1);
        QCOMPARE(f_->session.workload().prompt_lengths, std::string("mixed:0"));
        QVERIFY(seed->isVisible());
        seed->setValue(7);
        QCOMPARE(f_->session.workload().prompt_lengths, std::string("mixed:7"));
        lengths->setCurrentIndex(0);
        emit lengths->activated(0);
        QCOMPARE(f_->session.workload().prompt_lengths, std::string("fixed"));
        Workload other = f_->session.workload();
        other.prompt_lengths = "mixed:12";
        f_->session.setWorkload(other);
        QCOMPARE(lengths->currentIndex(), 1);
        QCOMPARE(seed->value(), 12);
    }

    void accuracyIsScoredAsChosen() {
        auto* protocol = f_->named<QComboBox>(QStringLiteral("Accuracy protocol"));
        auto* context = f_->named<QSpinBox>(QStringLiteral("Tokens a window"));
        auto* stride = f_->named<QSpinBox>(QStringLiteral("Tokens between windows"));
        auto* windows = f_->named<QSpinBox>(QStringLiteral("Windows scored"));
        const auto workload = [this]() -> const Workload& { return f_->session.workload(); };
        QCOMPARE(context->value(), 512);
        QCOMPARE(windows->value(), 20);
        QVERIFY(!stride->isVisible());
        context->setValue(1024);
        windows->setValue(0);
        QCOMPARE(workload().context, std::int64_t{1024});
        QCOMPARE(workload().windows, std::int64_t{0});
        QCOMPARE(windows->text(), QStringLiteral("all"));
        protocol->setCurrentIndex(1);
        emit protocol->activated(1);
        QCOMPARE(workload().protocol, std::string("strided"));
        QVERIFY(stride->isVisible());
        stride->setValue(900);
        QCOMPARE(workload().stride, std::int64_t{900});
        // No stride is longer than the window: the worker would refuse it.
        context->setValue(256);
        QCOMPARE(workload().stride, std::int64_t{256});
        QCOMPARE(stride->value(), 256);
        QCOMPARE(workload_from_json(to_json(workload())).context, std::int64_t{256});
        Workload other = workload();
        other.text = "none";
        f_->session.setWorkload(other);
        for (QWidget* control : std::initializer_list<QWidget*>{protocol, context, stride, windows})
            QVERIFY(!control->isVisible());
        other = {};
        other.context = 2048;
        f_->session.setWorkload(other);
        QCOMPARE(protocol->currentIndex(), 0);
        QCOMPARE(context->value(), 2048);
        QVERIFY(context->isVisible());
    }

    void aTraceIsRecordedAndShown() {
        openWithRecipe(QStringLiteral("model.gguf"));
        QSignalSpy measured(&f_->session.jobs(), &JobRunner::measured);
        QSignalSpy asked(&f_->session, &Session::traceRequested);
        f_->button(QStringLiteral("Measure"))->click();
        QVERIFY(f_->oneMore(measured));
        QVERIFY(!f_->button(QStringLiteral("Show trace"))->isEnabled());
        QVERIFY(f_->button(QStringLiteral("Show trace"))
                    ->toolTip()
                    .contains(QStringLiteral("Record a trace")));
        f_->button(QStringLiteral("Record a trace"))->click();
        QVERIFY(f_->session.tracing());
        f_->button(QStringLiteral("Measure"))->click();
        QVERIFY(f_->oneMore(measured));
        const auto result = measured.last().at(1).value<MeasureResult>();
        for (const std::int64_t run : result.runs)
            QCOMPARE(f_->session.store().load(run)->trace_events, std::int64_t{45});
        QVERIFY(f_->button(QStringLiteral("Show trace"))->isEnabled());
        f_->button(QStringLiteral("Show trace"))->click();
        QCOMPARE(asked.first().first().toLongLong(), result.runs.back());
        // Measured again, it is traced again, whatever the box says now.
        f_->session.setTracing(false);
        QVERIFY(!f_->button(QStringLiteral("Record a trace"))->isChecked());
        f_->session.measureAgain(*f_->session.store().load(result.runs.back()));
        QVERIFY(f_->oneMore(measured));
        QCOMPARE(f_->session.store().list().front().trace_events, std::int64_t{45});
    }

    void aSeriesIsShownCandidateByCandidate() {
        f_->open(QStringLiteral("model.gguf"));
        const std::vector<std::string> list{"quantize_weights.scheme=q8_0,q4_0"};
        f_->session.setSweep(sweep_of({}, list, f_->session.registry()), QStringLiteral("values"));
        auto* button = f_->button(QStringLiteral("Measure"));
        QVERIFY2(button->text().startsWith(QStringLiteral("Measure 2 candidates")),
                 qPrintable(button->text()));
        QSignalSpy measured(&f_->session.jobs(), &JobRunner::measured);
        QSignalSpy asked(&f_->session, &Session::runRequested);
        button->click();
        QVERIFY(f_->oneMore(measured));
        for (const char* title : {"Speed by repetition", "Accuracy as it converges"})
            for (const char* name : {"baseline", "q8_0", "q4_0"})
                QVERIFY2(chart(title)->table().csv().contains(QString::fromUtf8(name)), title);
        QStringList words;
        for (const QLabel* label : f_->window.findChildren<QLabel*>()) words.append(label->text());
        QVERIFY(words.contains(QStringLiteral("Series of 2 candidates, against one baseline")));
        QVERIFY(words.join(QLatin1Char('|')).contains(QStringLiteral("q4_0: Decode")));
        f_->button(QStringLiteral("Compare the series"))->click();
        const auto result = measured.first().at(1).value<MeasureResult>();
        QVERIFY(std::find(result.runs.begin() + 1, result.runs.end(),
                          asked.first().first().toLongLong()) != result.runs.end());
    }

    void chartsAndStoreFill() {
        openWithRecipe(QStringLiteral("model.gguf"));
        for (const char* title :
             {"Speed by repetition", "Memory by class", "Accuracy as it converges"})
            QVERIFY(chart(title)->isEmpty());
        QSignalSpy measured(&f_->session.jobs(), &JobRunner::measured);
        f_->button(QStringLiteral("Measure"))->click();
        QVERIFY(f_->oneMore(measured));
        // Three warm-ups or more and five repetitions, each of the baseline and of the recipe.
        const ChartTable speed = chart("Speed by repetition")->table();
        QVERIFY2(speed.rows.size() >= 8, qPrintable(speed.csv()));
        for (const QStringList& row : speed.rows) QVERIFY(!row[1].isEmpty() && !row[4].isEmpty());
        QVERIFY(speed.csv().contains(QStringLiteral("baseline")));
        QVERIFY(speed.csv().contains(QStringLiteral("recipe")));
        QVERIFY(speed.csv().contains(QStringLiteral("201")));
        for (const char* title :
             {"Time per token along the generation", "Memory by class", "Accuracy as it converges"})
            QVERIFY2(!chart(title)->isEmpty(), title);

        const auto runs = f_->session.store().list();
        QCOMPARE(runs.size(), std::size_t{2});
        for (const auto& run : runs) QCOMPARE(run.status, std::string("done"));
        QCOMPARE(runs[0].metrics.at("decode_tokens_per_second").n, std::int64_t{5});

        auto* result = f_->window.findChild<ResultCard*>();
        QVERIFY(result->isVisible());
        const auto* verdicts = result->findChild<QTableView*>();
        QStringList cells;
        for (int row = 0; row < verdicts->model()->rowCount(); ++row)
            cells.append(verdicts->model()->index(row, 0).data().toString() + QLatin1Char(' ') +
                         verdicts->model()->index(row, 1).data().toString());
        QVERIFY(verdicts->columnViewportPosition(1) + verdicts->columnWidth(1) <=
                verdicts->viewport()->width());
        QVERIFY2(cells.contains(QStringLiteral("Decode ▲ 2.01 × faster")),
                 qPrintable(cells.join(u'\n')));
    }

    void theLastStoredResultIsShownUntilOneEnds() {
        auto* result = f_->window.findChild<ResultCard*>();
        QVERIFY(!result->isVisible());
        openWithRecipe(QStringLiteral("model.gguf"));
        QSignalSpy measured(&f_->session.jobs(), &JobRunner::measured);
        f_->session.measure();
        QVERIFY(f_->oneMore(measured));
        // As a window that is opened later sees it.
        std::unique_ptr<Page> later(makeMeasurePage(f_->session));
        later->show();
        later->shown();
        auto* stored = later->findChild<ResultCard*>();
        QVERIFY(stored->isVisible());
        QSignalSpy page(&f_->session, &Session::pageRequested);
        QSignalSpy run(&f_->session, &Session::runRequested);
        for (auto* button : stored->findChildren<QPushButton*>())
            if (button->text() == QStringLiteral("Compare with baseline")) button->click();
        QCOMPARE(page.last().first().toString(), QStringLiteral("compare"));
        QCOMPARE(run.last().first().toLongLong(), f_->session.store().list().front().id);
    }

    void cancellingKeepsTheRunAndThePageGoesOn() {
        openWithRecipe(QStringLiteral("slow.gguf"));
        f_->button(QStringLiteral("Measure"))->click();
        QTRY_VERIFY_WITH_TIMEOUT(!chart("Speed by repetition")->isEmpty(), 10000);
        QVERIFY(f_->button(QStringLiteral("Queue")) != nullptr);
        QSignalSpy measured(&f_->session.jobs(), &JobRunner::measured);
        f_->button(QStringLiteral("Cancel"))->click();
        QVERIFY(measured.wait(5000));
        const auto runs = f_->session.store().list();
        QCOMPARE(runs.front().status, std::string("cancelled"));
        // The chart was filled by whichever side came first.
        QVERIFY(std::any_of(runs.begin(), runs.end(), [this](const profiler::RunRecord& run) {
            return !f_->session.store().samples(run.id).empty();
        }));
        const auto* banner = f_->window.findChild<ResultCard*>()->findChild<Banner*>();
        QVERIFY(banner->isVisible());
        QCOMPARE(banner->message(), QStringLiteral("Cancelled."));

        f_->open(QStringLiteral("quick.gguf"));
        QTRY_VERIFY(f_->button(QStringLiteral("Measure")) != nullptr);
        f_->button(QStringLiteral("Measure"))->click();
        QVERIFY(f_->oneMore(measured));
        QCOMPARE(f_->session.store().list().front().status, std::string("done"));
        QVERIFY(!banner->isVisible());
    }

    void aFailureSaysWhyAndIsStored() {
        openWithRecipe(QStringLiteral("fails.gguf"));
        QSignalSpy measured(&f_->session.jobs(), &JobRunner::measured);
        f_->button(QStringLiteral("Measure"))->click();
        QVERIFY(f_->oneMore(measured));
        const auto* banner = f_->window.findChild<ResultCard*>()->findChild<Banner*>();
        QVERIFY(banner->isVisible());
        QVERIFY(banner->message().contains(QStringLiteral("out of memory in layer 1")));
        int failed = 0;
        for (const auto& run : f_->session.store().list()) {
            failed += run.status == "failed";
            QVERIFY(run.status != "running");
        }
        QVERIFY(failed > 0);
    }

    void jobsQueueAndAWaitingOneIsCancelledByKeyboard() {
        openWithRecipe(QStringLiteral("slow.gguf"));
        f_->button(QStringLiteral("Measure"))->click();
        QTRY_VERIFY_WITH_TIMEOUT(f_->button(QStringLiteral("Queue")) != nullptr, 5000);
        f_->button(QStringLiteral("Queue"))->click();
        auto* table = f_->window.findChild<QueueCard*>()->findChild<QTableView*>();
        QCOMPARE(table->model()->rowCount(), 2);
        table->setFocus();
        table->setCurrentIndex(table->model()->index(1, 0));
        QTest::keyClick(table, Qt::Key_Delete);
        int cancelled = 0;
        for (const JobInfo& job : f_->session.jobs().jobs())
            cancelled += job.state == JobState::cancelled;
        QCOMPARE(cancelled, 1);
        QVERIFY(f_->session.jobs().running().has_value());
    }

    // B19: the row that is selected is the job that runs.
    void theSelectionInTheQueueFollowsTheRunningJob() {
        openWithRecipe(QStringLiteral("model.gguf"));
        Workload workload;
        workload.text = "none";
        f_->session.setWorkload(workload);
        QSignalSpy measured(&f_->session.jobs(), &JobRunner::measured);
        f_->button(QStringLiteral("Measure"))->click();
        QVERIFY(f_->oneMore(measured));
        auto* table = f_->window.findChild<QueueCard*>()->findChild<QTableView*>();
        QCOMPARE(table->currentIndex().row(), 0);
        openWithRecipe(QStringLiteral("slow.gguf"));
        f_->button(QStringLiteral("Measure"))->click();
        QTRY_VERIFY_WITH_TIMEOUT(f_->session.jobs().running().has_value(), 5000);
        QCOMPARE(table->model()->rowCount(), 2);
        QCOMPARE(table->currentIndex().row(), 0);
    }

    // Single keys do not end what runs without a question.
    void deleteAsksBeforeItCancelsTheRunningJob() {
        openWithRecipe(QStringLiteral("slow.gguf"));
        f_->button(QStringLiteral("Measure"))->click();
        QTRY_VERIFY_WITH_TIMEOUT(f_->session.jobs().running().has_value(), 5000);
        auto* table = f_->window.findChild<QueueCard*>()->findChild<QTableView*>();
        table->setFocus();
        int asked = 0;
        QTimer answer;
        connect(&answer, &QTimer::timeout, this, [&asked] {
            auto* box = qobject_cast<QMessageBox*>(QApplication::activeModalWidget());
            if (box == nullptr) return;
            ++asked;
            QTest::keyClick(box, Qt::Key_Escape);  // that is: keep it
        });
        answer.start(20);
        QTest::keyClick(table, Qt::Key_Delete);
        QCOMPARE(asked, 1);
        QVERIFY(f_->session.jobs().running()->detail != QStringLiteral("cancelling"));
    }

    void withoutAModelItCannotStart() {
        QVERIFY(!f_->button(QStringLiteral("Measure"))->isEnabled());
        QCOMPARE(f_->button(QStringLiteral("Measure"))->toolTip(),
                 QStringLiteral("Open a model first"));
    }

private:
    void openWithRecipe(const QString& checkpoint) {
        f_->open(checkpoint);
        Recipe recipe;
        recipe.steps = {{"quantize_weights", nlohmann::json::object()}};
        f_->session.setRecipe(recipe, QStringLiteral("test"));
    }
    LineChart* chart(const char* title) const {
        return f_->named<LineChart>(QString::fromLatin1(title));
    }

    std::unique_ptr<test::PageFixture> f_;
};

HONE_SCRIPTED_MAIN(TestMeasurePage)
#include "test_measure_page.moc"
