// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QComboBox>
#include <QDir>
#include <QFileInfo>
#include <QLabel>
#include <QSignalSpy>
#include <memory>

#include "tests/ui/page_fixture.h"
#include "ui/models/found_models.h"
#include "ui/models/model_facts.h"
#include "ui/pages/recent_runs_card.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/text_label.h"

using namespace hone;
using namespace hone::ui;

class TestStartPage : public QObject {
    Q_OBJECT
private slots:
    void init() { show(test::ScriptedDevices::one); }
    void cleanup() { f_.reset(); }

    void aDeviceIsDescribed() {
        QTRY_VERIFY(says(QStringLiteral("Test GPU")));
        QVERIFY(says(QStringLiteral("%1 of %2 free").arg(formatBytes(7.5e9), formatBytes(8e9))));
        QVERIFY(says(QStringLiteral("9.0 · 132 multiprocessors")));
        QVERIFY(says(QStringLiteral("driver 13.1 · runtime 13.0")));
        QVERIFY(says(QStringLiteral("kernel by kernel · CUPTI 13.0.1")));
        QVERIFY(says(QStringLiteral("2.28.9 · not used yet")));
        QVERIFY(!says(QStringLiteral("No CUDA device")));
        QVERIFY(!says(QStringLiteral("MIG")));
    }

    void anInstanceAndALimitedTraceSayWhy() {
        show(test::ScriptedDevices::instance);
        QTRY_VERIFY(says(QStringLiteral("Test GPU (MIG instance)")));
        QVERIFY(says(QStringLiteral("whole operations only · CUDA events")));
        QVERIFY(says(QStringLiteral("another tool holds CUPTI")));
        QVERIFY(says(QStringLiteral("not found · not used yet")));
    }

    void whereThereIsNoDeviceTheReasonIsReadable() {
        show(test::ScriptedDevices::none);
        QTRY_VERIFY(
            says(QStringLiteral("No CUDA device: the driver is too old: it runs CUDA 12.2.")));
        QCOMPARE(box()->count(), 1);
        QCOMPARE(box()->currentText(), QStringLiteral("CPU"));
    }

    // U3: said before the click, and a way on beside it.
    void whereTheSampleIsNotThereItSaysSoAndOffersASyntheticModel() {
        QDir(QFileInfo(sampleModelPath()).path()).removeRecursively();
        show(test::ScriptedDevices::one);
        QVERIFY(f_->button(QStringLiteral("Sample model: not on this disk")) != nullptr);
        QVERIFY(f_->button(QStringLiteral("Try the sample model")) == nullptr);
        QTRY_VERIFY(f_->button(QStringLiteral("Try a synthetic model")) != nullptr);
        QTest::mouseClick(f_->button(QStringLiteral("Sample model: not on this disk")),
                          Qt::LeftButton);
        auto* banner = f_->window.findChild<Banner*>();
        QVERIFY(banner->isVisible());
        QSignalSpy opened(&f_->session, &Session::modelChanged);
        emit banner->triggered();
        QVERIFY(opened.wait(5000));
        QCOMPARE(f_->session.checkpoint(), QStringLiteral("synthetic:tiny"));
    }

    void theSyntheticModelIsOneClickAway() {
        QTRY_VERIFY(f_->button(QStringLiteral("Try a synthetic model")) != nullptr);
        QSignalSpy opened(&f_->session, &Session::modelChanged);
        QTest::mouseClick(f_->button(QStringLiteral("Try a synthetic model")), Qt::LeftButton);
        QVERIFY(opened.wait(5000));
        QCOMPARE(f_->session.checkpoint(), QStringLiteral("synthetic:tiny"));
    }

    void whereTheSampleIsThereItIsTheFirstChoice() {
        QDir().mkpath(QFileInfo(sampleModelPath()).path());
        QFile file(sampleModelPath());
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.close();
        f_->page->shown();
        QVERIFY(f_->button(QStringLiteral("Try the sample model")) != nullptr);
        QTest::qWait(100);
        QVERIFY(f_->button(QStringLiteral("Try a synthetic model")) == nullptr);
        QVERIFY(file.remove());
    }

    // U9, B17: what happened, then what to do, then the engine's words, each once.
    void anErrorIsReadFromTopToBottom() {
        ErrorDetails error;
        error.file = "/models/notes.txt";
        error.field = "magic (@0x0)";
        error.found = "68 65 6C 6C";
        error.expected = "GGUF";
        error.fault = Fault::not_a_model;
        emit f_->session.openFailed(Error(error).details());
        const auto* banner = f_->window.findChild<Banner*>();
        QCOMPARE(banner->message(), QStringLiteral("This is not a model that Hone can read."));
        QCOMPARE(banner->advice(), QStringLiteral("Open a GGUF file or a Hugging Face folder."));
        QCOMPARE(
            banner->detail(),
            QStringLiteral("/models/notes.txt: magic (@0x0): found 68 65 6C 6C, expected GGUF"));
    }

    void theChoiceIsTheSessions() {
        QTRY_COMPARE(box()->count(), 2);
        QCOMPARE(box()->currentIndex(), 0);
        box()->setCurrentIndex(1);
        emit box()->activated(1);
        QCOMPARE(f_->session.target().device, std::string("cuda:0"));
        QCOMPARE(targetText(f_->session.target(), f_->session.environment(), f_->session.devices()),
                 QStringLiteral("cuda:0 · Test GPU"));
        // Chosen elsewhere, it is shown here.
        f_->session.setTarget({"cpu", 2});
        QCOMPARE(box()->currentText(), QStringLiteral("CPU"));
    }

    // As the command line measures, in a process of its own.
    void runsOfAnotherProcessAppear() {
        const auto rows = [this] { return f_->window.findChildren<RunRow*>(); };
        QCOMPARE(rows().size(), 0);
        profiler::Store other(f_->session.store().info().path);
        testing::storeRun(other, {"<b>x</b>\nelsewhere"}, {{"prompt_tokens", 8}}, {});
        QTRY_COMPARE_WITH_TIMEOUT(rows().size(), 1, 6000);
        const RunRow* row = rows().first();
        QVERIFY(row->accessibleName().contains(QStringLiteral("<b>x</b>\\nelsewhere")));
        QVERIFY(row->accessibleName().contains(QStringLiteral("just now")));
        QVERIFY(!row->toolTip().contains(QStringLiteral("<b>")));
        QVERIFY(row->toolTip().contains(QStringLiteral("&lt;b&gt;x")));
        rows().first()->setFocus();
        emit f_->session.runsChanged();
        QCOMPARE(rows().first(), row);  // nothing new: the focus stays
        testing::storeRun(other, {"next"}, {{"prompt_tokens", 8}}, {});
        QTRY_COMPARE_WITH_TIMEOUT(rows().size(), 2, 6000);
    }

private:
    void show(test::ScriptedDevices devices) {
        f_ = std::make_unique<test::PageFixture>(builtin_registry(), makeStartPage, devices);
    }
    QComboBox* box() const { return f_->named<QComboBox>(QStringLiteral("Device")); }
    bool says(const QString& text) const {
        for (const QLabel* label : f_->window.findChildren<QLabel*>())
            if (label->isVisible() && label->text().contains(text)) return true;
        return false;
    }
    std::unique_ptr<test::PageFixture> f_;
};

HONE_SCRIPTED_MAIN(TestStartPage)
#include "test_start_page.moc"
