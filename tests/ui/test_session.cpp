// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QSignalSpy>
#include <QTest>

#include "tests/ui/scripted_worker.h"
#include "ui/models/session.h"

using namespace hone;
using namespace hone::ui;

namespace {

// The registry's first technique with its defaults: the test does not care which.
Recipe oneStep() {
    Recipe recipe;
    recipe.steps.push_back({std::string(builtin_registry().descriptors().front().id)});
    return recipe;
}

Recipe otherStep() {
    Recipe recipe;
    recipe.steps.push_back({std::string(builtin_registry().descriptors().back().id)});
    return recipe;
}

}  // namespace

class TestSession : public QObject {
    Q_OBJECT
private slots:
    void init() {
        session_ = std::make_unique<Session>(builtin_registry(), test::scriptedLaunch(),
                                             test::scratchFile("session.sqlite"));
    }
    void cleanup() { session_.reset(); }

    void everyEditIsOneUndoStep() {
        QSignalSpy changed(session_.get(), &Session::recipeChanged);
        session_->setRecipe(oneStep(), QStringLiteral("add the first"));
        session_->setRecipe(otherStep(), QStringLiteral("use the other"));
        QCOMPARE(changed.count(), 2);
        QCOMPARE(session_->undoStack().count(), 2);
        QCOMPARE(session_->undoStack().undoText(), QStringLiteral("use the other"));
        session_->undoStack().undo();
        QVERIFY(session_->recipe() == validated(oneStep(), builtin_registry()));
        session_->undoStack().undo();
        QVERIFY(session_->recipe().steps.empty());
        session_->undoStack().redo();
        QVERIFY(session_->recipe() == validated(oneStep(), builtin_registry()));
        QCOMPARE(changed.count(), 5);
    }

    void anEqualRecipeIsNoChange() {
        session_->setRecipe(oneStep(), QStringLiteral("add"));
        QSignalSpy changed(session_.get(), &Session::recipeChanged);
        session_->setRecipe(oneStep(), QStringLiteral("again"));
        QCOMPARE(changed.count(), 0);
        QCOMPARE(session_->undoStack().count(), 1);
    }

    void anInvalidRecipeIsRefusedAndChangesNothing() {
        Recipe bad;
        bad.steps.push_back({"no_such_technique"});
        QVERIFY_EXCEPTION_THROWN(session_->setRecipe(bad, QStringLiteral("add")), Error);
        QVERIFY(session_->recipe().steps.empty());
        QCOMPARE(session_->undoStack().count(), 0);
    }

    void openingTellsTheModel() {
        QSignalSpy changed(session_.get(), &Session::modelChanged);
        session_->open(QStringLiteral("model.gguf"));
        QVERIFY(changed.wait(5000));
        QCOMPARE(session_->checkpoint(), QStringLiteral("model.gguf"));
        QCOMPARE(session_->modelName(), QStringLiteral("model.gguf"));
        QCOMPARE(session_->model()->tensors->size(), std::size_t{4});
    }

    void aFileThatCannotBeOpenedLeavesTheModelOpen() {
        QSignalSpy changed(session_.get(), &Session::modelChanged);
        session_->open(QStringLiteral("model.gguf"));
        QVERIFY(changed.wait(5000));
        QSignalSpy failed(session_.get(), &Session::openFailed);
        session_->open(QStringLiteral("missing.gguf"));
        QVERIFY(failed.wait(5000));
        QCOMPARE(session_->checkpoint(), QStringLiteral("model.gguf"));
    }

    void theMachineIsKnown() {
        QTRY_VERIFY_WITH_TIMEOUT(session_->environment().is_object(), 5000);
        QCOMPARE(session_->environment()["cpu"].get<std::string>(), std::string("Test CPU"));
        QCOMPARE(session_->syntheticShapes(), QStringList{QStringLiteral("tiny")});
    }

    void devicesAreOpenedOnceAndOnlyWhenAskedFor() {
        QSignalSpy changed(session_.get(), &Session::devicesChanged);
        QTRY_COMPARE(changed.count(), 1);
        QVERIFY(!session_->devices()->devices.at(0).tracing);
        session_->openDevices();
        session_->openDevices();
        QTRY_COMPARE(changed.count(), 2);
        QVERIFY(session_->devices()->devices.at(0).tracing.value().value().kernels);
        QTest::qWait(100);
        QCOMPARE(changed.count(), 2);
    }

    void measuringNeedsAModel() {
        QCOMPARE(session_->measure(), -1);
        QVERIFY(session_->jobs().jobs().empty());
    }

    void theBaselineAloneIsOneRun() {
        QSignalSpy opened(session_.get(), &Session::modelChanged);
        session_->open(QStringLiteral("model.gguf"));
        QVERIFY(opened.wait(5000));
        Workload workload;
        workload.text = "none";
        session_->setWorkload(workload);
        QSignalSpy measured(&session_->jobs(), &JobRunner::measured);
        QVERIFY(session_->measure() > 0);
        QVERIFY(measured.wait(20000));
        const auto alone = measured.takeFirst().at(1).value<MeasureResult>();
        QCOMPARE(alone.runs.size(), std::size_t{1});
        session_->setRecipe(oneStep(), QStringLiteral("add"));
        session_->measure();
        QVERIFY(measured.wait(20000));
        const auto pair = measured.takeFirst().at(1).value<MeasureResult>();
        QCOMPARE(pair.runs.size(), std::size_t{2});
        QCOMPARE(pair.comparisons.size(), std::size_t{1});
    }

    void aListOfValuesIsMeasuredAsOneSeries() {
        QSignalSpy opened(session_.get(), &Session::modelChanged);
        session_->open(QStringLiteral("model.gguf"));
        QVERIFY(opened.wait(5000));
        Workload workload;
        workload.text = "none";
        session_->setWorkload(workload);
        const std::vector<std::string> setting{"quantize_weights.scheme=q8_0,q4_0"};
        session_->setSweep(sweep_of({}, setting, session_->registry()), QStringLiteral("values"));
        QSignalSpy measured(&session_->jobs(), &JobRunner::measured);
        session_->measure();
        QCOMPARE(session_->jobs().jobs().front().candidates,
                 (QStringList{QStringLiteral("q8_0"), QStringLiteral("q4_0")}));
        QVERIFY(measured.wait(20000));
        const auto result = measured.takeFirst().at(1).value<MeasureResult>();
        QCOMPARE(result.runs.size(), std::size_t{3});
        QCOMPARE(result.comparisons.size(), std::size_t{2});
        const auto run = session_->store().load(result.runs.back());
        QVERIFY(run->what.series.has_value());
        QCOMPARE(swept_from_json(run->what.series->swept), session_->swept());
    }

    void listsFollowTheRecipeAndAreUndone() {
        QSignalSpy changed(session_.get(), &Session::recipeChanged);
        const std::vector<std::string> settings{"quantize_weights.scheme=q8_0,q4_0",
                                                "prune_magnitude.sparsity=0.3,0.5"};
        session_->setSweep(sweep_of({}, settings, session_->registry()), QStringLiteral("values"));
        QCOMPARE(changed.count(), 1);
        QCOMPARE(session_->swept().size(), std::size_t{2});
        Recipe recipe = session_->recipe();
        std::erase_if(recipe.steps,
                      [](const RecipeStep& step) { return step.technique == "prune_magnitude"; });
        session_->setRecipe(recipe, QStringLiteral("switching off"));
        QCOMPARE(session_->swept().size(), std::size_t{1});
        recipe.steps.front().options["scheme"] = "q4_1";
        session_->setRecipe(recipe, QStringLiteral("another value"));
        QVERIFY2(session_->swept().empty(), "it is not one of the list's");
        session_->undoStack().undo();
        session_->undoStack().undo();
        QCOMPARE(session_->swept().size(), std::size_t{2});
        session_->undoStack().undo();
        QVERIFY(session_->swept().empty() && session_->recipe().steps.empty());
    }

    // Looking at another candidate changes which recipe everything speaks of, and nothing else.
    void candidatesAreSteppedThroughAndOneIsTaken() {
        const std::vector<std::string> settings{"quantize_weights.scheme=q8_0,q6_k,q4_0"};
        session_->setSweep(sweep_of({}, settings, session_->registry()), QStringLiteral("values"));
        QCOMPARE(
            session_->candidateNames(),
            (QStringList{QStringLiteral("q8_0"), QStringLiteral("q6_k"), QStringLiteral("q4_0")}));
        QCOMPARE(session_->shownCandidate(), std::size_t{0});
        QSignalSpy changed(session_.get(), &Session::recipeChanged);
        session_->showCandidate(2);
        QCOMPARE(changed.count(), 1);
        QCOMPARE(session_->shownCandidate(), std::size_t{2});
        QVERIFY(session_->recipe().steps[0].options["scheme"] == "q4_0");
        QCOMPARE(session_->undoStack().count(), 1);
        QCOMPARE(session_->candidates(), std::uint64_t{3});

        // What is looked at stays so while the list is edited, as long as it is in it.
        const std::vector<std::string> fewer{"quantize_weights.scheme=q8_0,q4_0"};
        session_->setSweep(sweep_of({}, fewer, session_->registry()), QStringLiteral("fewer"));
        QCOMPARE(session_->shownCandidate(), std::size_t{1});
        const std::vector<std::string> others{"quantize_weights.scheme=q5_0,q5_1"};
        session_->setSweep(sweep_of({}, others, session_->registry()), QStringLiteral("others"));
        QCOMPARE(session_->shownCandidate(), std::size_t{0});
        session_->undoStack().undo();
        QCOMPARE(session_->shownCandidate(), std::size_t{1});

        session_->takeCandidate(0);
        QVERIFY(session_->swept().empty());
        QVERIFY(session_->candidateNames().isEmpty());
        QVERIFY(session_->recipe().steps[0].options["scheme"] == "q8_0");
        QCOMPARE(session_->undoStack().undoText(), QStringLiteral("picking q8_0"));
        session_->undoStack().undo();
        QCOMPARE(session_->candidates(), std::uint64_t{2});
    }

    void tooManyCandidatesAreRefused() {
        std::string values = "0.10";
        for (int i = 11; i < 27; ++i) values += ",0." + std::to_string(i);
        const std::vector<std::string> setting{"prune_magnitude.sparsity=" + values};
        try {
            session_->setSweep(sweep_of({}, setting, session_->registry()),
                               QStringLiteral("values"));
            QFAIL("17 candidates were taken");
        } catch (const Error& error) {
            QVERIFY(error.details().summary.find("17") != std::string::npos);
            QVERIFY(error.details().action.find("--max-candidates") != std::string::npos);
        }
        QVERIFY(session_->recipe().steps.empty());
    }

private:
    std::unique_ptr<Session> session_;
};

HONE_SCRIPTED_MAIN(TestSession)
#include "test_session.moc"
