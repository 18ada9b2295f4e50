// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/option_editor.h"

#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QSignalBlocker>
#include <limits>

#include "ui/forms/schema_text.h"
#include "ui/theme/theme.h"
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
    NumberEditor(const Option& option, const Integer& type, QWidget* parent) : OptionEditor(option, parent) {
        make(static_cast<double>(type.low), static_cast<double>(type.high), static_cast<double>(type.step), 0,
             type.unit);
        connect(box_, &QDoubleSpinBox::valueChanged, this,
                [this](double value) { userSet(static_cast<std::int64_t>(value)); });
    }
    NumberEditor(const Option& option, const Real& type, QWidget* parent) : OptionEditor(option, parent) {
        make(type.low, type.high, type.step, type.decimals, type.unit);
        connect(box_, &QDoubleSpinBox::valueChanged, this, [this](double value) { userSet(value); });
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
    ChoiceEditor(const Option& option, const Choice& type, QWidget* parent) : OptionEditor(option, parent) {
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
              [&](const Integer& type) -> OptionEditor* { return new NumberEditor(option, type, parent); },
              [&](const Real& type) -> OptionEditor* { return new NumberEditor(option, type, parent); },
              [&](const Choice& type) -> OptionEditor* { return new ChoiceEditor(option, type, parent); }},
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

void OptionEditor::userSet(nlohmann::json value) {
    value_ = std::move(value);
    emit changed();
}

}  // namespace hone::ui
