// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/captioned.h"

#include <QHBoxLayout>
#include <QSpinBox>

#include "ui/forms/schema_text.h"
#include "ui/widgets/text_label.h"

namespace hone::ui {

namespace {

constexpr int captionGap = 6, numberWidth = 78;

}  // namespace

QWidget* captioned(const QString& caption, std::initializer_list<QWidget*> controls) {
    auto* box = new QWidget;
    auto* layout = new QHBoxLayout(box);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(captionGap);
    auto* label = new TextLabel(caption, TextStyle::body, Tone::muted);
    label->setBuddy(*controls.begin());
    layout->addWidget(label);
    for (QWidget* control : controls) layout->addWidget(control);
    return box;
}

QSpinBox* numberBox(const QString& name, const QString& help, int low, int high) {
    auto* box = new QSpinBox;
    box->setRange(low, high);
    box->setGroupSeparatorShown(true);
    box->setKeyboardTracking(false);
    box->setAccessibleName(name);
    box->setAccessibleDescription(help);
    box->setToolTip(wrappedTip(help));
    box->setMaximumWidth(numberWidth);
    return box;
}

}  // namespace hone::ui
