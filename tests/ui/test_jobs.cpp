// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>
#include <QThread>

#include "profiler/store/store.h"
#include "tests/ui/scripted_worker.h"
#include "ui/jobs/job_runner.h"

using namespace hone;
using namespace hone::ui;

namespace {

MeasureRequest request(const std::string& checkpoint) {
    MeasureRequest measure;
    measure.experiment.checkpoint = checkpoint;
    measure.experiment.workload.text = "none";
    measure.experiment.workload.repetitions = 3;
    measure.against = MeasureRequest::Against::nothing;
    return measure;
}

JobState stateOf(const JobRunner& runner, int id) {
    for (const JobInfo& job : runner.jobs())
        if (job.id == id) return job.state;
    return JobState::queued;
}

}  // namespace

class TestJobs : public QObject {
    Q_OBJECT
private slots:
    void init() {
        store_ = test::scratchFile("jobs.sqlite");
        runner_ = std::make_unique<JobRunner>(test::scriptedLaunch(), store_);
    }
    void cleanup() { runner_.reset(); }

    void aMeasurementIsStoredAndTold() {
        QSignalSpy measured(runner_.get(), &JobRunner::measured);
        QSignalSpy samples(runner_.get(), &JobRunner::sampleArrived);
        QSignalSpy runs(runner_.get(), &JobRunner::runsChanged);
        QSignalSpy lines(runner_.get(), &JobRunner::logged);
        const int id = runner_->measure(QStringLiteral("Measuring"), request("quick"));
        QVERIFY(measured.wait(20000));
        QCOMPARE(stateOf(*runner_, id), JobState::done);
        // At least three warm-ups and the three repetitions, none dropped by the throttle.
        QVERIFY(samples.count() >= 6);
        QCOMPARE(samples.count(), lines.count());
        QVERIFY(runs.count() >= 1);
        const auto result = measured.first().at(1).value<MeasureResult>();
        const profiler::Store store(store_);
        const auto run = store.load(result.runs.front());
        QVERIFY(run.has_value());
        QCOMPARE(run->status, std::string("done"));
        QCOMPARE(run->metrics.at("decode_tokens_per_second").value, 100.0);
    }

    void liveDataComesAtMostFourTimesASecond() {
        QSignalSpy progress(runner_.get(), &JobRunner::jobProgress);
        QSignalSpy generated(runner_.get(), &JobRunner::generated);
        QSignalSpy tokens(runner_.get(), &JobRunner::tokensArrived);
        GenerateRequest generate;
        generate.experiment.checkpoint = "quick";
        QElapsedTimer clock;
        clock.start();
        runner_->generate(QStringLiteral("Generating"), generate);
        QVERIFY(generated.wait(20000));
        const double seconds = static_cast<double>(clock.elapsed()) / 1000;
        QString text;
        for (const auto& arrival : tokens)
            for (const LiveToken& token : arrival.at(1).value<std::vector<LiveToken>>())
                text += QString::fromStdString(token.text);
        QCOMPARE(text, QString(100, QLatin1Char('a')));
        QVERIFY(tokens.count() > 1);
        // One at the start, one at each end of the job, four a second in between.
        QVERIFY2(static_cast<double>(progress.count()) <= 4 * seconds + 3,
                 qPrintable(QString::number(progress.count())));
    }

    void aRunningJobIsCancelled() {
        QSignalSpy changed(runner_.get(), &JobRunner::jobsChanged);
        const std::size_t before = storedRuns();
        const int id = runner_->measure(QStringLiteral("Measuring"), request("slow"));
        QTRY_VERIFY_WITH_TIMEOUT(storedRuns() > before, 10000);
        runner_->cancelRunning();
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(*runner_, id), JobState::cancelled, 5000);
        const profiler::Store store(store_);
        QCOMPARE(store.list().front().status, std::string("cancelled"));
        // B19: the stage that it was in is over.
        QVERIFY(runner_->jobs().front().detail.isEmpty());
    }

    void aFailureSaysWhyAndTheNextJobRuns() {
        QSignalSpy measured(runner_.get(), &JobRunner::measured);
        const int bad = runner_->measure(QStringLiteral("Bad"), request("fails"));
        const int good = runner_->measure(QStringLiteral("Good"), request("quick"));
        QTRY_COMPARE_WITH_TIMEOUT(measured.count(), 2, 20000);
        QCOMPARE(stateOf(*runner_, bad), JobState::failed);
        QCOMPARE(stateOf(*runner_, good), JobState::done);
        for (const JobInfo& job : runner_->jobs()) {
            QVERIFY(job.detail.isEmpty());
            if (job.id == bad)
                QVERIFY(job.error.contains(QStringLiteral("out of memory in layer 1")));
        }
    }

    void aWorkerThatCannotStartIsAFailedJob() {
        WorkerLaunch launch;
        launch.program = "/nowhere/hone";
        JobRunner runner(launch, store_);
        QSignalSpy changed(&runner, &JobRunner::jobsChanged);
        const int id = runner.measure(QStringLiteral("Measuring"), request("quick"));
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(runner, id), JobState::failed, 5000);
        for (const JobInfo& job : runner.jobs())
            if (job.id == id)
                QVERIFY(job.failure.message.find("/nowhere/hone") != std::string::npos);
    }

    void theQueueIsReorderedPausedAndCancelled() {
        runner_->setPaused(true);
        const int first = runner_->measure(QStringLiteral("1"), request("quick"));
        const int second = runner_->measure(QStringLiteral("2"), request("quick"));
        const int third = runner_->measure(QStringLiteral("3"), request("quick"));
        QTest::qWait(50);
        QVERIFY(!runner_->running());
        runner_->moveQueued(third, 0);
        runner_->cancel(second);
        QCOMPARE(runner_->jobs()[0].id, third);
        QCOMPARE(runner_->jobs()[1].id, first);
        QCOMPARE(stateOf(*runner_, second), JobState::cancelled);
        runner_->setPaused(false);
        QTRY_COMPARE_WITH_TIMEOUT(stateOf(*runner_, first), JobState::done, 20000);
        QCOMPARE(stateOf(*runner_, third), JobState::done);
        QCOMPARE(stateOf(*runner_, second), JobState::cancelled);
    }

    void destroyingCancelsAndWaits() {
        const std::size_t before = storedRuns();
        runner_->measure(QStringLiteral("Measuring"), request("slow"));
        QTRY_VERIFY_WITH_TIMEOUT(storedRuns() > before, 10000);
        QElapsedTimer clock;
        clock.start();
        runner_.reset();
        QVERIFY(clock.elapsed() < 3000);
        const profiler::Store store(store_);
        QCOMPARE(store.list().front().status, std::string("cancelled"));
    }

    void quickRequestsAnswerOnThisThread() {
        QThread* answeredOn = nullptr;
        std::string name;
        runner_->ask(
            QStringLiteral("inspect"), this, messages::Inspect{"model"},
            [&](const messages::InspectReply& answer) {
                name = answer.name;
                answeredOn = QThread::currentThread();
            },
            [](const ErrorDetails& error) { QFAIL(error.message.c_str()); });
        QTRY_VERIFY_WITH_TIMEOUT(answeredOn != nullptr, 5000);
        QCOMPARE(answeredOn, thread());
        QCOMPARE(name, std::string("model"));
    }

    void aFailedQuickRequestSaysWhy() {
        std::string message;
        runner_->ask(
            {}, this, messages::Inspect{"missing.gguf"},
            [](const messages::InspectReply&) { QFAIL("it should have failed"); },
            [&](const ErrorDetails& error) { message = error.message; });
        QTRY_COMPARE_WITH_TIMEOUT(message, std::string("missing.gguf: no such file"), 5000);
    }

    void aLaterRequestSupersedesAnEarlierOne() {
        QStringList answers;
        const auto ask = [&](const char* value, int milliseconds) {
            runner_->quick(
                QStringLiteral("same"), this,
                [value, milliseconds](const WorkerLaunch&, std::stop_token) {
                    QThread::msleep(static_cast<unsigned long>(milliseconds));
                    return QString::fromLatin1(value);
                },
                [&](const QString& answer) { answers << answer; }, {});
        };
        ask("first", 80);
        ask("second", 10);
        QTRY_COMPARE(answers, QStringList{QStringLiteral("second")});
        QTest::qWait(150);
        QCOMPARE(answers, QStringList{QStringLiteral("second")});
    }

    void aForgottenRequestIsNotAnswered() {
        bool answered = false, other = false;
        runner_->quick(
            QStringLiteral("same"), this,
            [](const WorkerLaunch&, std::stop_token) { QThread::msleep(50); },
            [&] { answered = true; }, {});
        runner_->quick(
            QStringLiteral("other"), this, [](const WorkerLaunch&, std::stop_token) {},
            [&] { other = true; }, {});
        runner_->forget(QStringLiteral("same"));
        QTRY_VERIFY(other);
        QTest::qWait(150);
        QVERIFY(!answered);
    }

    // What an answer lacks is named, as on the command line.
    void anAnswerThatCannotBeReadNamesTheField() {
        WorkerLaunch launch;
        launch.program = "/bin/sh";
        launch.arguments = {"-c",
                            R"(read line; echo '{"type":"result","id":1,"bytes":1}'; read line)"};
        JobRunner runner(launch, store_);
        ErrorDetails error;
        runner.ask(
            {}, this, messages::Tokenize{.checkpoint = "model", .text = "four"},
            [](const messages::TokenizeReply&) { QFAIL("it should have failed"); },
            [&](const ErrorDetails& why) { error = why; });
        QTRY_COMPARE_WITH_TIMEOUT(error.summary,
                                  std::string("The worker's reply cannot be understood."), 5000);
        QCOMPARE(error.field, std::string("reply of the worker: tokens"));
    }

    void anAnswerForAnObjectThatIsGoneIsDropped() {
        auto context = std::make_unique<QObject>();
        bool answered = false;
        runner_->quick(
            {}, context.get(), [](const WorkerLaunch&, std::stop_token) { return 1; },
            [&](int) { answered = true; }, {});
        context.reset();
        QTest::qWait(150);
        QVERIFY(!answered);
    }

private:
    // A run begins once its plan is known; from then on it can be stored as cancelled.
    std::size_t storedRuns() const { return profiler::Store(store_).list().size(); }
    std::filesystem::path store_;
    std::unique_ptr<JobRunner> runner_;
};

HONE_SCRIPTED_MAIN(TestJobs)
#include "test_jobs.moc"
