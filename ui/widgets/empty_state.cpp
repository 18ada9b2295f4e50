// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/empty_state.h"

#include <QVBoxLayout>

#include "ui/theme/theme.h"
#include "ui/widgets/buttons.h"

namespace hone::ui {

namespace {

constexpr int textWidth = 420;

}  // namespace

EmptyState::EmptyState(const QString& icon, const QString& title, const QString& explanation,
                       const QString& action, QWidget* parent)
    : QWidget(parent),
      iconName_(icon),
      icon_(new QLabel),
      title_(new TextLabel(title, TextStyle::strong)),
      explanation_(new TextLabel(explanation, TextStyle::body, Tone::muted)) {
    explanation_->setWordWrap(true);
    explanation_->setAlignment(Qt::AlignHCenter | Qt::AlignTop);
    // A measure that reads well; a wrapping label needs a width to know its height.
    explanation_->setFixedWidth(textWidth);
    fitExplanation();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(spacing::page, spacing::page, spacing::page, spacing::page);
    layout->setSpacing(spacing::inside);
    layout->addStretch();
    layout->addWidget(icon_, 0, Qt::AlignHCenter);
    layout->addWidget(title_, 0, Qt::AlignHCenter);
    layout->addWidget(explanation_, 0, Qt::AlignHCenter);
    if (!action.isEmpty()) {
        button_ = primaryButton(action);
        connect(button_, &QPushButton::clicked, this, &EmptyState::triggered);
        layout->addSpacing(spacing::inside);
        layout->addWidget(button_, 0, Qt::AlignHCenter);
    }
    layout->addStretch();
    recolor();
    connect(&Theme::instance(), &Theme::changed, this, &EmptyState::recolor);
}

void EmptyState::setTexts(const QString& title, const QString& explanation) {
    title_->setText(title);
    explanation_->setText(explanation);
    fitExplanation();
}

// A centred item of a box layout gets the height of one line.
void EmptyState::fitExplanation() {
    explanation_->setMinimumHeight(explanation_->heightForWidth(textWidth));
}

void EmptyState::recolor() {
    const Theme& theme = Theme::instance();
    icon_->setPixmap(theme.pixmap(iconName_, 28, theme.palette().mutedText, devicePixelRatioF()));
}

}  // namespace hone::ui
