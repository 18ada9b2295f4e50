// SPDX-License-Identifier: GPL-3.0-or-later
// The recipe's text, and the recipes that have names.
#include <QApplication>
#include <QClipboard>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QSettings>
#include <QSignalSpy>
#include <memory>

#include "tests/ui/page_fixture.h"
#include "ui/models/named_recipes.h"
#include "ui/pages/optimise/recipe_card.h"
#include "ui/pages/optimise/saved_recipes.h"
#include "ui/widgets/banner.h"

using namespace hone;
using namespace hone::ui;

class TestRecipes : public QObject {
    Q_OBJECT
private slots:
    void init() {
        QSettings().clear();
        begin();
    }
    void cleanup() { f_.reset(); }

    void theTextLeavesDefaultsOut() {
        set("quantize_weights.scheme=q4_0");
        QCOMPARE(text()->toPlainText(),
                 QStringLiteral("[\n  {\"technique\": \"quantize_weights\", \"options\": {\n"
                                "    \"scheme\": \"q4_0\"\n  }}\n]"));
        const Recipe before = f_->session.recipe();
        f_->button(QStringLiteral("Copy the recipe"))->click();
        set("");
        f_->button(QStringLiteral("Paste a recipe"))->click();
        QVERIFY(f_->session.recipe() == before);
    }

    // As earlier versions wrote it: every option, on one line.
    void anOldTextIsTheSameRecipe() {
        set("kv_cache quantize_weights.scheme=q4_0");
        const Recipe before = f_->session.recipe();
        const QString old = QString::fromStdString(to_json(before).dump());
        set("");
        QApplication::clipboard()->setText(old);
        f_->button(QStringLiteral("Paste a recipe"))->click();
        QVERIFY(f_->session.recipe() == before);
    }

    void aBadTextSaysThatItIsNotInUseAndWhatIs() {
        set("quantize_weights.scheme=q4_0");
        text()->setPlainText(QStringLiteral("[{\"technique\": "));
        const auto* banner = f_->window.findChild<RecipeCard*>()->findChild<Banner*>();
        QTRY_VERIFY_WITH_TIMEOUT(banner->isVisible(), 5000);
        QCOMPARE(banner->message(), QStringLiteral("This text is not in use."));
        QCOMPARE(banner->advice(),
                 QStringLiteral("Line 1 is not JSON. In use is still: Quantise weights q4_0."));
    }

    void aRecipeIsSavedPickedRenamedAndDeleted() {
        f_->open(QStringLiteral("model.gguf"));
        set("quantize_weights.scheme=q4_0");
        save(QStringLiteral("small"));
        QCOMPARE(recipes().names(), QStringList("small"));
        QCOMPARE(recipes().current(), QStringLiteral("small"));
        set("kv_cache.dtype=int8");
        QCOMPARE(recipes().current(), QString());
        save(QStringLiteral("  long  context "));
        QCOMPARE(recipes().names(), (QStringList{"long context", "small"}));

        choose(QStringLiteral("small"));
        QCOMPARE(f_->session.recipe().steps.front().technique, std::string("quantize_weights"));
        f_->session.undoStack().undo();
        QCOMPARE(f_->session.recipe().steps.front().technique, std::string("kv_cache"));

        chooseIn(QStringLiteral("Rename"), QStringLiteral("small"));
        QVERIFY(name()->hasFocus());
        name()->selectAll();
        QTest::keyClicks(name(), QStringLiteral("long context"));
        QTest::keyClick(name(), Qt::Key_Return);
        QCOMPARE(recipes().names(), (QStringList{"long context", "small"}));
        QVERIFY(name()->isVisible());
        name()->selectAll();
        QTest::keyClicks(name(), QStringLiteral("tiny"));
        QTest::keyClick(name(), Qt::Key_Return);
        QCOMPARE(recipes().names(), (QStringList{"long context", "tiny"}));
        f_->session.undoStack().undo();
        QCOMPARE(recipes().names(), (QStringList{"long context", "small"}));

        QSignalSpy said(&f_->session, &Session::said);
        chooseIn(QStringLiteral("Delete"), QStringLiteral("small"));
        QCOMPARE(recipes().names(), QStringList("long context"));
        QCOMPARE(said.count(), 1);
        f_->session.undoStack().undo();
        QCOMPARE(recipes().names(), (QStringList{"long context", "small"}));
    }

    void escapeKeepsNothing() {
        f_->open(QStringLiteral("model.gguf"));
        set("kv_cache");
        f_->button(QStringLiteral("Save the recipe under a name…"))->click();
        QTest::keyClicks(name(), QStringLiteral("x"));
        QTest::keyClick(name(), Qt::Key_Escape);
        QVERIFY(!name()->isVisible());
        QCOMPARE(recipes().names(), QStringList());
        QVERIFY(f_->button(QStringLiteral("Save the recipe under a name…"))->hasFocus());
    }

    void savingUnderTheSameNameCanBeTakenBack() {
        f_->open(QStringLiteral("model.gguf"));
        set("kv_cache");
        save(QStringLiteral("one"));
        set("batching");
        save(QStringLiteral("one"));
        QCOMPARE(recipes().current(), QStringLiteral("one"));
        f_->session.undoStack().undo();
        QCOMPARE(recipes().names(), QStringList("one"));
        QCOMPARE(recipes().current(), QString());
    }

    void namesBelongToAModelAndSurviveARestart() {
        f_->open(QStringLiteral("model.gguf"));
        f_->session.setSweep(
            sweep_of({}, std::vector<std::string>{"quantize_weights.scheme=q8_0,q4_0"},
                     builtin_registry()),
            QStringLiteral("test"));
        save(QStringLiteral("a & b"));
        f_->open(QStringLiteral("other.gguf"));
        QCOMPARE(recipes().names(), QStringList());
        f_.reset();
        begin();
        QCOMPARE(recipes().names(), QStringList());
        f_->open(QStringLiteral("model.gguf"));
        QCOMPARE(recipes().names(), QStringList("a & b"));
        choose(QStringLiteral("a && b"));
        QCOMPARE(f_->session.candidates(), std::uint64_t{2});
        QCOMPARE(recipes().current(), QStringLiteral("a & b"));
    }

    // A technique that this version has not got.
    void aRecipeThatCannotBeUsedSaysWhy() {
        f_->open(QStringLiteral("model.gguf"));
        set("kv_cache");
        save(QStringLiteral("old"));
        QByteArray kept = QSettings().value(QStringLiteral("session/recipes")).toByteArray();
        QSettings().setValue(QStringLiteral("session/recipes"),
                             kept.replace("kv_cache", "no_longer"));
        set("");
        choose(QStringLiteral("old"));
        const auto* banner = f_->window.findChild<RecipeCard*>()->findChild<Banner*>();
        QVERIFY(banner->isVisible());
        QVERIFY2((banner->advice() + banner->detail()).contains(QStringLiteral("no_longer")),
                 qPrintable(banner->advice() + banner->detail()));
        QVERIFY(f_->session.recipe().steps.empty());
    }

private:
    void begin() {
        f_ = std::make_unique<test::PageFixture>(builtin_registry(), makeOptimisePage);
        QApplication::setActiveWindow(&f_->window);
    }
    QPlainTextEdit* text() const {
        return f_->window.findChild<RecipeCard*>()->findChild<QPlainTextEdit*>();
    }
    QLineEdit* name() const { return f_->named<QLineEdit>(QStringLiteral("Name of the recipe")); }
    NamedRecipes& recipes() const { return *f_->window.findChild<NamedRecipes*>(); }
    void save(const QString& as) {
        f_->button(QStringLiteral("Save the recipe under a name…"))->click();
        QVERIFY(name()->hasFocus());
        name()->selectAll();
        QTest::keyClicks(name(), as);
        QTest::keyClick(name(), Qt::Key_Return);
    }
    void choose(const QString& entry) {
        QMenu menu;
        f_->window.findChild<SavedRecipes*>()->fillMenu(menu);
        for (QAction* action : menu.actions())
            if (action->text() == entry) return action->trigger();
        QFAIL(qPrintable(entry));
    }
    void chooseIn(const QString& submenu, const QString& entry) {
        QMenu menu;
        f_->window.findChild<SavedRecipes*>()->fillMenu(menu);
        for (const QAction* action : menu.actions()) {
            if (action->menu() == nullptr || action->text() != submenu) continue;
            for (QAction* each : action->menu()->actions())
                if (each->text() == entry) return each->trigger();
        }
        QFAIL(qPrintable(entry));
    }
    void set(const QString& settings) {
        std::vector<std::string> all;
        for (const QString& each : settings.split(QLatin1Char(' '), Qt::SkipEmptyParts))
            all.push_back(each.toStdString());
        f_->session.setSweep(sweep_of({}, all, builtin_registry()), QStringLiteral("test"));
    }
    std::unique_ptr<test::PageFixture> f_;
};

HONE_SCRIPTED_MAIN(TestRecipes)
#include "test_recipes.moc"
