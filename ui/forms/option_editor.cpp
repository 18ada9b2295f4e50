// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/option_editor.h"

#include <QCheckBox>
#include <QComboBox>
#include <QCoreApplication>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QSignalBlocker>
#include <QToolButton>
#include <algorithm>

#include "ui/forms/schema_text.h"
#include "ui/theme/theme.h"
#include "ui/widgets/buttons.h"
#include "ui/widgets/text_label.h"

namespace hone::ui {

namespace {

template <typename... Cases>
struct Match : Cases... {
    using Cases::operator()...;
};
template <typename... Cases>
Match(Cases...) -> Match<Cases...>;

QString suffix(std::string_view unit) {
    return unit.empty() ? QString() : QChar(0x00A0) + text(unit);
}

// What a list may hold, for people: "q8_0 (Q8_0), q4_0 (Q4_0)", "1 to 64".
QString allowedText(const Option& option) {
    const auto range = [](auto low, auto high) {
        return QCoreApplication::translate("OptionEditor", "%1 to %2").arg(low).arg(high);
    };
    return std::visit(
        Match{[](const Flag&) { return QStringLiteral("true, false"); },
              [&](const Integer& type) { return range(type.low, type.high); },
              [&](const Real& type) { return range(type.low, type.high); },
              [](const Choice& type) {
                  QStringList items;
                  for (const ChoiceItem& item : type.items)
                      items.append(QStringLiteral("%1 (%2)").arg(text(item.id), text(item.label)));
                  return items.join(QStringLiteral(", "));
              }},
        option.type);
}

// What a list begins with.
QString firstList(const Option& option, const nlohmann::json& value) {
    const auto neighbours = [](auto number, auto step, auto high) {
        const auto other = number + step <= high ? number + step : number - step;
        return QStringLiteral("%1,%2").arg(std::min(number, other)).arg(std::max(number, other));
    };
    return std::visit(Match{[](const Flag&) { return QStringLiteral("false,true"); },
                            [&](const Integer& type) {
                                return neighbours(value.get<std::int64_t>(), type.step, type.high);
                            },
                            [&](const Real& type) {
                                return neighbours(value.get<double>(), type.step, type.high);
                            },
                            [](const Choice& type) {
                                QStringList ids;
                                for (const ChoiceItem& item : type.items) ids.append(text(item.id));
                                return ids.join(QLatin1Char(','));
                            }},
                      option.type);
}

class FlagEditor : public OptionEditor {
public:
    FlagEditor(const Option& option, QWidget* parent) : OptionEditor(option, parent) {
        box_ = new QCheckBox(text(option.label));
        setControl(box_, false);
        connect(box_, &QCheckBox::toggled, this, [this](bool on) { userSet(on); });
    }

protected:
    void show(const nlohmann::json& value) override { box_->setChecked(value.get<bool>()); }

private:
    QCheckBox* box_;
};

// Doubles hold every integer to 2^53, which an int spin box does not.
class NumberEditor : public OptionEditor {
public:
    NumberEditor(const Option& option, const Integer& type, QWidget* parent)
        : OptionEditor(option, parent) {
        make(static_cast<double>(type.low), static_cast<double>(type.high),
             static_cast<double>(type.step), 0, type.unit);
        connect(box_, &QDoubleSpinBox::valueChanged, this,
                [this](double value) { userSet(static_cast<std::int64_t>(value)); });
    }
    NumberEditor(const Option& option, const Real& type, QWidget* parent)
        : OptionEditor(option, parent) {
        make(type.low, type.high, type.step, type.decimals, type.unit);
        connect(box_, &QDoubleSpinBox::valueChanged, this,
                [this](double value) { userSet(value); });
    }

protected:
    void show(const nlohmann::json& value) override { box_->setValue(value.get<double>()); }

private:
    void make(double low, double high, double step, int decimals, std::string_view unit) {
        box_ = new QDoubleSpinBox;
        box_->setDecimals(decimals);
        box_->setRange(low, high);
        box_->setSingleStep(step);
        box_->setSuffix(suffix(unit));
        // A range up to 2^31 would else make a box as wide as its largest number.
        box_->setMaximumWidth(spacing::unit * 18);
        // Otherwise each digit typed is a change, an undo step and a new prediction.
        box_->setKeyboardTracking(false);
        setControl(box_, true);
    }
    QDoubleSpinBox* box_ = nullptr;
};

class ChoiceEditor : public OptionEditor {
public:
    ChoiceEditor(const Option& option, const Choice& type, QWidget* parent)
        : OptionEditor(option, parent) {
        box_ = new QComboBox;
        for (const ChoiceItem& item : type.items) box_->addItem(text(item.label), text(item.id));
        setControl(box_, true);
        connect(box_, &QComboBox::currentIndexChanged, this,
                [this] { userSet(box_->currentData().toString().toStdString()); });
    }

protected:
    void show(const nlohmann::json& value) override {
        box_->setCurrentIndex(box_->findData(QString::fromStdString(value.get<std::string>())));
    }

private:
    QComboBox* box_;
};

}  // namespace

OptionEditor::OptionEditor(const Option& option, QWidget* parent)
    : QWidget(parent), option_(option), value_(default_value(option)) {}

OptionEditor* OptionEditor::make(const Option& option, QWidget* parent) {
    OptionEditor* editor = std::visit(
        Match{[&](const Flag&) -> OptionEditor* { return new FlagEditor(option, parent); },
              [&](const Integer& type) -> OptionEditor* {
                  return new NumberEditor(option, type, parent);
              },
              [&](const Real& type) -> OptionEditor* {
                  return new NumberEditor(option, type, parent);
              },
              [&](const Choice& type) -> OptionEditor* {
                  return new ChoiceEditor(option, type, parent);
              }},
        option.type);
    editor->setValue(default_value(option));
    return editor;
}

void OptionEditor::setControl(QWidget* control, bool labelled) {
    control_ = control;
    control->setObjectName(text(option_.key));
    control->setAccessibleName(text(option_.label));
    control->setAccessibleDescription(text(option_.help));
    control->setToolTip(wrappedTip(text(option_.help)));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(spacing::inside);
    if (labelled) {
        auto* label = new TextLabel(text(option_.label), TextStyle::body, Tone::muted);
        label->setBuddy(control);
        label->setToolTip(control->toolTip());
        layout->addWidget(label);
    }
    layout->addWidget(control);
    setFocusProxy(control);
}

void OptionEditor::setValue(const nlohmann::json& value) {
    value_ = value;
    const QSignalBlocker blocker(control_);
    show(value);
}

QString OptionEditor::list() const {
    return list_ == nullptr || list_->isHidden() ? QString() : list_->text();
}

void OptionEditor::setList(const QString& values) {
    if (values.isEmpty() && list_ == nullptr) return;
    if (list_ == nullptr) makeList();
    const bool shown = !values.isEmpty();
    const bool focused = control_->hasFocus() || list_->hasFocus() || single_->hasFocus();
    if (shown && list_->text() != values) list_->setText(values);
    control_->setVisible(!shown);
    list_->setVisible(shown);
    single_->setVisible(shown);
    setFocusProxy(shown ? list_ : control_);
    if (focused) setFocus(Qt::OtherFocusReason);
    updateGeometry();
}

void OptionEditor::makeList() {
    const QString label = text(option_.label);
    list_ = new QLineEdit;
    list_->setAccessibleName(tr("Values of %1").arg(label));
    list_->setToolTip(
        wrappedTip(tr("Each of these values is measured: %1").arg(allowedText(option_))));
    list_->setMinimumWidth(spacing::unit * 20);
    single_ = iconButton(QStringLiteral("cancel"), tr("One value of %1 again").arg(label));
    layout()->addWidget(list_);
    layout()->addWidget(single_);
    // A list that was not changed is none: leaving it must not ask for what was refused.
    connect(list_, &QLineEdit::textEdited, list_, [this] { list_->setModified(true); });
    connect(list_, &QLineEdit::editingFinished, this, [this] {
        if (!list_->isModified()) return;
        list_->setModified(false);
        if (list_->text().trimmed().isEmpty()) setList({});
        emit listChanged();
    });
    connect(single_, &QToolButton::clicked, this, [this] {
        setList({});
        emit listChanged();
    });
}

bool OptionEditor::takesList() const {
    const auto* choice = std::get_if<Choice>(&option_.type);
    return choice == nullptr || choice->items.size() > 1;
}

void OptionEditor::beginList() {
    setList(firstList(option_, value_));
    setFocus(Qt::OtherFocusReason);
    list_->selectAll();
    emit listChanged();
}

void OptionEditor::userSet(nlohmann::json value) {
    value_ = std::move(value);
    emit changed();
}

}  // namespace hone::ui
