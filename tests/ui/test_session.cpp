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
        QCOMPARE(session_->model()["tensors"].size(), std::size_t{4});
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
        QVERIFY(!session_->devices()["devices"][0].contains("tracing"));
        session_->openDevices();
        session_->openDevices();
        QTRY_COMPARE(changed.count(), 2);
        QVERIFY(session_->devices()["devices"][0]["tracing"]["kernels"].get<bool>());
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

private:
    std::unique_ptr<Session> session_;
};

HONE_SCRIPTED_MAIN(TestSession)
#include "test_session.moc"
