// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/option_form.h"

#include <algorithm>

#include "ui/forms/flow_layout.h"
#include "ui/forms/option_editor.h"
#include "ui/forms/schema_text.h"
#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

// As `OnlyWhen::value` writes it: "true", "64", "nm".
std::string plainText(const nlohmann::json& value) {
    return value.is_string() ? value.get<std::string>() : value.dump();
}

}  // namespace

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
    }
    updateVisibility();
}

nlohmann::json OptionForm::value() const {
    nlohmann::json options = nlohmann::json::object();
    for (const OptionEditor* editor : editors_) options[std::string(editor->option().key)] = editor->value();
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
    const auto it = std::find_if(editors_.begin(), editors_.end(),
                                 [key](const OptionEditor* editor) { return editor->option().key == key; });
    return it == editors_.end() ? nullptr : *it;
}

void OptionForm::updateVisibility() {
    for (OptionEditor* editor : editors_) {
        const auto& condition = editor->option().only_when;
        const OptionEditor* other = condition ? this->editor(condition->key) : nullptr;
        editor->setVisible(other == nullptr || plainText(other->value()) == condition->value);
    }
    updateGeometry();
}

}  // namespace hone::ui
