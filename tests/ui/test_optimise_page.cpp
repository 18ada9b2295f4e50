// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTableView>
#include <QToolButton>
#include <memory>

#include "tests/ui/page_fixture.h"
#include "ui/forms/option_editor.h"
#include "ui/forms/option_form.h"
#include "ui/models/ledger_model.h"
#include "ui/pages/optimise/ledger_card.h"
#include "ui/pages/optimise/recipe_card.h"
#include "ui/pages/optimise/technique_list.h"
#include "ui/pages/optimise/technique_row.h"
#include "ui/tables/figure_table.h"
#include "ui/widgets/banner.h"

using namespace hone;
using namespace hone::ui;

namespace {

constexpr Option sketchOptions[] = {{"share", "share", "How much.", Real{0, 1, 0.5, 0.05, 2, ""}}};
constexpr Conflict sketchConflicts[] = {{"kv_cache", "both keep the keys"}};
constexpr Option crowdOptions[] = {{"size", "size", "How many.", Integer{1, 64, 6, 1, ""}}};

// The registry as it would be with three techniques more; no page knows them.
std::vector<Descriptor> extended() {
    const auto built = builtin_registry().descriptors();
    std::vector<Descriptor> all(built.begin(), built.end());
    all.push_back({"sketch", "Sketch weights", "Sketches them.", "here", Slot::placement,
                   Stage::configures_run, sketchOptions, sketchConflicts});
    all.push_back({"unsupported",
                   "Quantum weights",
                   "Entangles.",
                   "nowhere",
                   Slot::placement,
                   Stage::configures_run,
                   {},
                   {}});
    all.push_back({"crowd",
                   "Crowd",
                   "Runs many.",
                   "here",
                   Slot::placement,
                   Stage::configures_run,
                   crowdOptions,
                   {},
                   "size"});
    return all;
}

int rowOf(const LedgerModel& ledger, const QString& metric) {
    for (int row = 0; row < ledger.rowCount(); ++row)
        if (ledger.index(row, LedgerModel::Metric).data().toString() == metric) return row;
    return -1;
}

}  // namespace

class TestOptimisePage : public QObject {
    Q_OBJECT
private slots:
    void init() { f_ = std::make_unique<test::PageFixture>(registry_, makeOptimisePage); }
    void cleanup() { f_.reset(); }

    void everyTechniqueOfTheRegistryHasARow() {
        for (const Descriptor& descriptor : descriptors_) {
            QVERIFY(row(descriptor.id) != nullptr);
            QVERIFY(row(descriptor.id)->isVisible());
            QCOMPARE(row(descriptor.id)->toggle()->accessibleName(),
                     QString::fromUtf8(descriptor.title.data()));
        }
        bool titled = false;
        for (const QLabel* label : f_->window.findChildren<QLabel*>())
            titled = titled || label->text() == QStringLiteral("Sketch weights");
        QVERIFY(titled);
    }

    void aSwitchMakesTheRecipeAndUndoTakesItBack() {
        auto* sketch = row("sketch");
        QVERIFY(!sketch->form()->isVisible());
        sketch->toggle()->setFocus();
        QTest::keyClick(sketch->toggle(), Qt::Key_Space);
        QVERIFY(sketch->form()->isVisible());
        QCOMPARE(steps(), QStringLiteral("sketch"));
        auto* share = qobject_cast<QDoubleSpinBox*>(sketch->form()->editor("share")->control());
        share->setValue(0.25);
        QCOMPARE(f_->session.recipe().steps[0].options["share"].get<double>(), 0.25);
        auto* text = f_->window.findChild<QPlainTextEdit*>();
        QVERIFY(text->toPlainText().contains(QStringLiteral("0.25")));

        f_->session.undoStack().undo();
        QCOMPARE(share->value(), 0.5);
        f_->session.undoStack().undo();
        QVERIFY(f_->session.recipe().steps.empty());
        QVERIFY(!sketch->toggle()->isChecked());
        f_->session.undoStack().redo();
        QVERIFY(sketch->toggle()->isChecked());
        QCOMPARE(steps(), QStringLiteral("sketch"));
    }

    void theOrderOfClicksDoesNotMatter() {
        row("sketch")->toggle()->click();
        row("quantize_weights")->toggle()->click();
        QCOMPARE(steps(), QStringLiteral("quantize_weights sketch"));
    }

    void aConflictDisablesWithItsReason() {
        row("sketch")->toggle()->click();
        auto* cache = row("kv_cache");
        QVERIFY(!cache->toggle()->isEnabled());
        QVERIFY(shows(*cache, QStringLiteral("Conflicts with Sketch weights: both keep the keys")));
        QVERIFY(row("sketch")->toggle()->isEnabled());
        row("sketch")->toggle()->click();
        QVERIFY(cache->toggle()->isEnabled());
        QVERIFY(
            !shows(*cache, QStringLiteral("Conflicts with Sketch weights: both keep the keys")));
    }

    void whatTheWorkerRefusesIsDisabledWithItsReason() {
        f_->open(QStringLiteral("model.gguf"));
        QTRY_VERIFY_WITH_TIMEOUT(!row("unsupported")->toggle()->isEnabled(), 5000);
        QVERIFY(shows(*row("unsupported"), QStringLiteral("Needs a quantum computer")));
        QVERIFY(row("sketch")->toggle()->isEnabled());
    }

    void theLedgerShowsThePrediction() {
        f_->open(QStringLiteral("model.gguf"));
        const LedgerModel& ledger = f_->window.findChild<LedgerCard*>()->model();
        const auto cell = [&ledger](const QString& metric, int column) {
            const QVariant value = ledger.index(rowOf(ledger, metric), column).data();
            return value.toString().replace(QChar(0xa0), QLatin1Char(' '));
        };
        QTRY_COMPARE_WITH_TIMEOUT(cell(QStringLiteral("Peak memory"), LedgerModel::Predicted),
                                  QStringLiteral("4 MB"), 5000);
        QCOMPARE(cell(QStringLiteral("Model size"), LedgerModel::Predicted),
                 QStringLiteral("4 kB"));
        // Times follow once the machine was calibrated, which nobody had to ask for.
        QTRY_COMPARE_WITH_TIMEOUT(cell(QStringLiteral("Decode"), LedgerModel::Predicted),
                                  QStringLiteral("12.5"), 5000);
        QVERIFY(rowOf(ledger, QStringLiteral("Perplexity")) >= 0);
        QCOMPARE(cell(QStringLiteral("Perplexity"), LedgerModel::Predicted), QString());
    }

    void aMeasurementFillsTheLedger() {
        f_->open(QStringLiteral("model.gguf"));
        row("quantize_weights")->toggle()->click();
        QSignalSpy measured(&f_->session.jobs(), &JobRunner::measured);
        f_->button(QStringLiteral("Measure"))->click();
        QVERIFY(f_->oneMore(measured));
        const LedgerModel& ledger = f_->window.findChild<LedgerCard*>()->model();
        QTRY_VERIFY_WITH_TIMEOUT(ledger.candidate().has_value(), 5000);
        QCOMPARE(ledger.candidate()->status, std::string("done"));
        QVERIFY(ledger.baseline().has_value());
        bool engaged = false;
        for (const QLabel* label : f_->window.findChildren<QLabel*>())
            engaged =
                engaged || label->text().contains(QStringLiteral(
                               "Quantise weights engaged · products with converted weights: 420"));
        QVERIFY(engaged);
    }

    // At 1024 pixels the verdict was to be scrolled to, behind what is muted.
    void theVerdictIsInSightHoweverNarrowTheWindow() {
        f_->open(QStringLiteral("model.gguf"));
        row("quantize_weights")->toggle()->click();
        QSignalSpy measured(&f_->session.jobs(), &JobRunner::measured);
        f_->button(QStringLiteral("Measure"))->click();
        QVERIFY(f_->oneMore(measured));
        auto* ledger = f_->window.findChild<LedgerCard*>();
        QTRY_VERIFY_WITH_TIMEOUT(ledger->model().candidate().has_value(), 5000);
        auto* table = ledger->findChild<FigureTable*>();
        const auto sees = [table](int column) {
            return !table->isColumnHidden(column) &&
                   table->columnViewportPosition(column) + table->columnWidth(column) <=
                       table->viewport()->width();
        };
        for (const int width : {1900, 1024, 900}) {
            f_->window.resize(width, 800);
            QTest::qWait(30);
            QVERIFY2(sees(LedgerModel::Verdict), qPrintable(QString::number(width)));
            QCOMPARE(table->horizontalScrollBar()->maximum(), 0);
            QCOMPARE(sees(LedgerModel::OffBy), width == 1900);
        }
        // What gave way is said in a tooltip.
        const QModelIndex memory = ledger->model().index(
            rowOf(ledger->model(), QStringLiteral("Peak memory")), LedgerModel::Measured);
        QVERIFY(memory.data(Qt::ToolTipRole).toString().contains(QStringLiteral("Predicted:")));
    }

    // By the keyboard and mouse of a user: the menu's entry, the list, Measure.
    void severalValuesAreMeasuredAsOneSeries() {
        f_->open(QStringLiteral("model.gguf"));
        row("quantize_weights")->toggle()->click();
        OptionEditor* scheme = row("quantize_weights")->form()->editor("scheme");
        QMenu menu;
        row("quantize_weights")->form()->fillListMenu(menu);
        menu.actions().first()->trigger();
        auto* list = f_->named<QLineEdit>(QStringLiteral("Values of Scheme"));
        QVERIFY(list->isVisible());
        QCOMPARE(f_->session.swept().size(), std::size_t{1});
        QCOMPARE(list->text(), QString::fromStdString(values_text(f_->session.swept()[0].values)));

        list->selectAll();
        QTest::keyClicks(list, QStringLiteral("q8_0,q9_9"));
        QTest::keyClick(list, Qt::Key_Return);
        const auto* banner = f_->window.findChild<Banner*>();
        QVERIFY(banner->isVisible());
        QCOMPARE(list->text(), QStringLiteral("q8_0,q9_9"));  // to be corrected

        list->selectAll();
        QTest::keyClicks(list, QStringLiteral("q8_0, q4_0"));
        QTest::keyClick(list, Qt::Key_Return);
        QCOMPARE(list->text(), QStringLiteral("q8_0,q4_0"));
        auto* measure = f_->button(QStringLiteral("Measure"));
        QVERIFY2(measure->text().startsWith(QStringLiteral("Measure 2 candidates")),
                 qPrintable(measure->text()));
        QSignalSpy measured(&f_->session.jobs(), &JobRunner::measured);
        measure->click();
        QVERIFY(f_->oneMore(measured));
        QCOMPARE(measured.first().at(1).value<MeasureResult>().runs.size(), std::size_t{3});

        f_->session.undoStack().undo();
        QVERIFY(scheme->list().startsWith(QStringLiteral("int8_channel,")));
        f_->session.undoStack().undo();
        QCOMPARE(scheme->list(), QString());
        QVERIFY(scheme->control()->isVisible());
    }

    // What stands beside a list of values is of one of them: it says of which, and leads to others.
    void theLedgerSaysOfWhichValueItSpeaks() {
        f_->open(QStringLiteral("model.gguf"));
        auto* next = f_->named<QToolButton>(QStringLiteral("The next candidate"));
        QVERIFY(!next->isVisible());
        sweep("quantize_weights.scheme=q8_0,q4_0");
        const LedgerModel& ledger = f_->window.findChild<LedgerCard*>()->model();
        const auto size = [&ledger] {
            const int row = rowOf(ledger, QStringLiteral("Model size"));
            return ledger.index(row, LedgerModel::Predicted)
                .data()
                .toString()
                .replace(QChar(0xa0), QLatin1Char(' '));
        };
        QVERIFY(says(QStringLiteral("Prediction and figures of q8_0, candidate 1 of 2")));
        QTRY_COMPARE_WITH_TIMEOUT(size(), QStringLiteral("4 kB"), 5000);
        QTRY_VERIFY_WITH_TIMEOUT(says(QStringLiteral("Measure the 2 candidates to fill this")),
                                 5000);
        const QString text = f_->window.findChild<QPlainTextEdit*>()->toPlainText();
        const int steps = f_->session.undoStack().count();
        next->click();
        QVERIFY(says(QStringLiteral("Prediction and figures of q4_0, candidate 2 of 2")));
        QTRY_COMPARE_WITH_TIMEOUT(size(), QStringLiteral("2 kB"), 5000);
        QCOMPARE(f_->session.undoStack().count(), steps);
        QCOMPARE(f_->window.findChild<QPlainTextEdit*>()->toPlainText(), text);

        QSignalSpy measured(&f_->session.jobs(), &JobRunner::measured);
        f_->button(QStringLiteral("Measure"))->click();
        QVERIFY(f_->oneMore(measured));
        const auto scheme = [&ledger]() -> std::string {
            if (!ledger.candidate()) return "none";
            return ledger.candidate()->what.recipe[0]["options"]["scheme"];
        };
        QTRY_COMPARE_WITH_TIMEOUT(scheme(), std::string("q4_0"), 5000);
        f_->button(QStringLiteral("The next candidate"))->click();  // round and round
        QTRY_COMPARE_WITH_TIMEOUT(scheme(), std::string("q8_0"), 5000);
        f_->button(QStringLiteral("The candidate before"))->click();
        QTRY_COMPARE_WITH_TIMEOUT(scheme(), std::string("q4_0"), 5000);
    }

    // The text, what is copied and what is saved hold the lists.
    void aRecipeWithListsIsText() {
        sweep("quantize_weights.scheme=q8_0,q4_0");
        auto* text = f_->window.findChild<QPlainTextEdit*>();
        QVERIFY2(text->toPlainText().contains(QStringLiteral(R"("scheme": ["q8_0","q4_0"])")),
                 qPrintable(text->toPlainText()));
        f_->button(QStringLiteral("Copy the recipe"))->click();
        const QString copied = QApplication::clipboard()->text();
        auto* recipe = f_->window.findChild<RecipeCard*>();
        const QString file = QString::fromStdString(test::scratchFile("recipe.json").string());
        QCOMPARE(recipe->save(file), QString());
        row("quantize_weights")->toggle()->click();
        QVERIFY(f_->session.swept().empty());
        QApplication::clipboard()->setText(copied);
        f_->button(QStringLiteral("Paste a recipe"))->click();
        QCOMPARE(f_->session.candidates(), std::uint64_t{2});
        QCOMPARE(row("quantize_weights")->form()->editor("scheme")->list(),
                 QStringLiteral("q8_0,q4_0"));
        f_->session.setRecipe({}, QStringLiteral("test"));
        QCOMPARE(recipe->load(file), QString());
        QCOMPARE(f_->session.candidates(), std::uint64_t{2});
        text->setPlainText(QString(copied).replace(QStringLiteral("q4_0"), QStringLiteral("q8_0")));
        const auto* error = recipe->findChild<Banner*>();
        QTRY_VERIFY_WITH_TIMEOUT(error->isVisible(), 5000);
        QVERIFY2((error->advice() + error->detail()).contains(QStringLiteral("scheme")),
                 qPrintable(error->advice() + error->detail()));
        QCOMPARE(f_->session.candidates(), std::uint64_t{2});
    }

    void aRecipeIsCopiedAndPasted() {
        row("sketch")->toggle()->click();
        f_->button(QStringLiteral("Copy the recipe"))->click();
        const QString copied = QApplication::clipboard()->text();
        row("sketch")->toggle()->click();
        QVERIFY(f_->session.recipe().steps.empty());
        QApplication::clipboard()->setText(copied);
        f_->button(QStringLiteral("Paste a recipe"))->click();
        QCOMPARE(steps(), QStringLiteral("sketch"));
        QVERIFY(row("sketch")->toggle()->isChecked());
    }

    void aBadRecipeIsNotAppliedAndSaysWhy() {
        row("sketch")->toggle()->click();
        QApplication::clipboard()->setText(
            QStringLiteral(R"([{"technique":"sketch","options":{"share":7}}])"));
        f_->button(QStringLiteral("Paste a recipe"))->click();
        QCOMPARE(f_->session.recipe().steps[0].options["share"].get<double>(), 0.5);
        bool said = false;
        for (const Banner* banner : f_->window.findChildren<Banner*>())
            said = said || (banner->isVisible() &&
                            banner->message() == QStringLiteral("This text is not in use.") &&
                            banner->advice().contains(QStringLiteral("sketch.share")) &&
                            banner->advice().contains(QStringLiteral("Sketch weights 0.5")));
        QVERIFY(said);
    }

    void sequencesFollowARecipeThatNeedsThem() {
        row("crowd")->toggle()->click();
        QCOMPARE(f_->session.workload().concurrency, 6);
        f_->session.undoStack().undo();
        QCOMPARE(f_->session.workload().concurrency, 1);
    }

    void withoutAModelItSaysWhatToDo() {
        QSignalSpy asked(&f_->session, &Session::openRequested);
        QVERIFY(!f_->button(QStringLiteral("Measure"))->isEnabled());
        f_->button(QStringLiteral("Open…"))->click();
        QCOMPARE(asked.count(), 1);
    }

private:
    TechniqueRow* row(std::string_view technique) const {
        return f_->window.findChild<TechniqueList*>()->row(technique);
    }
    void sweep(const std::string& setting) {
        const std::vector<std::string> settings{setting};
        f_->session.setSweep(sweep_of({}, settings, registry_), QStringLiteral("test"));
    }
    bool says(const QString& text) const {
        for (const QLabel* label : f_->window.findChildren<QLabel*>())
            if (label->isVisible() && label->text().startsWith(text)) return true;
        return false;
    }
    QString steps() const {
        QStringList ids;
        for (const RecipeStep& step : f_->session.recipe().steps)
            ids.append(QString::fromStdString(step.technique));
        return ids.join(QLatin1Char(' '));
    }
    static bool shows(const TechniqueRow& card, const QString& text) {
        for (const QLabel* label : card.findChildren<QLabel*>())
            if (label->isVisible() && label->text() == text) return true;
        return false;
    }

    const std::vector<Descriptor> descriptors_ = extended();
    const Registry registry_{descriptors_};
    std::unique_ptr<test::PageFixture> f_;
};

HONE_SCRIPTED_MAIN(TestOptimisePage)
#include "test_optimise_page.moc"
