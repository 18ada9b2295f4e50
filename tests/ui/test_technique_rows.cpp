// SPDX-License-Identifier: GPL-3.0-or-later
// The techniques of Optimise, driven by the events of mouse and keyboard.
#include <QLineEdit>
#include <QScrollArea>
#include <QScrollBar>
#include <QToolButton>
#include <map>
#include <memory>

#include "tests/ui/page_fixture.h"
#include "ui/forms/option_editor.h"
#include "ui/forms/option_form.h"
#include "ui/pages/optimise/ledger_card.h"
#include "ui/pages/optimise/technique_list.h"
#include "ui/pages/optimise/technique_row.h"

using namespace hone;
using namespace hone::ui;

class TestTechniqueRows : public QObject {
    Q_OBJECT
private slots:
    void init() {
        f_ = std::make_unique<test::PageFixture>(builtin_registry(), makeOptimisePage);
        QApplication::setActiveWindow(&f_->window);
    }
    void cleanup() { f_.reset(); }

    void aClickOnTheNameOpensTheOptionsAndAnotherOneClosesThem() {
        TechniqueRow* cache = row("kv_cache");
        QVERIFY(!cache->isOpen());
        QVERIFY(!cache->form()->isVisible());
        QTest::mouseClick(cache, Qt::LeftButton, {}, QPoint(cache->width() / 2, 12));
        QVERIFY(cache->form()->isVisible());
        QVERIFY(f_->session.recipe().steps.empty());
        QTest::mouseClick(cache, Qt::LeftButton, {}, QPoint(cache->width() / 2, 12));
        QVERIFY(!cache->form()->isVisible());
    }

    void theKeyboardOpensSwitchesAndWalks() {
        TechniqueRow* first = rows().front();
        first->stop()->setFocus();
        press(Qt::Key_Right);
        QVERIFY(first->isOpen());
        press(Qt::Key_Left);
        QVERIFY(!first->isOpen());
        press(Qt::Key_Return);
        QVERIFY(first->isOpen());
        QVERIFY(f_->session.recipe().steps.empty());
        press(Qt::Key_Space);
        QCOMPARE(f_->session.recipe().steps.size(), std::size_t{1});
        press(Qt::Key_Down);
        QCOMPARE(QApplication::focusWidget(), rows()[1]->stop());
        press(Qt::Key_Up);
        QCOMPARE(QApplication::focusWidget(), first->stop());
        press(Qt::Key_Up);
        QCOMPARE(QApplication::focusWidget(), search());
        press(Qt::Key_Down);
        QCOMPARE(QApplication::focusWidget(), first->stop());
    }

    // Switching on opens them; what the user has closed or opened himself stays so.
    void rowsStayAsTheyWereLeft() {
        TechniqueRow* cache = row("kv_cache");
        cache->toggle()->click();
        QVERIFY(cache->isOpen());
        cache->setOpen(false);
        row("batching")->toggle()->click();
        QVERIFY(!cache->isOpen());
        QVERIFY(cache->toggle()->isChecked());
        cache->setOpen(true);
        cache->toggle()->click();
        QVERIFY(cache->isOpen());
        row("batching")->toggle()->click();
        QVERIFY(!row("batching")->isOpen());
    }

    void theLineSaysWhatIsSetInLabels() {
        TechniqueRow* quantize = row("quantize_weights");
        QCOMPARE(quantize->summary(), QString());
        QVERIFY(quantize->note().startsWith(QStringLiteral("Stores weights")));
        set("quantize_weights.scheme=q4_0 quantize_weights.embedding=keep");
        QCOMPARE(quantize->summary(), QStringLiteral("Q4_0 · Embeddings: Leave as it is"));
        set("quantize_weights.scheme=q8_0,q4_0");
        QCOMPARE(quantize->summary(), QStringLiteral("Q8_0, Q4_0"));
        QVERIFY(!quantize->isOpen());
    }

    void anOptionThatIsChangedSwitchesItsTechniqueOn() {
        TechniqueRow* cache = row("kv_cache");
        cache->setOpen(true);
        auto* control = cache->form()->editor(cache->descriptor().options.front().key)->control();
        control->setFocus();
        QTest::keyClick(control, Qt::Key_Down);
        QVERIFY(cache->toggle()->isChecked());
        QCOMPARE(f_->session.undoStack().count(), 1);
    }

    void theSearchFindsNamesIdsDescriptionsAndOptions() {
        press(Qt::Key_F, Qt::ControlModifier);
        QCOMPARE(QApplication::focusWidget(), search());
        QVERIFY(found(QStringLiteral("quantise we")).contains(QStringLiteral("quantize_weights")));
        QCOMPARE(found(QStringLiteral("stores weights")), QStringList("quantize_weights"));
        QCOMPARE(found(QStringLiteral("KV_cache")), QStringList("kv_cache"));
        QVERIFY(found(QStringLiteral("w8a8")).contains(QStringLiteral("quantize_activations")));
        QVERIFY(found(QStringLiteral("sparsity")).contains(QStringLiteral("prune_magnitude")));
        QVERIFY(!found(QStringLiteral("sparsity")).contains(QStringLiteral("kv_cache")));
        QCOMPARE(found(QStringLiteral("nonsense")), QStringList());
        QVERIFY(says(QStringLiteral("No technique or option has “nonsense” in its name.")));
        press(Qt::Key_Escape);
        QCOMPARE(search()->text(), QString());
        QVERIFY(search()->hasFocus());
        QCOMPARE(shown().size(), static_cast<qsizetype>(builtin_registry().descriptors().size()));
    }

    // Neither a conflict nor a refusal of the worker changes any row's place.
    void aConflictMovesNoRow() {
        for (TechniqueRow* each : rows()) each->setOpen(true);
        QApplication::processEvents();
        const auto places = [this] {
            std::map<std::string, int> all;
            for (TechniqueRow* each : rows())
                all[std::string(each->descriptor().id)] =
                    each->mapTo(&f_->window, QPoint(0, 0)).y();
            return all;
        };
        for (const bool open : {true, false}) {
            for (TechniqueRow* each : rows()) each->setOpen(open);
            QTest::qWait(20);
            set("");
            QTest::qWait(20);
            const auto before = places();
            set("precision");
            QTest::qWait(20);
            QVERIFY(!row("quantize_activations")->toggle()->isEnabled());
            QVERIFY(
                row("quantize_activations")->note().startsWith(QStringLiteral("Conflicts with ")));
            QCOMPARE(places(), before);
        }
    }

    void useThisInsteadIsOneStep() {
        set("precision kv_cache");
        const int steps = f_->session.undoStack().count();
        const Recipe before = f_->session.recipe();
        auto* instead =
            f_->button(QStringLiteral("Use %1 instead")
                           .arg(row("quantize_activations")->toggle()->accessibleName()));
        QVERIFY(instead != nullptr);
        QCOMPARE(instead->text(), QStringLiteral("Use this instead"));
        instead->setFocus();
        QTest::keyClick(instead, Qt::Key_Space);
        QCOMPARE(ids(), QStringLiteral("quantize_activations kv_cache"));
        QCOMPARE(f_->session.undoStack().count(), steps + 1);
        QCOMPARE(QApplication::focusWidget(), row("quantize_activations")->toggle());
        QVERIFY(row("precision")->note().startsWith(QStringLiteral("Conflicts with ")));
        f_->session.undoStack().undo();
        QVERIFY(f_->session.recipe() == before);
    }

    // Each column scrolls by itself: the ledger stays where it is while the last technique is
    // reached.
    void theLedgerStaysInSightBesideEveryTechnique() {
        f_->open(QStringLiteral("model.gguf"));
        auto* ledger = f_->window.findChild<LedgerCard*>();
        for (const QSize size : {QSize(900, 560), QSize(1200, 700)}) {
            f_->window.resize(size);
            for (TechniqueRow* each : rows()) each->setOpen(true);
            QTest::qWait(50);
            QScrollBar* bar = areaOf(rows().front())->verticalScrollBar();
            QVERIFY(bar->maximum() > 0);
            const QPoint before = ledger->mapTo(&f_->window, QPoint(0, 0));
            bar->setValue(bar->maximum());
            QApplication::processEvents();
            QVERIFY(!rows().back()->visibleRegion().isEmpty());
            QCOMPARE(ledger->mapTo(&f_->window, QPoint(0, 0)), before);
            QVERIFY(ledger->visibleRegion().boundingRect().height() >= ledger->height() / 2);
            QCOMPARE(ledger->visibleRegion().boundingRect().width(), ledger->width());
        }
    }

    // In a low window the ledger scrolls with what is below it, and comes back when a technique is
    // switched.
    void aSwitchBringsTheLedgerIntoSight() {
        f_->open(QStringLiteral("model.gguf"));
        f_->window.resize(900, 480);
        QTest::qWait(50);
        auto* ledger = f_->window.findChild<LedgerCard*>();
        QScrollArea* area = areaOf(ledger);
        QVERIFY(area != nullptr);
        area->verticalScrollBar()->setValue(area->verticalScrollBar()->maximum());
        QVERIFY(ledger->visibleRegion().isEmpty());
        row("kv_cache")->toggle()->click();
        QVERIFY(!ledger->visibleRegion().isEmpty());
        f_->window.resize(900, 1000);
        QTest::qWait(50);
        QVERIFY(areaOf(ledger) == nullptr);
    }

    void everyControlHasAName() {
        for (TechniqueRow* each : rows()) {
            each->setOpen(true);
            for (const QWidget* control : each->findChildren<QWidget*>())
                if (control->focusPolicy() != Qt::NoFocus && control->focusProxy() == nullptr &&
                    qobject_cast<const QLineEdit*>(control) == nullptr)
                    QVERIFY2(!control->accessibleName().isEmpty(),
                             control->metaObject()->className());
        }
        QVERIFY(!search()->accessibleName().isEmpty());
    }

private:
    TechniqueList* list() const { return f_->window.findChild<TechniqueList*>(); }
    TechniqueRow* row(std::string_view technique) const { return list()->row(technique); }
    std::vector<TechniqueRow*> rows() const {
        auto all = list()->findChildren<TechniqueRow*>();
        std::sort(all.begin(), all.end(), [this](const QWidget* a, const QWidget* b) {
            return a->mapTo(list(), QPoint(0, 0)).y() < b->mapTo(list(), QPoint(0, 0)).y();
        });
        return {all.begin(), all.end()};
    }
    QLineEdit* search() const { return f_->named<QLineEdit>(QStringLiteral("Find a technique")); }
    void press(Qt::Key key, Qt::KeyboardModifiers held = Qt::NoModifier) {
        QTest::keyClick(f_->window.windowHandle(), key, held);
        QApplication::processEvents();
    }
    QStringList shown() const {
        QStringList all;
        for (const TechniqueRow* each : rows())
            if (each->isVisible()) all += each->objectName();
        return all;
    }
    QStringList found(const QString& words) {
        search()->clear();
        QTest::keyClicks(search(), words);
        return shown();
    }
    // A recipe of settings as the command line has them.
    void set(const QString& settings) {
        std::vector<std::string> all;
        for (const QString& each : settings.split(QLatin1Char(' '), Qt::SkipEmptyParts))
            all.push_back(each.toStdString());
        f_->session.setSweep(sweep_of({}, all, builtin_registry()), QStringLiteral("test"));
    }
    QString ids() const {
        QStringList all;
        for (const RecipeStep& step : f_->session.recipe().steps)
            all += QString::fromStdString(step.technique);
        return all.join(QLatin1Char(' '));
    }
    bool says(const QString& text) const {
        for (const QLabel* label : f_->window.findChildren<QLabel*>())
            if (label->isVisible() && label->text() == text) return true;
        return false;
    }
    static QScrollArea* areaOf(QWidget* widget) {
        for (QWidget* at = widget->parentWidget(); at != nullptr; at = at->parentWidget())
            if (auto* area = qobject_cast<QScrollArea*>(at)) return area;
        return nullptr;
    }

    std::unique_ptr<test::PageFixture> f_;
};

HONE_SCRIPTED_MAIN(TestTechniqueRows)
#include "test_technique_rows.moc"
