// SPDX-License-Identifier: GPL-3.0-or-later
// What Optimise says before anything is measured.
#include <QApplication>
#include <QSignalSpy>
#include <QSpinBox>
#include <filesystem>
#include <memory>

#include "tests/ui/page_fixture.h"
#include "ui/charts/stacked_bars_chart.h"
#include "ui/models/ledger_model.h"
#include "ui/models/run_roles.h"
#include "ui/pages/optimise/ledger_card.h"
#include "ui/pages/optimise/technique_list.h"
#include "ui/pages/optimise/technique_row.h"
#include "ui/pages/optimise/what_if_card.h"
#include "ui/widgets/banner.h"

using namespace hone;
using namespace hone::ui;

class TestRecipePrediction : public QObject {
    Q_OBJECT
private slots:
    void init() {
        f_ = std::make_unique<test::PageFixture>(builtin_registry(), makeOptimisePage);
        QApplication::setActiveWindow(&f_->window);
    }
    void cleanup() { f_.reset(); }

    // First, before another test calibrates: a place that follows no calibration asks for none.
    void nothingIsTimedWhereItWouldNotBeUsed() {
        Target target;
        target.device = "cuda:0";
        f_->session.setTarget(target);
        f_->open(QStringLiteral("model.gguf"));
        QTRY_COMPARE_WITH_TIMEOUT(cell("Peak memory", LedgerModel::Predicted),
                                  QStringLiteral("4 MB"), 5000);
        QTest::qWait(300);
        QCOMPARE(cell("Decode", LedgerModel::Predicted), QString());
        const std::filesystem::path cache = qgetenv("XDG_CACHE_HOME").toStdString();
        QVERIFY(!std::filesystem::exists(cache / "calibrated"));
        f_->session.setTarget(Target());
        QTRY_COMPARE_WITH_TIMEOUT(cell("Decode", LedgerModel::Predicted), QStringLiteral("12.5"),
                                  5000);
        QVERIFY(std::filesystem::exists(cache / "calibrated"));
    }

    void aShortageIsToldInTheWordsOfPrepare() {
        f_->open(QStringLiteral("huge.gguf"));
        const auto* banner = f_->window.findChild<Banner*>();
        QTRY_VERIFY_WITH_TIMEOUT(banner->isVisible(), 5000);
        QCOMPARE(banner->message(),
                 QStringLiteral("This needs 7 GB of memory, and 6 GB are available."));
        QCOMPARE(banner->advice(), QStringLiteral("Choose a smaller model."));
    }

    void theRecipeStandsBesideTheModelAsItIs() {
        f_->open(QStringLiteral("model.gguf"));
        QTRY_COMPARE_WITH_TIMEOUT(cell("Model size", LedgerModel::Baseline), QStringLiteral("4 kB"),
                                  5000);
        QCOMPARE(cell("Model size", LedgerModel::Verdict), QStringLiteral("no change"));
        quantize();
        QTRY_COMPARE_WITH_TIMEOUT(cell("Model size", LedgerModel::Predicted),
                                  QStringLiteral("2 kB"), 5000);
        QCOMPARE(cell("Model size", LedgerModel::Baseline), QStringLiteral("4 kB"));
        QCOMPARE(cell("Model size", LedgerModel::Verdict), QStringLiteral("▽ 50.0 % smaller"));
        const QModelIndex verdict = at("Model size", LedgerModel::Verdict);
        QCOMPARE(verdict.data(ToneRole).toInt(), static_cast<int>(Tone::muted));
        QVERIFY(!verdict.data(StrongRole).toBool());
        QVERIFY(verdict.data(Qt::ToolTipRole)
                    .toString()
                    .contains(QStringLiteral("Predicted, not measured")));
        QCOMPARE(at("Model size", LedgerModel::Baseline).data(ToneRole).toInt(),
                 static_cast<int>(Tone::muted));
    }

    // Once measured, the verdict is of measurements: its arrow is filled, and coloured.
    void aMeasurementTakesThePlaceOfThePredictedVerdict() {
        f_->open(QStringLiteral("model.gguf"));
        quantize();
        QSignalSpy measured(&f_->session.jobs(), &JobRunner::measured);
        f_->button(QStringLiteral("Measure"))->click();
        QVERIFY(f_->oneMore(measured));
        QTRY_VERIFY_WITH_TIMEOUT(ledger().candidate().has_value(), 5000);
        QVERIFY2(cell("Decode", LedgerModel::Verdict).startsWith(QStringLiteral("▲")),
                 qPrintable(cell("Decode", LedgerModel::Verdict)));
        QVERIFY(!at("Decode", LedgerModel::Baseline).data(ToneRole).isValid());
    }

    void bothBarsOfMemoryAreOnOneScale() {
        f_->open(QStringLiteral("model.gguf"));
        auto* chart = f_->window.findChild<StackedBarsChart*>();
        const auto bars = [chart] { return chart->table().columns.mid(1); };
        QTRY_COMPARE_WITH_TIMEOUT(bars(), QStringList("baseline (bytes)"), 5000);
        QVERIFY(says(QStringLiteral("Peak memory by class, predicted")));
        quantize();
        QTRY_COMPARE_WITH_TIMEOUT(bars(), (QStringList{"baseline (bytes)", "recipe (bytes)"}),
                                  5000);
    }

    void aSliderRepricesAndMeasuresNothing() {
        f_->open(QStringLiteral("model.gguf"));
        QTRY_COMPARE_WITH_TIMEOUT(cell("Peak memory", LedgerModel::Predicted),
                                  QStringLiteral("4 MB"), 5000);
        const Workload before = f_->session.workload();
        auto* box = f_->named<QSpinBox>(QStringLiteral("Context"));
        QCOMPARE(box->value(), static_cast<int>(before.prompt_tokens + before.generated_tokens));
        auto* slider = f_->named<DoublingSlider>(QStringLiteral("Context, slider"));
        slider->setFocus();
        QTest::keyClick(slider, Qt::Key_End);
        QCOMPARE(box->value(), 2048);
        // The scripted worker takes 1 kB a token of context for each sequence.
        QTRY_COMPARE_WITH_TIMEOUT(cell("Peak memory", LedgerModel::Predicted),
                                  QStringLiteral("5.86 MB"), 5000);
        auto* sequences = f_->named<DoublingSlider>(QStringLiteral("Sequences, slider"));
        QTest::keyClick(sequences, Qt::Key_PageUp);
        QCOMPARE(f_->named<QSpinBox>(QStringLiteral("Sequences"))->value(), 2);
        QTRY_COMPARE_WITH_TIMEOUT(cell("Peak memory", LedgerModel::Predicted),
                                  QStringLiteral("7.90 MB"), 5000);
        QVERIFY(to_json(f_->session.workload()) == to_json(before));
        QVERIFY(f_->session.jobs().jobs().empty());
        QVERIFY(
            says(QStringLiteral("Only predicted. Measure still runs 192 tokens in 1 sequence.")));
        f_->button(QStringLiteral("Back to the workload"))->click();
        QTRY_COMPARE_WITH_TIMEOUT(cell("Peak memory", LedgerModel::Predicted),
                                  QStringLiteral("4 MB"), 5000);
        QCOMPARE(box->value(), 192);
    }

    void whatIsLookedAtCanBecomeTheWorkload() {
        f_->open(QStringLiteral("model.gguf"));
        auto* box = f_->named<QSpinBox>(QStringLiteral("Context"));
        box->setFocus();
        box->selectAll();
        QTest::keyClicks(box, QStringLiteral("1000"));
        QTest::keyClick(box, Qt::Key_Return);
        QCOMPARE(f_->session.workload().prompt_tokens, 128);
        f_->button(QStringLiteral("Measure these"))->click();
        QCOMPARE(f_->session.workload().prompt_tokens, 1000 - 64);
        QCOMPARE(f_->session.workload().generated_tokens, 64);
        QVERIFY(!f_->button(QStringLiteral("Measure these")));
        QCOMPARE(box->value(), 1000);
    }

    // Figures of one workload never stand beside a prediction of another.
    void whatWasMeasuredIsNotShownBesideAnotherContext() {
        f_->open(QStringLiteral("model.gguf"));
        QSignalSpy measured(&f_->session.jobs(), &JobRunner::measured);
        f_->button(QStringLiteral("Measure"))->click();
        QVERIFY(f_->oneMore(measured));
        QTRY_VERIFY_WITH_TIMEOUT(ledger().baseline().has_value(), 5000);
        auto* slider = f_->named<DoublingSlider>(QStringLiteral("Context, slider"));
        QTest::keyClick(slider, Qt::Key_End);
        QTRY_VERIFY_WITH_TIMEOUT(!ledger().baseline().has_value(), 5000);
        f_->button(QStringLiteral("Back to the workload"))->click();
        QTRY_VERIFY_WITH_TIMEOUT(ledger().baseline().has_value(), 5000);
    }

    void measuringEndsTheLookAhead() {
        f_->open(QStringLiteral("model.gguf"));
        auto* card = f_->window.findChild<WhatIfCard*>();
        QTest::keyClick(f_->named<DoublingSlider>(QStringLiteral("Context, slider")), Qt::Key_End);
        QVERIFY(card->differs());
        QSignalSpy measured(&f_->session.jobs(), &JobRunner::measured);
        f_->button(QStringLiteral("Measure"))->click();
        QVERIFY(f_->oneMore(measured));
        QVERIFY(!card->differs());
        QTRY_VERIFY_WITH_TIMEOUT(ledger().baseline().has_value(), 5000);
    }

    void theStepsOfASliderAreRoundAndReachItsEnds() {
        DoublingSlider slider(QStringLiteral("test"));
        slider.setBounds(65, 2048);
        slider.setValue(slider.minimum());
        QCOMPARE(slider.number(), 65);
        slider.setValue(slider.maximum());
        QCOMPARE(slider.number(), 2048);
        std::int64_t last = 0;
        for (int at = slider.minimum(); at <= slider.maximum(); ++at) {
            slider.setValue(at);
            const std::int64_t number = slider.number();
            QVERIFY(number > last);
            last = number;
            slider.showNumber(number);
            QCOMPARE(slider.number(), number);
        }
        slider.setBounds(1, 256);
        slider.showNumber(4);
        QCOMPARE(slider.number(), 4);
    }

private:
    void quantize() {
        Recipe recipe;
        add_setting(recipe, "quantize_weights.scheme=q4_0", builtin_registry());
        f_->session.setRecipe(recipe, QStringLiteral("test"));
    }
    LedgerModel& ledger() const { return f_->window.findChild<LedgerCard*>()->model(); }
    QModelIndex at(const char* metric, int column) const {
        for (int row = 0; row < ledger().rowCount(); ++row)
            if (ledger().index(row, LedgerModel::Metric).data().toString() == QLatin1String(metric))
                return ledger().index(row, column);
        return {};
    }
    QString cell(const char* metric, int column) const {
        return at(metric, column).data().toString().replace(QChar(0xa0), QLatin1Char(' '));
    }
    bool says(const QString& text) const {
        for (const QLabel* label : f_->window.findChildren<QLabel*>())
            if (label->isVisible() && label->text() == text) return true;
        return false;
    }
    std::unique_ptr<test::PageFixture> f_;
};

HONE_SCRIPTED_MAIN(TestRecipePrediction)
#include "test_recipe_prediction.moc"
