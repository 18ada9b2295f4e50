// SPDX-License-Identifier: GPL-3.0-or-later
#include <QApplication>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QImage>
#include <QLineEdit>
#include <QMenu>
#include <QSignalSpy>
#include <QTest>
#include <QToolButton>
#include <algorithm>
#include <cstdlib>

#include "engine/core/error.h"
#include "engine/experiment/protocol/experiment.h"
#include "ui/forms/flow_layout.h"
#include "ui/forms/option_editor.h"
#include "ui/forms/option_form.h"
#include "ui/theme/theme.h"

using namespace hone;
using namespace hone::ui;

namespace {

constexpr ChoiceItem modes[] = {{"fast", "Fast"}, {"exact", "Exact"}};
constexpr Option options[] = {
    {"mode", "mode", "How it is done.", Choice{modes, "fast"}},
    {"on", "also this", "Whether.", Flag{true}},
    {"size", "size", "How many.", Integer{1, std::int64_t{1} << 40, 8, 8, "tokens"},
     OnlyWhen{"mode", "exact"}},
    {"share", "share", "How much.", Real{0, 1, 0.5, 0.05, 2, ""}}};
constexpr Descriptor descriptor{
    "sketch", "Sketch", "Sketches.", "here", Slot::weights, Stage::configures_run, options, {}};

template <typename Control>
Control* control(const OptionForm& form, std::string_view key) {
    return qobject_cast<Control*>(form.editor(key)->control());
}

}  // namespace

class TestForms : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { Theme::instance().apply(Scheme::light); }

    void makesOneControlAnOption() {
        OptionForm form(descriptor);
        QCOMPARE(form.value().dump(), default_options(descriptor).dump());
        QVERIFY(control<QComboBox>(form, "mode") != nullptr);
        QVERIFY(control<QCheckBox>(form, "on") != nullptr);
        auto* size = control<QDoubleSpinBox>(form, "size");
        QCOMPARE(size->suffix(), QString::fromUtf8("\u00a0tokens"));
        QCOMPARE(size->maximum(), double(std::int64_t{1} << 40));
        for (const Option& option : options) {
            const QWidget* made = form.editor(option.key)->control();
            QCOMPARE(made->accessibleName(), QString::fromUtf8(option.label.data()));
            QVERIFY(made->toolTip().contains(QString::fromUtf8(option.help.data())));
        }
    }

    void showsAnOptionOnlyWhereItApplies() {
        OptionForm form(descriptor);
        QVERIFY(form.editor("size")->isHidden());
        form.setValue({{"mode", "exact"}, {"size", 24}});
        QVERIFY(!form.editor("size")->isHidden());
        control<QComboBox>(form, "mode")->setCurrentIndex(0);
        QVERIFY(form.editor("size")->isHidden());
        QCOMPARE(form.value()["size"].get<int>(), 24);  // kept
    }

    void userChangesAreSaidOnceAndSettingSaysNothing() {
        OptionForm form(descriptor);
        QSignalSpy changed(&form, &OptionForm::changed);
        form.setValue({{"share", 0.25}});
        QCOMPARE(changed.count(), 0);
        control<QCheckBox>(form, "on")->click();
        control<QDoubleSpinBox>(form, "share")->setValue(0.3);
        QCOMPARE(changed.count(), 2);
        QCOMPARE(form.value()["on"].get<bool>(), false);
        QCOMPARE(form.value()["share"].get<double>(), 0.3);
    }

    void keepsMoreDigitsThanItShows() {
        OptionForm form(descriptor);
        form.setValue({{"share", 0.123456}});
        QCOMPARE(control<QDoubleSpinBox>(form, "share")->value(), 0.12);
        QCOMPARE(form.value()["share"].get<double>(), 0.123456);
    }

    void aFormOpensNoWindowOfItsOwn() {
        OptionForm form(descriptor);
        for (const QWidget* window : QApplication::topLevelWidgets()) QVERIFY(!window->isVisible());
    }

    void aListTakesTheControlsPlaceAndGoesAgain() {
        OptionForm form(descriptor);
        form.show();
        QSignalSpy changed(&form, &OptionForm::listChanged);
        QMenu menu;
        form.fillListMenu(menu);
        QStringList offered;
        for (const QAction* action : menu.actions()) offered.append(action->text());
        QCOMPARE(offered, (QStringList{QStringLiteral("mode"), QStringLiteral("also this"),
                                       QStringLiteral("share")}));  // "size" is hidden
        menu.actions().last()->trigger();
        auto* list =
            form.editor("share")->findChild<QLineEdit*>(QString(), Qt::FindDirectChildrenOnly);
        QVERIFY(list->isVisible());
        QVERIFY(!form.editor("share")->control()->isVisible());
        QCOMPARE(list->text(), QStringLiteral("0.5,0.55"));
        QCOMPARE(changed.takeLast(),
                 (QVariantList{QStringLiteral("share"), QStringLiteral("0.5,0.55")}));
        list->setText({});
        QTest::keyClicks(list, QStringLiteral("0.1,0.9"));
        QVERIFY(changed.isEmpty());
        QTest::keyClick(list, Qt::Key_Return);
        QCOMPARE(changed.takeLast().last().toString(), QStringLiteral("0.1,0.9"));
        QTest::keyClick(list, Qt::Key_Return);
        QVERIFY2(changed.isEmpty(), "an unchanged list is said once");
        form.editor("share")->findChild<QToolButton*>()->click();
        QCOMPARE(changed.takeLast().last().toString(), QString());
        QVERIFY(form.editor("share")->control()->isVisible());
        QCOMPARE(form.value()["share"].get<double>(), 0.5);
        form.editor("mode")->beginList();
        QCOMPARE(form.editor("mode")->list(), QStringLiteral("fast,exact"));
        form.editor("mode")->setList({});
        QCOMPARE(form.editor("mode")->list(), QString());
    }

    void refusesAValueThatDoesNotFitAndChangesNothing() {
        OptionForm form(descriptor);
        const nlohmann::json before = form.value();
        try {
            form.setValue({{"share", 7}, {"mode", "exact"}});
            QFAIL("accepted 7");
        } catch (const Error& error) {
            QCOMPARE(error.details().field, std::string("sketch.share"));
        }
        QCOMPARE(form.value().dump(), before.dump());
    }

    // Every control of every technique: recipe → form → recipe, with each option away from its
    // default in turn.
    void builtinTechniquesRoundTrip_data() {
        QTest::addColumn<QString>("id");
        for (const Descriptor& built : builtin_registry().descriptors())
            QTest::newRow(std::string(built.id).c_str()) << QString::fromUtf8(built.id.data());
    }

    void builtinTechniquesRoundTrip() {
        QFETCH(QString, id);
        const Descriptor& built = *builtin_registry().find(id.toStdString());
        OptionForm form(built);
        for (const Option& option : built.options)
            for (const nlohmann::json& value : others(option)) {
                Recipe recipe;
                recipe.steps = {{id.toStdString(), {{std::string(option.key), value}}}};
                const Recipe complete = validated(recipe, builtin_registry());
                form.setValue(complete.steps[0].options);
                Recipe back;
                back.steps = {{id.toStdString(), form.value()}};
                QCOMPARE(to_json(validated(back, builtin_registry())).dump(),
                         to_json(complete).dump());
            }
    }

    // What the user does with a control arrives in the JSON as a value that the schema accepts.
    void builtinControlsGiveValidValues() {
        for (const Descriptor& built : builtin_registry().descriptors()) {
            OptionForm form(built);
            for (const Option& option : built.options) {
                QWidget* made = form.editor(option.key)->control();
                if (auto* box = qobject_cast<QCheckBox*>(made)) box->toggle();
                if (auto* combo = qobject_cast<QComboBox*>(made))
                    combo->setCurrentIndex(combo->count() - 1);
                if (auto* spin = qobject_cast<QDoubleSpinBox*>(made))
                    spin->setValue(spin->minimum());
            }
            QCOMPARE(complete_options(built, form.value()).dump(), form.value().dump());
            // A technique whose only choices have one item each has nothing else to choose.
            const bool others =
                std::any_of(built.options.begin(), built.options.end(), [](const Option& option) {
                    const auto* choice = std::get_if<Choice>(&option.type);
                    return choice == nullptr || choice->items.size() > 1;
                });
            QCOMPARE(form.value() != default_options(built), others);
        }
    }

    // "Try several values…" stood 12 pixels right of what it belongs to.
    void aLinkBeginsWhereItsOptionDoes() {
        OptionForm form(descriptor);
        form.resize(200, 300);  // each in a line of its own
        form.show();
        QVERIFY(QTest::qWaitForWindowExposed(&form));
        const auto firstInk = [&form](QWidget* widget) {
            const QImage image = widget->grab().toImage();
            const QRgb background = image.pixel(image.width() - 1, 0);
            for (int x = 0; x < image.width(); ++x)
                for (int y = 0; y < image.height(); ++y)
                    if (image.pixel(x, y) != background)
                        return widget->mapTo(&form, QPoint(x, 0)).x();
            return -1;
        };
        auto* link = form.findChild<QToolButton*>();
        QCOMPARE(link->text(), QStringLiteral("Try several values…"));
        QCOMPARE(link->mapTo(&form, QPoint()).x(), 0);
        const int text = firstInk(link), label = firstInk(form.editor("mode"));
        QVERIFY(text >= 0 && label >= 0);
        QVERIFY2(std::abs(text - label) <= 1,
                 qPrintable(QStringLiteral("%1 and %2").arg(text).arg(label)));
    }

    void flowWrapsToTheWidth() {
        QWidget box;
        auto* flow = new FlowLayout(8, 4, &box);
        for (int i = 0; i < 3; ++i) {
            auto* item = new QWidget;
            item->setFixedSize(100, 20);
            flow->addWidget(item);
        }
        QCOMPARE(flow->heightForWidth(400), 20);
        QCOMPARE(flow->heightForWidth(220), 44);
        QCOMPARE(flow->heightForWidth(120), 68);
    }

private:
    static std::vector<nlohmann::json> others(const Option& option) {
        if (const auto* integer = std::get_if<Integer>(&option.type))
            return {integer->low, integer->high};
        if (const auto* real = std::get_if<Real>(&option.type))
            return {real->low, real->high, (real->low + real->high) / 3};
        if (std::holds_alternative<Flag>(option.type)) return {true, false};
        std::vector<nlohmann::json> all;
        for (const ChoiceItem& item : std::get<Choice>(option.type).items)
            all.push_back(std::string(item.id));
        return all;
    }
};

QTEST_MAIN(TestForms)
#include "test_forms.moc"
