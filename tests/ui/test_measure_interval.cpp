// SPDX-License-Identifier: GPL-3.0-or-later
// How narrow a measurement's interval is, what makes a result weak, and jobs that are told apart.
#include <QApplication>
#include <QLabel>
#include <QProgressBar>
#include <QPushButton>
#include <QTableView>
#include <memory>

#include "tests/ui/page_fixture.h"
#include "ui/models/run_roles.h"
#include "ui/pages/measure/interval_bar.h"
#include "ui/pages/measure/queue_card.h"
#include "ui/pages/measure/result_card.h"

using namespace hone;
using namespace hone::ui;

class TestMeasureInterval : public QObject {
    Q_OBJECT
private slots:
    void init() { f_ = std::make_unique<test::PageFixture>(builtin_registry(), makeMeasurePage); }
    void cleanup() { f_.reset(); }

    void theIntervalStandsBesideItsAim() {
        auto* bar = f_->window.findChild<IntervalBar*>();
        QVERIFY(!bar->isVisible());
        report(IntervalReach{.reached = 1, .aim = 0.025});
        QVERIFY(bar->isVisible());
        QVERIFY(bar->text().contains(QStringLiteral("not known yet")));
        report(IntervalReach{.reached = 0.05, .aim = 0.025});
        QVERIFY2(bar->text().contains(QString::fromUtf8("±5")), qPrintable(bar->text()));
        QVERIFY2(bar->text().contains(QString::fromUtf8("±2.5")), qPrintable(bar->text()));
        // Half as wide takes four times the repetitions.
        const auto* progress = bar->findChild<QProgressBar*>();
        QCOMPARE(4 * progress->value(), progress->maximum());
        report({});
        QVERIFY(!bar->isVisible());
    }

    void itIsGoodEnoughOnceTheRepetitionsAskedForAreDone() {
        auto* bar = f_->window.findChild<IntervalBar*>();
        QSignalSpy taken(bar, &IntervalBar::goodEnough);
        report(IntervalReach{.reached = 0.05, .aim = 0.025});
        auto* button = bar->findChild<QPushButton*>();
        QTest::mouseClick(button, Qt::LeftButton);
        QCOMPARE(taken.count(), 0);
        QVERIFY(!button->toolTip().isEmpty());
        report(IntervalReach{.reached = 0.05, .aim = 0.025, .may_end = true});
        button->setFocus();
        QTest::keyClick(button, Qt::Key_Space);
        QCOMPARE(taken.count(), 1);
        report(IntervalReach{.reached = 0.05, .aim = 0.025, .may_end = true});
        QVERIFY(!button->isEnabled());
        report({});
        report(IntervalReach{.reached = 0.05, .aim = 0.025, .may_end = true});
        QVERIFY(button->isEnabled());  // of the next one
    }

    void whatMakesAResultWeakStandsOnItsCard() {
        auto* card = f_->window.findChild<ResultCard*>();
        profiler::RunRecord run;
        run.id = 7;
        run.status = "done";
        run.notes_from_run = {
            "noisy: after 40 repetitions a difference in speed of less than "
            "8.8 % cannot be told"};
        card->showStored({}, run);
        const auto labels = card->findChildren<QLabel*>();
        QVERIFY(std::any_of(labels.begin(), labels.end(), [](const QLabel* label) {
            return label->isVisible() && label->text().contains(QStringLiteral("8.8"));
        }));
    }

    void jobsOfOneTitleAreToldApart() {
        f_->open(QStringLiteral("model.gguf"));
        f_->session.jobs().setPaused(true);
        f_->session.setTracing(true);
        f_->session.measure();
        Workload workload = f_->session.workload();
        workload.prompt_tokens = 77;
        f_->session.setTracing(false);
        f_->session.setWorkload(workload);
        f_->session.measure();
        const QAbstractItemModel* queue = model();
        QCOMPARE(queue->rowCount(), 2);
        const QString first = queue->index(0, 0).data(SuffixRole).toString(),
                      second = queue->index(1, 0).data(SuffixRole).toString();
        QVERIFY2(first.contains(QStringLiteral("trace")), qPrintable(first));
        QVERIFY2(first.contains(QStringLiteral("model.gguf")), qPrintable(first));
        QVERIFY2(second.startsWith(QStringLiteral("77 + ")), qPrintable(second));
        QVERIFY(queue->index(1, 0).data(Qt::ToolTipRole).toString().contains(second));
    }

    void answersLeaveTheQueueWhenTheyAreGiven() {
        f_->open(QStringLiteral("model.gguf"));
        f_->session.jobs().setPaused(true);
        GenerateRequest request;
        request.experiment = f_->session.experiment();
        request.prompt = "Say";
        f_->session.jobs().generate(QStringLiteral("Asking the baseline"), request);
        QCOMPARE(model()->rowCount(), 1);
        QSignalSpy answered(&f_->session.jobs(), &JobRunner::generated);
        f_->session.jobs().setPaused(false);
        QVERIFY(f_->oneMore(answered));
        QTRY_COMPARE(model()->rowCount(), 0);
    }

private:
    void report(const std::optional<IntervalReach>& interval) {
        JobInfo job;
        job.id = 3;
        job.state = JobState::running;
        job.interval = interval;
        emit f_->session.jobs().jobProgress(job);
    }
    const QAbstractItemModel* model() const {
        return f_->window.findChild<QueueCard*>()->findChild<QTableView*>()->model();
    }

    std::unique_ptr<test::PageFixture> f_;
};

HONE_SCRIPTED_MAIN(TestMeasureInterval)
#include "test_measure_interval.moc"
