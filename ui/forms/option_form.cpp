// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/option_form.h"

#include <QMenu>
#include <algorithm>

#include "ui/forms/flow_layout.h"
#include "ui/forms/option_editor.h"
#include "ui/forms/schema_text.h"
#include "ui/theme/theme.h"
#include "ui/widgets/buttons.h"

namespace hone::ui {

OptionForm::OptionForm(const Descriptor& descriptor, QWidget* parent)
    : QWidget(parent), descriptor_(descriptor) {
    setAccessibleName(tr("Options of %1").arg(text(descriptor.title)));
    auto* layout = new FlowLayout(spacing::group, spacing::inside, this);
    for (const Option& option : descriptor.options) {
        OptionEditor* editor = OptionEditor::make(option, this);
        layout->addWidget(editor);
        editors_.push_back(editor);
        connect(editor, &OptionEditor::changed, this, [this] {
            updateVisibility();
            emit changed();
        });
        connect(editor, &OptionEditor::listChanged, this,
                [this, editor] { emit listChanged(text(editor->option().key), editor->list()); });
    }
    several_ = linkButton(tr("Try several values…"));
    several_->setToolTip(tr("Measure one option with each of several values, as one series"));
    layout->addWidget(several_);
    several_->setVisible(
        std::any_of(editors_.begin(), editors_.end(),
                    [](const OptionEditor* editor) { return editor->takesList(); }));
    connect(several_, &QToolButton::clicked, this, [this] {
        QMenu menu(several_);
        fillListMenu(menu);
        menu.exec(several_->mapToGlobal(QPoint(0, several_->height() + 2)));
    });
    updateVisibility();
}

void OptionForm::fillListMenu(QMenu& menu) const {
    for (OptionEditor* editor : editors_) {
        if (editor->isHidden() || !editor->takesList() || !editor->list().isEmpty()) continue;
        menu.addAction(text(editor->option().label), editor, &OptionEditor::beginList);
    }
}

nlohmann::json OptionForm::value() const {
    nlohmann::json options = nlohmann::json::object();
    for (const OptionEditor* editor : editors_)
        options[std::string(editor->option().key)] = editor->value();
    return options;
}

void OptionForm::setValue(const nlohmann::json& options) {
    const nlohmann::json complete = complete_options(descriptor_, options);
    for (OptionEditor* editor : editors_) {
        const nlohmann::json& now = complete.at(std::string(editor->option().key));
        if (now != editor->value()) editor->setValue(now);
    }
    updateVisibility();
}

OptionEditor* OptionForm::editor(std::string_view key) const {
    const auto it =
        std::find_if(editors_.begin(), editors_.end(),
                     [key](const OptionEditor* editor) { return editor->option().key == key; });
    return it == editors_.end() ? nullptr : *it;
}

void OptionForm::updateVisibility() {
    const nlohmann::json options = value();
    for (OptionEditor* editor : editors_) editor->setVisible(applies(editor->option(), options));
    updateGeometry();
}

}  // namespace hone::ui
