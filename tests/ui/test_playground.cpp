// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QDoubleSpinBox>
#include <QMenu>
#include <QPlainTextEdit>
#include <QSignalSpy>
#include <QSpinBox>
#include <memory>

#include "tests/ui/page_fixture.h"
#include "ui/pages/optimise/answer_view.h"
#include "ui/pages/optimise/ledger_card.h"
#include "ui/pages/optimise/playground_card.h"
#include "ui/pages/pick_value_banner.h"
#include "ui/widgets/empty_state.h"

using namespace hone;
using namespace hone::ui;

using State = Playground::State;

class TestPlayground : public QObject {
    Q_OBJECT
private slots:
    void init() { f_ = std::make_unique<test::PageFixture>(builtin_registry(), makeOptimisePage); }
    void cleanup() { f_.reset(); }

    void tokensWithoutCounterpartDiffer() {
        const TokenDifference same = tokenDifference({1, 2, 3}, {1, 2, 3});
        QVERIFY(!same.begins);
        QCOMPARE(same.count(), std::size_t{0});
        // One token more in the middle: what follows it is the same again.
        const TokenDifference inserted = tokenDifference({1, 2, 3, 4}, {1, 2, 9, 3, 4});
        QCOMPARE(inserted.begins, std::optional<std::size_t>(2));
        QCOMPARE(inserted.second, (std::vector<bool>{false, false, true, false, false}));
        QCOMPARE(inserted.first, std::vector<bool>(4, false));
        const TokenDifference replaced = tokenDifference({5, 6, 7}, {8, 6, 9});
        QCOMPARE(replaced.begins, std::optional<std::size_t>(0));
        QCOMPARE(replaced.first, (std::vector<bool>{true, false, true}));
        QCOMPARE(replaced.second, (std::vector<bool>{true, false, true}));
        const TokenDifference longer = tokenDifference({}, {1, 2});
        QCOMPARE(longer.count(), std::size_t{2});
        QCOMPARE(tokenDifference({1}, {}).first, std::vector<bool>{true});
    }

    void tryItOpensAndClosesThePanel() {
        auto* ledger = f_->window.findChild<LedgerCard*>();
        QVERIFY(!card()->isVisible());
        f_->button(QStringLiteral("Try it"))->click();
        QVERIFY(card()->isVisible());
        QVERIFY(!ledger->isVisible());
        QTRY_COMPARE(QApplication::focusWidget(), prompt());
        f_->button(QStringLiteral("Back to the ledger"))->click();
        QVERIFY(!card()->isVisible());
        QVERIFY(ledger->isVisible());
        QVERIFY(!f_->button(QStringLiteral("Try it"))->isChecked());
    }

    void withoutAModelItSaysWhatToDo() {
        f_->button(QStringLiteral("Try it"))->click();
        prompt()->setPlainText(QStringLiteral("Hello"));
        QVERIFY(!f_->button(QStringLiteral("Answer the prompt"))->isEnabled());
        QSignalSpy asked(&f_->session, &Session::openRequested);
        card()->findChild<EmptyState*>()->button()->click();
        QCOMPARE(asked.count(), 1);
        f_->open(QStringLiteral("model.gguf"));
        QVERIFY(!card()->findChild<EmptyState*>()->button()->isVisible());
        QVERIFY(f_->button(QStringLiteral("Answer the prompt"))->isEnabled());
        prompt()->clear();
        QVERIFY(!f_->button(QStringLiteral("Answer the prompt"))->isEnabled());
    }

    void aPromptIsAnsweredTwiceInTurn() {
        start();
        bool together = false;
        connect(&playground(), &Playground::changed, this, [&] {
            together = together || (playground().baseline().state == State::running &&
                                    playground().candidate().state == State::running);
        });
        QTRY_COMPARE_WITH_TIMEOUT(playground().candidate().state, State::done, 20000);
        QCOMPARE(playground().baseline().state, State::done);
        QVERIFY2(!together, "the two took time from each other");
        QCOMPARE(view(0)->text(), QString(20, QLatin1Char('a')));
        QCOMPARE(view(1)->text(), QStringLiteral("aaaaabaaaaaaaaabaaaa"));
        QCOMPARE(view(0)->underlined(), (QStringList{QStringLiteral("a"), QStringLiteral("a")}));
        QCOMPARE(view(1)->underlined(), (QStringList{QStringLiteral("b"), QStringLiteral("b")}));
        // 19 tokens after the first in 0.19 s and in half of it; the first after half a second.
        QCOMPARE(playground().baseline().firstTokenSeconds(), std::optional<double>(0.5));
        QVERIFY(std::abs(*playground().baseline().tokensPerSecond() - 100) < 1e-6);
        QVERIFY(std::abs(*playground().candidate().tokensPerSecond() - 200) < 1e-6);
        const QString shown = view(1)->figures().replace(QChar(0xa0), QLatin1Char(' '));
        QVERIFY2(shown.contains(QStringLiteral("200 tok/s")), qPrintable(shown));
        QVERIFY2(shown.contains(QStringLiteral("500 ms")), qPrintable(shown));
        QVERIFY(said(QStringLiteral("The first 5 tokens are the same; 2 of 20 differ")));
    }

    void withAnEmptyRecipeOnlyTheBaselineAnswers() {
        start(false);
        QTRY_COMPARE_WITH_TIMEOUT(playground().baseline().state, State::done, 20000);
        QVERIFY(!playground().hasCandidate());
        QVERIFY(!view(1)->isVisible());
        QVERIFY(said(QStringLiteral("Switch a technique on and ask again")));
    }

    void bothAreCancelledAtAnyTime() {
        start(true, QStringLiteral("slow.gguf"));
        QTRY_VERIFY_WITH_TIMEOUT(!playground().baseline().tokens.empty(), 5000);
        f_->button(QStringLiteral("Cancel the answers"))->click();
        QTRY_COMPARE_WITH_TIMEOUT(playground().baseline().state, State::cancelled, 5000);
        QCOMPARE(playground().candidate().state, State::cancelled);
        QVERIFY(!playground().active());
        QVERIFY(f_->button(QStringLiteral("Cancel the answers")) == nullptr);
        QVERIFY(playground().candidate().tokens.empty());
    }

    void askingAgainTakesThePlaceOfWhatRuns() {
        start(true, QStringLiteral("slow.gguf"));
        QTRY_VERIFY_WITH_TIMEOUT(!playground().baseline().tokens.empty(), 5000);
        f_->open(QStringLiteral("quick.gguf"));
        card()->ask();
        QVERIFY(playground().baseline().tokens.empty());
        QTRY_COMPARE_WITH_TIMEOUT(playground().candidate().state, State::done, 20000);
        QCOMPARE(playground().baseline().ids().size(), std::size_t{20});
    }

    // It would answer for the first value without a word.
    void aListOfValuesAsksForOne() {
        f_->open(QStringLiteral("model.gguf"));
        const std::vector<std::string> list{"kv_cache.dtype=fp16,int8"};
        f_->session.setSweep(sweep_of({}, list, builtin_registry()), QStringLiteral("test"));
        f_->button(QStringLiteral("Try it"))->click();
        prompt()->setPlainText(QStringLiteral("Hello"));
        QVERIFY(said(
            QStringLiteral("A list of values is measured as a sweep: pick one value to try it.")));
        QVERIFY(!f_->button(QStringLiteral("Answer the prompt"))->isEnabled());
        QTest::keyClick(prompt(), Qt::Key_Return, Qt::ControlModifier);
        QVERIFY(!playground().active());
        QVERIFY(f_->button(QStringLiteral("Pick one value")) != nullptr);
        QMenu menu;
        card()->findChild<PickValueBanner*>()->fillMenu(menu);
        QCOMPARE(menu.actions().size(), 2);
        QVERIFY(menu.actions()[0]->isChecked());
        menu.actions()[1]->trigger();
        QVERIFY(f_->session.swept().empty());
        QVERIFY(f_->session.recipe().steps[0].options["dtype"] == "int8");
        QVERIFY(f_->button(QStringLiteral("Answer the prompt"))->isEnabled());
        QVERIFY(f_->button(QStringLiteral("Pick one value")) == nullptr);
        f_->session.undoStack().undo();
        QVERIFY(!f_->button(QStringLiteral("Answer the prompt"))->isEnabled());
    }

    void aFailureSaysWhy() {
        start(false, QStringLiteral("fails.gguf"));
        QTRY_COMPARE_WITH_TIMEOUT(playground().baseline().state, State::failed, 20000);
        QVERIFY(view(0)->figures().contains(QStringLiteral("out of memory in layer 1")));
    }

    void theSeedCountsOnlyAboveTemperatureZero() {
        f_->button(QStringLiteral("Try it"))->click();
        auto* seed = f_->named<QSpinBox>(QStringLiteral("Seed"));
        QVERIFY(!seed->isEnabled());
        f_->named<QDoubleSpinBox>(QStringLiteral("Temperature"))->setValue(0.7);
        QVERIFY(seed->isEnabled());
    }

private:
    // Twenty tokens, asked for by keyboard.
    void start(bool recipe = true, const QString& model = QStringLiteral("model.gguf")) {
        f_->open(model);
        if (recipe)
            f_->session.setRecipe(
                {{{"kv_cache", default_options(*builtin_registry().find("kv_cache"))}}},
                QStringLiteral("test"));
        f_->button(QStringLiteral("Try it"))->click();
        f_->named<QSpinBox>(QStringLiteral("Tokens"))->setValue(20);
        prompt()->setFocus();
        QTest::keyClicks(prompt(), QStringLiteral("Hello"));
        QTest::keyClick(prompt(), Qt::Key_Return, Qt::ControlModifier);
        QVERIFY(playground().active());
    }
    bool said(const QString& beginning) const {
        for (const QLabel* label : card()->findChildren<QLabel*>())
            if (label->isVisible() && label->text().startsWith(beginning)) return true;
        return false;
    }
    PlaygroundCard* card() const { return f_->window.findChild<PlaygroundCard*>(); }
    QPlainTextEdit* prompt() const { return f_->named<QPlainTextEdit>(QStringLiteral("Prompt")); }
    const Playground& playground() const { return card()->playground(); }
    AnswerView* view(int index) const { return card()->findChildren<AnswerView*>().at(index); }

    std::unique_ptr<test::PageFixture> f_;
};

HONE_SCRIPTED_MAIN(TestPlayground)
#include "test_playground.moc"
