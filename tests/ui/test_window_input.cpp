// SPDX-License-Identifier: GPL-3.0-or-later
// Keys and the wheel as a user turns them: what they may change, and what they must not.
#include <QAbstractSpinBox>
#include <QComboBox>
#include <QLineEdit>
#include <QMetaProperty>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTabBar>
#include <QTableView>
#include <QToolButton>
#include <QTreeView>

#include "tests/ui/driven_window.h"
#include "tests/ui/invented_trace.h"
#include "tests/ui/stored_runs.h"
#include "ui/charts/chart.h"
#include "ui/pages/optimise/playground_card.h"
#include "ui/pages/optimise/technique_row.h"
#include "ui/shell/rail.h"
#include "ui/timeline/timeline_panel.h"
#include "ui/widgets/banner.h"

using namespace hone;
using namespace hone::ui;

namespace {

// What a turn of the wheel could choose: the value that a control is for, and the chosen tab.
QVariant valueOf(const QWidget* widget) {
    if (const auto* tabs = qobject_cast<const QTabBar*>(widget)) return tabs->currentIndex();
    const QMetaProperty value = widget->metaObject()->userProperty();
    return value.isValid() ? value.read(widget) : QVariant();
}

bool scrollsOnly(const QWidget* widget) {
    return qobject_cast<const QScrollBar*>(widget) != nullptr;
}

// A recipe with every technique that goes together, so that all option forms are on the page.
Recipe manyTechniques() {
    Recipe recipe;
    for (const Descriptor& descriptor : builtin_registry().descriptors()) {
        Recipe with = recipe;
        with.steps.push_back({std::string(descriptor.id), default_options(descriptor)});
        try {
            recipe = validated(with, builtin_registry());
        } catch (const Error&) {  // it conflicts with one before it
        }
    }
    return recipe;
}

}  // namespace

class TestWindowInput : public QObject {
    Q_OBJECT
private slots:
    void init() {
        QSettings().clear();
        Theme::instance().apply(Scheme::light);
        made_ = std::make_unique<test::DrivenWindow>();
        made_->show({1280, 800});
    }
    void cleanup() { made_.reset(); }

    // B2: the wheel over every control of every page, none of which has the focus.
    void theWheelChangesNoControlWithoutFocus() {
        testing::storeInventedRuns(made_->session.store(), {{"prompt_tokens", 128}},
                                   {{"threads", 2}});
        const std::int64_t run = testing::storeRun(made_->session.store(), {},
                                                   {{"prompt_tokens", 8}}, {{"device", "cpu"}});
        made_->session.store().set_trace(run, testing::inventedTrace(450));
        made_->open(QStringLiteral("model.gguf"));
        made_->session.setRecipe(manyTechniques(), QStringLiteral("test"));
        Workload workload = made_->session.workload();
        workload.protocol = "strided";  // all of its boxes are shown
        workload.prompt_lengths = "mixed:1";
        made_->session.setWorkload(workload);
        emit made_->session.runsChanged();
        const Recipe recipe = made_->session.recipe();
        int controls = 0;
        for (int page = 1; page <= 6; ++page) {
            made_->openPage(page);
            if (page == 6) made_->window.setTimelineShown(true);
            QTest::qWait(50);
            controls += wheelOverEverything();
        }
        QVERIFY2(controls > 25, qPrintable(QString::number(controls)));
        QVERIFY(made_->session.recipe() == recipe);
        QVERIFY(to_json(made_->session.workload()) == to_json(workload));
    }

    void theWheelChangesTheControlThatHasTheFocus() {
        made_->openPage(4);
        auto* box = made_->named<QSpinBox>(QStringLiteral("Repetitions"));
        box->setFocus();
        const int before = box->value();
        QVERIFY(made_->wheel(box, 1));
        QCOMPARE(box->value(), before + 1);
    }

    void aControlThatIsMadeLaterIsGuardedToo() {
        made_->openPage(1);
        auto* box = new QComboBox(made_->window.pages().currentWidget());
        box->addItems({QStringLiteral("one"), QStringLiteral("two")});
        box->setGeometry(300, 20, 120, 30);
        box->show();
        box->raise();
        QVERIFY(made_->wheel(box, -1));
        QCOMPARE(box->currentIndex(), 0);
        QVERIFY(!box->hasFocus());
    }

    void theWheelOverAControlScrollsThePage() {
        made_->window.resizeTo({1000, 560});
        made_->open(QStringLiteral("model.gguf"));
        made_->session.setRecipe(manyTechniques(), QStringLiteral("test"));
        made_->openPage(3);
        QTest::qWait(50);
        openTechniques();
        auto* box = visibleInARow<QComboBox>();
        QVERIFY(box != nullptr);
        QScrollArea* area = scrollArea(box);
        QVERIFY(area->verticalScrollBar()->maximum() > 0);
        area->ensureWidgetVisible(box);
        const int before = area->verticalScrollBar()->value();
        QVERIFY(made_->wheel(box, -1));
        QVERIFY(area->verticalScrollBar()->value() > before);
    }

    // A chart of a page is in the wheel's way wherever the page is long.
    void theWheelOverAChartScrollsThePageUntilItHasTheFocus() {
        made_->window.resizeTo({1000, 560});
        made_->open(QStringLiteral("model.gguf"));
        testing::storeInventedRuns(made_->session.store(), {{"prompt_tokens", 128}},
                                   {{"threads", 2}});
        emit made_->session.runsChanged();
        made_->openPage(5);
        QTest::qWait(50);
        QWidget* page = made_->window.pages().page(QStringLiteral("compare"));
        QScrollBar* bar = scrollArea(page)->verticalScrollBar();
        QVERIFY(bar->maximum() > 0);
        int charts = 0;
        for (Chart* chart : page->findChildren<Chart*>()) {
            if (!chart->isVisible() || chart->isEmpty()) continue;
            scrollArea(page)->ensureWidgetVisible(chart);
            bar->setValue(qMin(bar->value(), bar->maximum() - 1));
            const int before = bar->value();
            chart->clearFocus();
            QVERIFY2(made_->wheel(chart, before > 0 ? 1 : -1), qPrintable(chart->accessibleName()));
            QVERIFY2(bar->value() != before, qPrintable(chart->accessibleName()));
            chart->setFocus();
            scrollArea(page)->ensureWidgetVisible(chart);
            QApplication::processEvents();
            const int kept = bar->value();
            QVERIFY(made_->wheel(chart, -1));
            QCOMPARE(bar->value(), kept);
            ++charts;
        }
        QVERIFY(charts > 0);
    }

    void noPageScrollsSideways() {
        testing::storeInventedRuns(made_->session.store(), {{"prompt_tokens", 128}},
                                   {{"threads", 2}});
        made_->open(QStringLiteral("model.gguf"));
        made_->session.setRecipe(manyTechniques(), QStringLiteral("test"));
        emit made_->session.runsChanged();
        for (const QSize size :
             {QSize(1024, 700), QSize(1099, 700), QSize(1100, 700), QSize(1280, 800)}) {
            made_->window.resizeTo(size);
            for (int page = 1; page <= 6; ++page) {
                made_->openPage(page);
                QTest::qWait(50);
                QWidget* shown = made_->window.pages().page(made_->window.pages().current());
                QVERIFY2(scrollArea(shown)->horizontalScrollBar()->maximum() == 0,
                         qPrintable(QStringLiteral("%1 at %2")
                                        .arg(made_->window.pages().current())
                                        .arg(size.width())));
                // Nor do the columns within a page.
                for (const QScrollArea* area : shown->findChildren<QScrollArea*>())
                    QVERIFY2(!area->isVisible() || area->horizontalScrollBar()->maximum() == 0,
                             qPrintable(QStringLiteral("a column of %1 at %2")
                                            .arg(made_->window.pages().current())
                                            .arg(size.width())));
            }
        }
    }

    // B1: Esc in a filter empties it, then leaves it; the job is meant last, and asked about.
    void escapeInAFilterLeavesTheJobAlone() {
        testing::storeInventedRuns(made_->session.store(), {{"prompt_tokens", 128}},
                                   {{"threads", 2}});
        made_->startSlowJob();
        made_->openPage(5);
        auto* filter = made_->named<QLineEdit>(QStringLiteral("Filter the runs"));
        filter->setFocus();
        made_->type(QStringLiteral("smol"));
        QCOMPARE(filter->text(), QStringLiteral("smol"));
        const test::Answering nobody(QStringLiteral("Keep it running"));
        made_->key(Qt::Key_Escape);
        QVERIFY(filter->text().isEmpty());
        QVERIFY(filter->hasFocus());
        made_->key(Qt::Key_Escape);
        QVERIFY(!filter->hasFocus());
        QTest::qWait(150);
        QCOMPARE(nobody.asked, 0);
        QVERIFY(made_->session.jobs().running().has_value());
        QVERIFY(made_->session.jobs().running()->detail != QStringLiteral("cancelling"));
    }

    void escapeAsksBeforeItCancels() {
        made_->startSlowJob();
        made_->openPage(4);
        {
            const test::Answering keep(QStringLiteral("Keep it running"));
            made_->key(Qt::Key_Escape);
            QCOMPARE(keep.asked, 1);
        }
        QVERIFY(made_->session.jobs().running()->detail != QStringLiteral("cancelling"));
        const test::Answering cancel(QStringLiteral("Cancel the job"));
        made_->key(Qt::Key_Escape);
        QCOMPARE(cancel.asked, 1);
        QTRY_VERIFY_WITH_TIMEOUT(!made_->session.jobs().running(), 5000);
    }

    void escapeInEveryEditorLeavesTheJobAlone() {
        made_->startSlowJob();
        const test::Answering nobody(QStringLiteral("Keep it running"));
        int editors = 0;
        for (int page = 1; page <= 6; ++page) {
            made_->openPage(page);
            for (QWidget* widget : made_->window.findChildren<QWidget*>()) {
                const auto* plain = qobject_cast<QPlainTextEdit*>(widget);
                if (!widget->isVisible() || !widget->isEnabled() ||
                    widget->focusProxy() != nullptr ||
                    (qobject_cast<QLineEdit*>(widget) == nullptr &&
                     qobject_cast<QAbstractSpinBox*>(widget) == nullptr && plain == nullptr) ||
                    (plain != nullptr && plain->isReadOnly()))
                    continue;
                widget->setFocus();
                QVERIFY(widget->hasFocus());
                if (auto* field = qobject_cast<QLineEdit*>(widget)) field->setText({});
                made_->key(Qt::Key_Escape);
                QVERIFY2(!widget->hasFocus(), qPrintable(widget->accessibleName()));
                ++editors;
            }
        }
        QTest::qWait(100);
        QVERIFY2(editors >= 5, qPrintable(QString::number(editors)));
        QCOMPARE(nobody.asked, 0);
        QVERIFY(made_->session.jobs().running()->detail != QStringLiteral("cancelling"));
    }

    void escapeTakesBackANumberThatWasNotEntered() {
        made_->openPage(4);
        auto* box = made_->named<QSpinBox>(QStringLiteral("Prompt"));
        box->setFocus();
        box->selectAll();
        const auto before = made_->session.workload().prompt_tokens;
        made_->type(QStringLiteral("77"));
        made_->key(Qt::Key_Escape);
        QVERIFY(!box->hasFocus());
        QCOMPARE(made_->session.workload().prompt_tokens, before);
        QCOMPARE(box->value(), static_cast<int>(before));
    }

    // Ctrl+Z in a box whose value was changed by its arrows takes that back; in a text field it is
    // the text's.
    void undoReachesTheRecipeFromANumber() {
        made_->open(QStringLiteral("model.gguf"));
        made_->session.setRecipe(manyTechniques(), QStringLiteral("test"));
        const Recipe before = made_->session.recipe();
        made_->openPage(3);
        openTechniques();
        auto* box = visibleInARow<QAbstractSpinBox>();
        QVERIFY(box != nullptr);
        box->setFocus();
        made_->key(Qt::Key_Up);
        if (made_->session.recipe() == before) made_->key(Qt::Key_Down);
        QVERIFY(!(made_->session.recipe() == before));
        made_->key(Qt::Key_Z, Qt::ControlModifier);
        QVERIFY(made_->session.recipe() == before);
        auto* text = made_->named<QPlainTextEdit>(QStringLiteral("Recipe as text"));
        text->setFocus();
        made_->type(QStringLiteral("x"));
        QVERIFY(text->toPlainText().contains(QLatin1Char('x')));
        made_->key(Qt::Key_Z, Qt::ControlModifier);
        QVERIFY(!text->toPlainText().startsWith(QLatin1Char('x')));
        QVERIFY(made_->session.recipe() == before);
    }

    void escapeClosesTheBannerOfThePage() {
        made_->window.openCheckpoint(QStringLiteral("missing.gguf"));
        auto* banner = made_->window.pages().page(QStringLiteral("start"))->findChild<Banner*>();
        QTRY_VERIFY_WITH_TIMEOUT(banner->isVisible(), 5000);
        made_->key(Qt::Key_Escape);
        QVERIFY(!banner->isVisible());
    }

    // B8: the playground opens where it is seen, and is ready to be written in.
    void tryItShowsThePromptOfAScrolledPage() {
        made_->window.resizeTo({1280, 640});
        made_->open(QStringLiteral("model.gguf"));
        made_->session.setRecipe(manyTechniques(), QStringLiteral("test"));
        made_->openPage(3);
        QTest::qWait(50);
        QWidget* page = made_->window.pages().page(QStringLiteral("optimise"));
        QScrollArea* area = scrollArea(page->findChild<PlaygroundCard*>());
        QVERIFY(area->verticalScrollBar()->maximum() > 0);
        area->verticalScrollBar()->setValue(area->verticalScrollBar()->maximum());
        QPushButton* trying = nullptr;
        for (QPushButton* button : made_->window.findChildren<QPushButton*>())
            if (button->text() == QStringLiteral("Try it")) trying = button;
        QTest::mouseClick(trying, Qt::LeftButton);
        auto* prompt = page->findChild<PlaygroundCard*>()->findChild<QPlainTextEdit*>();
        QTRY_VERIFY(prompt->hasFocus());
        QTRY_VERIFY(!prompt->visibleRegion().isEmpty());
        QTRY_COMPARE(prompt->visibleRegion().boundingRect().height(), prompt->height());
        made_->type(QStringLiteral("Hi"));
        QCOMPARE(prompt->toPlainText(), QStringLiteral("Hi"));
    }

    // B11: the keyboard begins in the page, with a ring, and each page key leads into its page.
    void theFocusBeginsInThePage() {
        const QWidget* focused = QApplication::focusWidget();
        QVERIFY(focused != nullptr);
        QCOMPARE(focused->accessibleName(), QStringLiteral("Open a model file"));
        QVERIFY(keyboardFocus(focused));
        const bool dark = Theme::instance().dark();
        QSignalSpy asked(&made_->session, &Session::openRequested);
        made_->session.disconnect(&made_->window);  // no dialog
        made_->key(Qt::Key_Space);
        QCOMPARE(Theme::instance().dark(), dark);
        QCOMPARE(asked.count(), 1);
    }

    void everyPageKeyLeadsIntoItsPage_data() {
        QTest::addColumn<bool>("open");
        QTest::newRow("no model") << false;
        QTest::newRow("a model") << true;
    }
    void everyPageKeyLeadsIntoItsPage() {
        QFETCH(bool, open);
        if (open) made_->open(QStringLiteral("model.gguf"));
        for (int page = 6; page >= 1; --page) {
            made_->window.rail().setFocus();
            made_->openPage(page);
            const QWidget* focused = QApplication::focusWidget();
            QVERIFY2(
                focused != nullptr && made_->window.pages().currentWidget()->isAncestorOf(focused),
                qPrintable(QString::number(page)));
            QVERIFY(keyboardFocus(focused));
            // Where the wheel would go on to change it, a page does not begin.
            QVERIFY(qobject_cast<const QComboBox*>(focused) == nullptr);
            QVERIFY(qobject_cast<const QAbstractSpinBox*>(focused) == nullptr);
        }
    }

    void theFocusGoesWithThePageThatIsShown() {
        made_->openPage(1);
        made_->open(QStringLiteral("model.gguf"));  // leads on to Model
        QTRY_COMPARE(made_->window.pages().current(), QStringLiteral("model"));
        const QWidget* focused = QApplication::focusWidget();
        QVERIFY(focused != nullptr && made_->window.pages().currentWidget()->isAncestorOf(focused));
    }

    void aRailEntryLeadsIntoItsPage() {
        for (QAbstractButton* button : made_->window.rail().findChildren<QAbstractButton*>()) {
            if (!button->isCheckable()) continue;
            QTest::mouseClick(button, Qt::LeftButton);
            const QWidget* focused = QApplication::focusWidget();
            QVERIFY2(
                focused != nullptr && made_->window.pages().currentWidget()->isAncestorOf(focused),
                qPrintable(button->text()));
        }
    }

    // B12: one chip says that a layer is shown alone, where it was chosen, and takes it back
    // everywhere.
    void aLayerOfTheModelPageIsOneChipInTheTrace() {
        const std::int64_t run = testing::storeRun(made_->session.store(), {},
                                                   {{"prompt_tokens", 8}}, {{"device", "cpu"}});
        made_->session.store().set_trace(run, testing::inventedTrace(450));
        made_->open(QStringLiteral("model.gguf"));
        made_->session.chooseLayer(0);
        TimelinePanel& panel = made_->window.timeline();
        QSignalSpy loaded(&panel, &TimelinePanel::loaded);
        emit made_->session.traceRequested(run);
        QVERIFY(loaded.wait(5000));
        QVERIFY(panel.search().box()->text().isEmpty());
        QVERIFY(summary().startsWith(QStringLiteral("Layer 0: ")));
        auto* chip =
            made_->named<QAbstractButton>(QStringLiteral("Layer 0 alone; press to show all"));
        QVERIFY(chip->isVisible());
        QCOMPARE(chip->text(), QStringLiteral("from Model: layer 0  ×"));
        QTest::mouseClick(chip, Qt::LeftButton);
        QVERIFY(!chip->isVisible());
        QVERIFY(!panel.figures().layer());
        QVERIFY(!panel.search().search().active());
        QVERIFY(summary().startsWith(QStringLiteral("All: ")));
        QCOMPARE(made_->session.layer(), -1);
    }

    // B24: what needs a model or a run cannot be pressed without one.
    void withoutAModelNothingThatNeedsOneCanBePressed() {
        const QStringList needing{QStringLiteral("Optimise it"), QStringLiteral("Export…"),
                                  QStringLiteral("Measure"), QStringLiteral("Export"),
                                  QStringLiteral("Measure the baseline alone")};
        int seen = 0;
        for (const char* id : {"model", "optimise", "measure", "export"}) {
            QWidget* frame = made_->window.pages().page(QString::fromLatin1(id));
            while (frame->parentWidget() != &made_->window.pages()) frame = frame->parentWidget();
            for (QPushButton* button : frame->findChildren<QPushButton*>()) {
                if (!needing.contains(button->accessibleName())) continue;
                QVERIFY2(!button->isEnabled() || button->isHidden(),
                         qPrintable(button->accessibleName()));
                ++seen;
            }
        }
        QVERIFY(seen >= 5);
        made_->open(QStringLiteral("model.gguf"));
        QVERIFY(made_->named<QPushButton>(QStringLiteral("Optimise it"))->isEnabled());
    }

private:
    static QScrollArea* scrollArea(QWidget* page) {
        QWidget* at = page;
        while (qobject_cast<QScrollArea*>(at) == nullptr) at = at->parentWidget();
        return qobject_cast<QScrollArea*>(at);
    }
    QString summary() const {
        const auto* table = made_->named<QTableView>(QStringLiteral("Totals of the trace"));
        return table->accessibleDescription();
    }
    // How many controls there were.
    int wheelOverEverything() {
        int controls = 0;
        for (QWidget* widget : made_->window.findChildren<QWidget*>()) {
            if (!widget->isVisible() || !widget->isEnabled() || scrollsOnly(widget)) continue;
            const QVariant before = valueOf(widget);
            if (!before.isValid()) continue;
            QWidget* focused = QApplication::focusWidget();
            if (focused == widget || widget->isAncestorOf(focused)) focused->clearFocus();
            for (const int notches : {-1, 1, -1}) {
                if (!made_->wheel(widget, notches)) break;
                controls += notches > 0 ? 1 : 0;
                [&] {
                    QVERIFY2(valueOf(widget) == before, qPrintable(widget->accessibleName()));
                    QVERIFY2(!widget->hasFocus(), qPrintable(widget->accessibleName()));
                }();
            }
        }
        return controls;
    }

    void openTechniques() {
        for (TechniqueRow* row : made_->window.findChildren<TechniqueRow*>()) row->setOpen(true);
        QApplication::processEvents();
    }
    // The first control of the kind among the options of techniques.
    template <typename Control>
    Control* visibleInARow() {
        for (const TechniqueRow* row : made_->window.findChildren<TechniqueRow*>())
            for (Control* control : row->findChildren<Control*>())
                if (control->isVisible() && control->isEnabled()) return control;
        return nullptr;
    }

    std::unique_ptr<test::DrivenWindow> made_;
};

HONE_SCRIPTED_MAIN(TestWindowInput)
#include "test_window_input.moc"
