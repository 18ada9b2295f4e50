// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/optimise/technique_card.h"

#include <QSignalBlocker>

#include "ui/forms/option_editor.h"
#include "ui/forms/option_form.h"
#include "ui/forms/schema_text.h"

namespace hone::ui {

TechniqueCard::TechniqueCard(const Descriptor& descriptor, QWidget* parent)
    : Card({}, parent),
      descriptor_(descriptor),
      switch_(new Switch(text(descriptor.title))),
      title_(new TextLabel(text(descriptor.title), TextStyle::cardTitle)),
      summary_(new TextLabel(text(descriptor.summary), TextStyle::body, Tone::muted)),
      reason_(new TextLabel({}, TextStyle::body, Tone::warning)),
      options_(new QWidget),
      form_(new OptionForm(descriptor)) {
    setObjectName(text(descriptor.id));
    summary_->setWordWrap(true);
    reason_->setWordWrap(true);
    title_->setBuddy(switch_);
    setToolTip(wrappedTip(tr("Source: %1").arg(text(descriptor.source))));
    auto* row = new QHBoxLayout;
    row->setSpacing(spacing::inside);
    auto* column = new QVBoxLayout;
    column->setSpacing(2);
    column->addWidget(title_);
    column->addWidget(summary_);
    column->addWidget(reason_);
    auto* inset = new QVBoxLayout(options_);
    inset->setContentsMargins(0, spacing::inside - 2, 0, 2);
    inset->addWidget(form_);
    column->addWidget(options_);
    row->addWidget(switch_, 0, Qt::AlignTop);
    row->addLayout(column, 1);
    body()->setContentsMargins(spacing::inside + 2, 9, spacing::group - 1, 9);
    body()->addLayout(row);
    connect(switch_, &QAbstractButton::toggled, this, [this](bool on) {
        updateState();
        emit toggled(on);
    });
    connect(form_, &OptionForm::changed, this, &TechniqueCard::optionsChanged);
    connect(form_, &OptionForm::listChanged, this, &TechniqueCard::listChanged);
    updateState();
}

void TechniqueCard::setOptions(const std::optional<nlohmann::json>& options) {
    const QSignalBlocker blocker(switch_);
    switch_->setChecked(options.has_value());
    if (options) form_->setValue(*options);
    updateState();
}

nlohmann::json TechniqueCard::options() const {
    return form_->value();
}

void TechniqueCard::setSwept(const std::vector<SweptOption>& swept) {
    for (const Option& option : descriptor_.options) {
        QString list;
        for (const SweptOption& each : swept)
            if (each.technique == descriptor_.id && each.option == option.key)
                list = QString::fromStdString(values_text(each.values));
        form_->editor(option.key)->setList(list);
    }
}

void TechniqueCard::setUnsupported(const QString& reason) {
    unsupported_ = reason;
    updateState();
}

void TechniqueCard::setBlocked(const QString& reason) {
    blocked_ = reason;
    updateState();
}

void TechniqueCard::updateState() {
    QString reason = blocked_.isEmpty() ? unsupported_ : blocked_;
    // A sentence begins with a capital, but not where a tensor's name is its first word.
    const QString first = reason.section(QLatin1Char(' '), 0, 0);
    if (!first.isEmpty() && !first.contains(QLatin1Char('.')) && !first.contains(QLatin1Char('_')))
        reason[0] = reason[0].toUpper();
    const bool on = switch_->isChecked();
    // One that is on can always be switched off.
    switch_->setEnabled(on || reason.isEmpty());
    title_->setEnabled(switch_->isEnabled());
    options_->setVisible(on && !descriptor_.options.empty());
    reason_->setVisible(!reason.isEmpty());
    reason_->setText(reason);
    switch_->setToolTip(wrappedTip(reason));
    switch_->setAccessibleDescription(reason.isEmpty() ? text(descriptor_.summary) : reason);
    update();
}

}  // namespace hone::ui
