// SPDX-License-Identifier: GPL-3.0-or-later
// Names of models, runs and files are anybody's: Qt must take none for markup, for the mark of a
// key or for a place to fill in.
#include <QAction>
#include <QLabel>
#include <QMenu>
#include <QMenuBar>
#include <QSettings>
#include <QTextDocument>

#include "tests/ui/driven_window.h"
#include "tests/ui/stored_runs.h"
#include "ui/shell/settings.h"
#include "ui/widgets/question.h"

using namespace hone;
using namespace hone::ui;

namespace {

const QString name = QStringLiteral("<b>x</b> & a%1b%2.gguf");

// What a reader of a tooltip sees.
QString shown(const QString& tip) {
    if (!Qt::mightBeRichText(tip)) return tip;
    QTextDocument document;
    document.setHtml(tip);
    return document.toPlainText();
}

}  // namespace

class TestWindowNames : public QObject {
    Q_OBJECT
private slots:
    void init() {
        QSettings().clear();
        Theme::instance().apply(Scheme::light);
        made_ = std::make_unique<test::DrivenWindow>("names.sqlite");
        made_->show({1280, 800});
    }
    void cleanup() { made_.reset(); }

    void aTooltipShowsANameAsItIs() {
        fill();
        int named = 0;
        for (int page = 1; page <= 6; ++page) {
            made_->openPage(page);
            QTest::qWait(50);
            for (const QWidget* widget : made_->window.findChildren<QWidget*>()) {
                const QString tip = widget->toolTip();
                if (!tip.contains(QLatin1String("x</b>")) &&
                    !tip.contains(QLatin1String("x&lt;/b")))
                    continue;
                ++named;
                QVERIFY2(shown(tip).contains(name), qPrintable(tip));
            }
        }
        QVERIFY2(named > 1, qPrintable(QString::number(named)));
    }

    void noLabelTakesANameForMarkup() {
        fill();
        int named = 0;
        for (int page = 1; page <= 6; ++page) {
            made_->openPage(page);
            QTest::qWait(50);
            for (const QLabel* label : made_->window.findChildren<QLabel*>()) {
                if (!label->text().contains(QLatin1String("x</b>"))) continue;
                ++named;
                QVERIFY2(label->text().contains(name), qPrintable(label->text()));
                QCOMPARE(label->textFormat(), Qt::PlainText);
            }
        }
        QVERIFY2(named > 1, qPrintable(QString::number(named)));
    }

    // The entry is a file's name, which holds no slash: "<i>y" is as much of markup as there can
    // be.
    void aMenuMarksNoKeyInAName() {
        settings::addRecentCheckpoint(QStringLiteral("/models/<i>y & a%1b%2.gguf"));
        QMenu* file = made_->window.menuBar()->actions().first()->menu();
        emit file->aboutToShow();
        const QAction* recent = nullptr;
        for (const QMenu* menu : file->findChildren<QMenu*>())
            for (const QAction* action : menu->actions())
                if (action->text().contains(QLatin1String("<i>y"))) recent = action;
        QVERIFY(recent != nullptr);
        QCOMPARE(recent->text(), QStringLiteral("<i>y && a%1b%2.gguf"));
        QCOMPARE(shown(recent->toolTip()), QStringLiteral("/models/<i>y & a%1b%2.gguf"));
    }

    void whatIsUndoneMarksNoKey() {
        fill();
        made_->session.setRecipe({}, QStringLiteral("opening %1").arg(name));
        const QAction* undo = nullptr;
        for (const QAction* action : made_->window.findChildren<QAction*>())
            if (action->text().startsWith(QLatin1String("Undo"))) undo = action;
        QVERIFY(undo != nullptr);
        QVERIFY(undo->isEnabled());
        QCOMPARE(undo->text(), QStringLiteral("Undo opening <b>x</b> && a%1b%2.gguf"));
    }

    void theTitleKeepsTheWholeName() {
        const QString starred = QStringLiteral("model[*].gguf");
        made_->open(starred);
        QVERIFY(made_->window.windowTitle().startsWith(QLatin1String("model[*][*].gguf")));
    }

    void aQuestionShowsANameAsItIs() {
        QMessageBox box(QMessageBox::NoIcon, name, name);
        box.setInformativeText(name);
        showAsPlainText(box);
        int texts = 0;
        for (const QLabel* label : box.findChildren<QLabel*>()) {
            if (label->text().isEmpty()) continue;
            ++texts;
            QCOMPARE(label->textFormat(), Qt::PlainText);
        }
        QCOMPARE(texts, 2);
    }

private:
    // A model, a recipe and runs that are all called so.
    void fill() {
        made_->open(name);
        profiler::Store& store = made_->session.store();
        const std::int64_t baseline =
            testing::storeRun(store, {name.toStdString()}, {{"prompt_tokens", 8}}, {});
        testing::InventedRun failed{name.toStdString()};
        failed.status = "failed";
        failed.reason = name.toStdString();
        testing::storeRun(store, failed, {{"prompt_tokens", 8}}, {}, baseline);
        Recipe recipe;
        recipe.steps.push_back({"kv_cache", nlohmann::json::object()});
        made_->session.setRecipe(recipe, QStringLiteral("opening %1").arg(name));
        emit made_->session.runsChanged();
    }

    std::unique_ptr<test::DrivenWindow> made_;
};

HONE_SCRIPTED_MAIN(TestWindowNames)
#include "test_window_names.moc"
