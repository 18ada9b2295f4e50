// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QFile>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>
#include <QSignalSpy>
#include <memory>

#include "tests/ui/page_fixture.h"
#include "ui/pages/export/artifact_card.h"
#include "ui/pages/export_page.h"
#include "ui/pages/pick_value_banner.h"
#include "ui/widgets/banner.h"

using namespace hone;
using namespace hone::ui;

class TestExportPage : public QObject {
    Q_OBJECT
private slots:
    void init() {
        path_ = QString::fromStdString(test::scratchFile("out.gguf").string());
        QFile::remove(path_);
        f_ = std::make_unique<test::PageFixture>(builtin_registry(), makeExportPage);
    }
    void cleanup() { f_.reset(); }

    void withoutAModelItOffersToOpenOne() {
        QSignalSpy asked(&f_->session, &Session::openRequested);
        QVERIFY(!f_->button(QStringLiteral("Export"))->isEnabled());
        f_->button(QStringLiteral("Open a model…"))->click();
        QCOMPARE(asked.count(), 1);
    }

    void itSaysSizePlaceAndWhatIsLeftOut() {
        openWithRecipe(QStringLiteral("model.gguf"));
        QTRY_VERIFY_WITH_TIMEOUT(shows(QStringLiteral("4.40 kB")), 5000);
        QVERIFY(shows(QStringLiteral("KV cache.")));
        QVERIFY(shows(QStringLiteral("GB")) || shows(QStringLiteral("TB")) ||
                shows(QStringLiteral("MB")));
        path()->setText(QStringLiteral("/no/such/folder/out.gguf"));
        QVERIFY(shows(QStringLiteral("there is no such folder")));
        path()->clear();
        QVERIFY(!f_->button(QStringLiteral("Export"))->isEnabled());
    }

    void theRequestHoldsWhatWasChosen() {
        openWithRecipe(QStringLiteral("model.gguf"));
        auto* type = f_->named<QComboBox>(QStringLiteral("Type of the matrices"));
        type->setCurrentIndex(type->findData(QStringLiteral("q8_0")));
        path()->setText(path_);
        f_->button(QStringLiteral("Verify the file"))->setChecked(false);
        QSignalSpy exported(&f_->session.jobs(), &JobRunner::exported);
        f_->button(QStringLiteral("Export"))->click();
        QVERIFY(exported.wait(10000));
        QFile file(path_);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const auto asked = nlohmann::json::parse(file.readAll().toStdString());
        QCOMPARE(asked["checkpoint"].get<std::string>(), std::string("model.gguf"));
        QCOMPARE(asked["format"].get<std::string>(), std::string("gguf"));
        QCOMPARE(asked["dtype"].get<std::string>(), std::string("q8_0"));
        QCOMPARE(asked["path"].get<std::string>(), path_.toStdString());
        QCOMPARE(asked["recipe"].dump(), to_json(f_->session.recipe()).dump());
        QVERIFY(!shows(QStringLiteral("Verified")));
        QVERIFY(shows(QStringLiteral("Q8_0 4.40 kB")));
        QVERIFY(f_->button(QStringLiteral("Show folder")) != nullptr);
    }

    void aListOfValuesAsksForOne() {
        f_->open(QStringLiteral("model.gguf"));
        path()->setText(path_);
        QVERIFY(f_->button(QStringLiteral("Export"))->isEnabled());
        const std::vector<std::string> lists{"quantize_weights.scheme=q8_0,q4_0",
                                             "prune_magnitude.sparsity=0.3,0.5"};
        f_->session.setSweep(sweep_of({}, lists, builtin_registry()), QStringLiteral("test"));
        QVERIFY(!f_->button(QStringLiteral("Export"))->isEnabled());
        QVERIFY(shows(QStringLiteral(
            "Lists of values are measured as a sweep: pick one candidate to export it.")));
        QVERIFY(shows(QStringLiteral(
            "quantize_weights.scheme = q8_0,q4_0; prune_magnitude.sparsity = 0.3,0.5")));
        QTest::qWait(300);
        QVERIFY2(!shows(QStringLiteral("4.40 kB")), "of which candidate?");
        QMenu menu;
        f_->window.findChild<PickValueBanner*>()->fillMenu(menu);
        QCOMPARE(menu.actions().size(), 4);
        QCOMPARE(menu.actions()[3]->text(), QStringLiteral("scheme q4_0, sparsity 0.5"));
        menu.actions()[3]->trigger();
        QVERIFY(f_->button(QStringLiteral("Export"))->isEnabled());
        const ExportRequest request = static_cast<ExportPage*>(f_->page)->request();
        QVERIFY(request.recipe.steps[0].options["scheme"] == "q4_0");
        QTRY_VERIFY_WITH_TIMEOUT(shows(QStringLiteral("4.40 kB")), 5000);
    }

    void aFolderIsAskedForWithTheTypesThatItHolds() {
        f_->open(QStringLiteral("model.gguf"));
        auto* format = f_->named<QComboBox>(QStringLiteral("Format of the file"));
        auto* type = f_->named<QComboBox>(QStringLiteral("Type of the matrices"));
        type->setCurrentIndex(type->findData(QStringLiteral("bf16")));
        const QString file = path()->text();
        QVERIFY(file.endsWith(QStringLiteral("-hone.gguf")));
        format->setCurrentIndex(format->findData(QStringLiteral("safetensors")));
        QCOMPARE(type->currentData().toString(), QStringLiteral("bf16"));
        QCOMPARE(type->findData(QStringLiteral("q8_0")), -1);
        QVERIFY(shows(QStringLiteral("loads in transformers")));
        auto* folder = f_->named<QLineEdit>(QStringLiteral("Folder to write"));
        QCOMPARE(folder->text() + QStringLiteral(".gguf"), file);
        const ExportRequest request = static_cast<ExportPage*>(f_->page)->request();
        QCOMPARE(request.format, std::string("safetensors"));
        QCOMPARE(request.dtype, std::string("bf16"));
        folder->setText(QFileInfo(path_).absolutePath());
        QVERIFY(!f_->button(QStringLiteral("Export"))->isEnabled());
        f_->button(QStringLiteral("Replace the folder that is there"))->setChecked(true);
        QVERIFY(f_->button(QStringLiteral("Export"))->isEnabled());
        type->setCurrentIndex(type->findData(QStringLiteral("keep")));
        format->setCurrentIndex(format->findData(QStringLiteral("gguf")));
        QVERIFY(type->findData(QStringLiteral("q8_0")) > 0);
    }

    void aVerifiedFileSaysItsDivergence() {
        f_->open(QStringLiteral("model.gguf"));
        path()->setText(path_);
        QSignalSpy exported(&f_->session.jobs(), &JobRunner::exported);
        f_->button(QStringLiteral("Export"))->click();
        QVERIFY(exported.wait(10000));
        QVERIFY(shows(QStringLiteral("✓ Verified")));
        QVERIFY(shows(QStringLiteral("KL divergence from memory")));
        QVERIFY(shows(QStringLiteral("0 nats")));
        f_->button(QStringLiteral("Open as model"))->click();
        QTRY_COMPARE_WITH_TIMEOUT(f_->session.checkpoint(), path_, 5000);
    }

    void whatFailedItsVerificationIsNoFile() {
        ArtifactCard card(f_->session);
        card.showResult(
            {.model = {.path = "/models/out.gguf", .bytes = 4288, .types = {{"BF16", 4288}}},
             .verify = messages::ExportVerification{
                 .kl_divergence = 2.5, .passed = false, .limit = 0.001}});
        card.show();
        bool said = false;
        for (const QLabel* label : card.findChildren<QLabel*>()) {
            QVERIFY2(!label->text().contains(QLatin1String("out.gguf")), qPrintable(label->text()));
            said = said || (label->isVisible() &&
                            label->text().contains(QLatin1String("Nothing was kept")));
        }
        QVERIFY(said);
        for (const QPushButton* button : card.findChildren<QPushButton*>())
            QVERIFY(!button->isVisible());
    }

    void aFileIsReplacedOnlyWhereThatWasTicked() {
        QFile file(path_);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("precious");
        file.close();
        f_->open(QStringLiteral("model.gguf"));
        path()->setText(path_);
        QVERIFY(!f_->button(QStringLiteral("Export"))->isEnabled());
        f_->button(QStringLiteral("Replace the file that is there"))->setChecked(true);
        QVERIFY(f_->button(QStringLiteral("Export"))->isEnabled());
        QVERIFY(static_cast<ExportPage*>(f_->page)->request().overwrite);
    }

    void cancellingLeavesThePageUsable() {
        f_->open(QStringLiteral("slow.gguf"));
        path()->setText(path_);
        f_->button(QStringLiteral("Export"))->click();
        QTRY_VERIFY_WITH_TIMEOUT(f_->session.jobs().running().has_value(), 5000);
        QVERIFY(!f_->button(QStringLiteral("Exporting…"))->isEnabled());
        QTest::qWait(200);
        f_->button(QStringLiteral("Cancel the export"))->click();
        QTRY_VERIFY_WITH_TIMEOUT(!f_->session.jobs().running(), 5000);
        const auto* banner = this->banner();
        QVERIFY(banner->isVisible());
        QCOMPARE(banner->message(), QStringLiteral("The export was cancelled."));
        QVERIFY(!QFile::exists(path_));
        QVERIFY(f_->button(QStringLiteral("Export"))->isEnabled());
    }

    // B18: the focus is where it was, and that nothing was changed is said once.
    void aFailedExportGivesTheFocusBack() {
        f_->open(QStringLiteral("full.gguf"));
        path()->setText(path_);
        QTest::mouseClick(f_->button(QStringLiteral("Export")), Qt::LeftButton);
        const auto* banner = this->banner();
        QTRY_VERIFY_WITH_TIMEOUT(banner->isVisible(), 5000);
        QTRY_VERIFY(f_->button(QStringLiteral("Export")) != nullptr);
        QVERIFY(f_->button(QStringLiteral("Export"))->hasFocus());
        const QString said = banner->message() + banner->advice() + banner->detail();
        QCOMPARE(said.count(QStringLiteral("hanged")), 1);
    }

    void cancellingAnExportGivesTheFocusBack() {
        f_->open(QStringLiteral("slow.gguf"));
        path()->setText(path_);
        QTest::mouseClick(f_->button(QStringLiteral("Export")), Qt::LeftButton);
        QTRY_VERIFY_WITH_TIMEOUT(f_->session.jobs().running().has_value(), 5000);
        auto* cancel = f_->button(QStringLiteral("Cancel the export"));
        QTRY_VERIFY(cancel->hasFocus());
        QTest::qWait(200);
        QTest::keyClick(cancel, Qt::Key_Space);
        QTRY_VERIFY_WITH_TIMEOUT(!f_->session.jobs().running(), 5000);
        QTRY_VERIFY(f_->button(QStringLiteral("Export"))->hasFocus());
    }

private:
    // The page's own, not the one that asks for a value.
    Banner* banner() const {
        for (Banner* each : f_->window.findChildren<Banner*>())
            if (qobject_cast<PickValueBanner*>(each) == nullptr) return each;
        return nullptr;
    }
    void openWithRecipe(const QString& checkpoint) {
        f_->open(checkpoint);
        Recipe recipe;
        recipe.steps = {{"quantize_weights", nlohmann::json::object()},
                        {"kv_cache", nlohmann::json::object()}};
        f_->session.setRecipe(recipe, QStringLiteral("test"));
    }
    QLineEdit* path() const { return f_->named<QLineEdit>(QStringLiteral("File to write")); }
    bool shows(const QString& text) const {
        for (const QLabel* label : f_->window.findChildren<QLabel*>()) {
            QString shown = label->text() + QLatin1Char('\n') + label->accessibleName();
            if (label->isVisible() && shown.replace(QChar(0xa0), QLatin1Char(' ')).contains(text))
                return true;
        }
        return false;
    }

    QString path_;
    std::unique_ptr<test::PageFixture> f_;
};

HONE_SCRIPTED_MAIN(TestExportPage)
#include "test_export_page.moc"
