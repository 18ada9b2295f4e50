// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QTest>
#include <array>
#include <vector>

#include "tests/ui/scripted_worker.h"
#include "tests/ui/stored_runs.h"
#include "ui/charts/line_chart.h"
#include "ui/models/runs_model.h"
#include "ui/pages/compare/comparison_card.h"
#include "ui/pages/compare/runs_table.h"
#include "ui/pages/compare_page.h"
#include "ui/pages/export/artifact_card.h"
#include "ui/pages/export_page.h"
#include "ui/pages/measure/result_card.h"
#include "ui/pages/optimise/technique_card.h"
#include "ui/pages/optimise/technique_list.h"
#include "ui/widgets/banner.h"

using namespace hone;
using namespace hone::ui;

namespace {

constexpr std::array kKinds{ChoiceItem{"plain", "Plain"}, ChoiceItem{"fancy", "Fancy"}};
const std::array kOptions{Option{"kind", "Kind of it", "Which.", Choice{kKinds, "plain"}},
                          Option{"depth", "Depth", "How deep.", Integer{1, 9, 3, 1, "layers"}}};
const std::array kConflicts{Conflict{"kv_cache", "both want the same memory"}};

// The program's own techniques and one that no layer of the window has heard of.
const Registry& registryWithANewcomer() {
    static const std::vector<Descriptor> all = [] {
        const auto builtin = builtin_registry().descriptors();
        std::vector<Descriptor> list(builtin.begin(), builtin.end());
        list.push_back({"newcomer", "Newcomer", "Does what nobody did before.", "nowhere", Slot::precision,
                        Stage::configures_run, kOptions, kConflicts});
        return list;
    }();
    static const Registry registry{all};
    return registry;
}

template <typename Widget>
Widget* child(QWidget& page, const QString& name) {
    for (Widget* widget : page.findChildren<Widget*>())
        if (widget->accessibleName() == name || widget->objectName() == name) return widget;
    return nullptr;
}

}  // namespace

class TestPages : public QObject {
    Q_OBJECT
private slots:
    void init() {
        QSettings().clear();
        std::filesystem::remove(test::scratchFile("pages.sqlite"));
        session_ = std::make_unique<Session>(registryWithANewcomer(), test::scriptedLaunch(),
                                             test::scratchFile("pages.sqlite"));
    }
    void cleanup() {
        page_.reset();
        session_.reset();
    }

    void aRegisteredTechniqueHasACardWithItsOptions() {
        show(makeOptimisePage(*session_));
        for (const Descriptor& descriptor : session_->registry().descriptors())
            QVERIFY2(card(descriptor.id) != nullptr, descriptor.id.data());
        TechniqueCard* newcomer = card("newcomer");
        newcomer->toggle()->click();
        QCOMPARE(session_->recipe().steps.size(), std::size_t{1});
        QCOMPARE(session_->recipe().steps[0].technique, std::string("newcomer"));
        QCOMPARE(session_->recipe().steps[0].options.at("depth").get<int>(), 3);
        QVERIFY(child<QWidget>(*newcomer, QStringLiteral("Depth")) != nullptr);
        QVERIFY(page_->findChild<QPlainTextEdit*>()->toPlainText().contains(QStringLiteral("newcomer")));
        session_->undoStack().undo();
        QVERIFY(session_->recipe().steps.empty());
        QVERIFY(!newcomer->toggle()->isChecked());
    }

    void aConflictDisablesWithItsReason() {
        show(makeOptimisePage(*session_));
        card("kv_cache")->toggle()->click();
        QVERIFY(!card("newcomer")->toggle()->isEnabled());
        QVERIFY(says(*card("newcomer"), QStringLiteral("both want the same memory")));
        card("kv_cache")->toggle()->click();
        QVERIFY(card("newcomer")->toggle()->isEnabled());
    }

    void theRecipeIsEditedAsTextAndRefusedWithTheReason() {
        show(makeOptimisePage(*session_));
        auto* text = page_->findChild<QPlainTextEdit*>();
        text->setPlainText(QStringLiteral(R"([{"technique": "newcomer", "options": {"depth": 7}}])"));
        QTRY_COMPARE(session_->recipe().steps.size(), std::size_t{1});
        QCOMPARE(session_->recipe().steps[0].options.at("depth").get<int>(), 7);
        QVERIFY(card("newcomer")->toggle()->isChecked());
        text->setPlainText(QStringLiteral(R"([{"technique": "newcomer", "options": {"depth": 70}}])"));
        QTRY_VERIFY(says(*page_, QStringLiteral("from 1 to 9")));
        QCOMPARE(session_->recipe().steps[0].options.at("depth").get<int>(), 7);
    }

    void batchingBringsItsSequencesAndTakesThemAway() {
        show(makeOptimisePage(*session_));
        QCOMPARE(session_->workload().concurrency, 1);
        Recipe recipe;
        recipe.steps.push_back({"batching", {{"size", 4}}});
        session_->setRecipe(recipe, QStringLiteral("batching"));
        QCOMPARE(session_->workload().concurrency, 4);
        QVERIFY(says(*page_, QStringLiteral("4 sequences together")));
        session_->setRecipe({}, QStringLiteral("none"));
        QCOMPARE(session_->workload().concurrency, 1);
    }

    void aMeasurementFillsChartsResultAndStore() {
        show(makeMeasurePage(*session_));
        open(QStringLiteral("model.gguf"));
        quicken();
        measureSomething();
        QSignalSpy measured(&session_->jobs(), &JobRunner::measured);
        QVERIFY(session_->measure() > 0);
        QVERIFY(measured.wait(20000));
        auto* result = page_->findChild<ResultCard*>();
        QTRY_VERIFY(result->isVisible());
        QVERIFY(result->findChild<QTableView*>()->model()->rowCount() > 0);
        const auto runs = session_->store().list();
        QCOMPARE(runs.size(), std::size_t{2});
        for (const auto& run : runs) QCOMPARE(run.status, std::string("done"));
    }

    void aCancelledMeasurementIsKeptAndThePageGoesOn() {
        show(makeMeasurePage(*session_));
        open(QStringLiteral("slow.gguf"));
        quicken();
        measureSomething();
        QSignalSpy samples(&session_->jobs(), &JobRunner::sampleArrived);
        const int job = session_->measure();
        QVERIFY(samples.wait(20000));
        QSignalSpy measured(&session_->jobs(), &JobRunner::measured);
        session_->jobs().cancel(job);
        QVERIFY(measured.wait(20000));
        QTRY_VERIFY(!session_->jobs().running());
        QVERIFY(says(*page_->findChild<ResultCard*>(), QStringLiteral("Cancelled")));
        for (const auto& run : session_->store().list()) QCOMPARE(run.status, std::string("cancelled"));
        QVERIFY(session_->measure() > job);
        QTRY_VERIFY_WITH_TIMEOUT(session_->jobs().running(), 10000);
    }

    void aFailedMeasurementIsSaidWithItsReason() {
        show(makeMeasurePage(*session_));
        open(QStringLiteral("fails.gguf"));
        quicken();
        measureSomething();
        QSignalSpy measured(&session_->jobs(), &JobRunner::measured);
        session_->measure();
        QVERIFY(measured.wait(20000));
        QVERIFY(says(*page_->findChild<ResultCard*>(), QStringLiteral("stored")));
        bool failed = false;
        for (const auto& run : session_->store().list()) failed = failed || run.status == "failed";
        QVERIFY(failed);
    }

    void runsAreComparedFilteredDeletedAndBroughtBack() {
        const nlohmann::json workload = to_json(Workload()), target = to_json(Target());
        const std::int64_t baseline = ui::testing::storeInventedRuns(session_->store(), workload, target);
        auto* compare = static_cast<ComparePage*>(show(makeComparePage(*session_)));
        auto* table = compare->findChild<RunsTable*>();
        const int all = table->model()->rowCount();
        QVERIFY(all > 3);
        QCOMPARE(session_->pinnedBaseline().value_or(0), baseline);
        QVERIFY(compare->findChild<ComparisonCard*>()->model().rowCount() > 5);
        const auto header = compare->headerWidgets();
        for (QWidget* widget : header) widget->setParent(compare);
        auto* filter = qobject_cast<QLineEdit*>(header.front());
        filter->setText(QStringLiteral("status:failed"));
        QVERIFY(table->model()->rowCount() < all);
        filter->setText(QStringLiteral("decode>abc"));
        QVERIFY(says(*compare, QStringLiteral("is not understood")));
        filter->clear();
        QCOMPARE(table->model()->rowCount(), all);
        table->selectRun(session_->store().list().front().id);
        emit table->deleteRequested();
        QTRY_COMPARE(table->model()->rowCount(), all - 1);
        emit compare->findChild<Banner*>()->triggered();
        QTRY_COMPARE(table->model()->rowCount(), all);
        const QString path = QString::fromStdString(test::scratchFile("runs.csv").string());
        QCOMPARE(compare->exportTo(path, profiler::ReportFormat::csv), QString());
        QVERIFY(QFile::exists(path));
        QVERIFY(
            !compare->exportTo(QStringLiteral("/nowhere/runs.csv"), profiler::ReportFormat::csv).isEmpty());
    }

    void anExportAsksForWhatThePageShows() {
        auto* page = static_cast<ExportPage*>(show(makeExportPage(*session_)));
        const auto header = page->headerWidgets();
        for (QWidget* widget : header) widget->setParent(page);
        auto* button = qobject_cast<QPushButton*>(header.front());
        QVERIFY(!button->isEnabled());
        open(QStringLiteral("model.gguf"));
        Recipe recipe;
        recipe.steps.push_back({"quantize_weights"});
        recipe.steps.push_back({"kv_cache"});
        session_->setRecipe(recipe, QStringLiteral("two"));
        QVERIFY(says(*page, QStringLiteral("KV cache.")));  // what is left out
        QTRY_VERIFY_WITH_TIMEOUT(says(*page, formatBytes(5000)), 5000);
        const auto path = test::scratchFile("out.gguf");
        std::filesystem::remove(path);
        child<QLineEdit>(*page, QStringLiteral("File to write"))
            ->setText(QString::fromStdString(path.string()));
        auto* type = child<QComboBox>(*page, QStringLiteral("Type of the matrices"));
        type->setCurrentIndex(type->findData(QStringLiteral("q4_0")));
        const ExportRequest request = page->request();
        QCOMPARE(request.checkpoint, std::string("model.gguf"));
        QCOMPARE(request.dtype, std::string("q4_0"));
        QCOMPARE(request.path, path);
        QVERIFY(request.verify);
        QVERIFY(!request.overwrite);
        QVERIFY(button->isEnabled());
        child<QAbstractButton>(*page, QStringLiteral("Verify the file"))->setChecked(false);
        QSignalSpy exported(&session_->jobs(), &JobRunner::exported);
        button->click();
        QVERIFY(exported.wait(10000));
        QTRY_VERIFY(says(*page->findChild<ArtifactCard*>(), QStringLiteral("out.gguf")));
    }

    void anExportDoesNotReplaceAFileUnasked() {
        auto* page = static_cast<ExportPage*>(show(makeExportPage(*session_)));
        const auto header = page->headerWidgets();
        for (QWidget* widget : header) widget->setParent(page);
        open(QStringLiteral("model.gguf"));
        const auto path = test::scratchFile("there.gguf");
        QFile file(QString::fromStdString(path.string()));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.close();
        child<QLineEdit>(*page, QStringLiteral("File to write"))->setText(file.fileName());
        QVERIFY(!header.front()->isEnabled());
        page->findChild<QCheckBox*>()->setChecked(true);
        QVERIFY(header.front()->isEnabled());
        QVERIFY(page->request().overwrite);
    }

    void everyPageSaysWhatToDoWhileItIsEmpty() {
        for (Page* (*make)(Session&) : {makeOptimisePage, makeMeasurePage, makeComparePage, makeExportPage}) {
            show(make(*session_));
            int words = 0;
            for (const QLabel* label : page_->findChildren<QLabel*>())
                if (label->isVisible())
                    words += static_cast<int>(label->text().split(QLatin1Char(' ')).size());
            QVERIFY2(words > 8, page_->metaObject()->className());
        }
    }

private:
    Page* show(Page* page) {
        page_.reset(page);
        page_->resize(1180, 760);
        page_->show();
        page_->shown();
        QApplication::processEvents();
        return page;
    }
    void open(const QString& checkpoint) {
        session_->open(checkpoint);
        QTRY_COMPARE_WITH_TIMEOUT(session_->checkpoint(), checkpoint, 5000);
    }
    void quicken() {
        Workload workload;
        workload.text = "none";
        session_->setWorkload(workload);
    }
    void measureSomething() {
        Recipe recipe;
        recipe.steps.push_back({"kv_cache"});
        session_->setRecipe(recipe, QStringLiteral("int8 cache"));
    }
    TechniqueCard* card(std::string_view technique) {
        return page_->findChild<TechniqueList*>()->card(technique);
    }
    static bool says(const QWidget& widget, const QString& words) {
        for (const QWidget* part : widget.findChildren<QWidget*>()) {
            const auto* label = qobject_cast<const QLabel*>(part);
            const QString text = label != nullptr ? label->text() : part->accessibleName();
            if (part->isVisible() && text.contains(words)) return true;
        }
        return false;
    }

    std::unique_ptr<Session> session_;
    std::unique_ptr<Page> page_;
};

HONE_SCRIPTED_MAIN(TestPages)
#include "test_pages.moc"
