// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/fact_list.h"

#include <QGridLayout>
#include <QPainter>

#include "ui/theme/plain_text.h"
#include "ui/widgets/elided_label.h"

namespace hone::ui {

FactList::FactList(QWidget* parent) : QWidget(parent), layout_(new QGridLayout(this)) {
    layout_->setContentsMargins(0, 0, 0, 0);
    layout_->setHorizontalSpacing(spacing::group);
    layout_->setVerticalSpacing(0);
    layout_->setColumnStretch(1, 1);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void FactList::addRow() {
    const auto row = static_cast<int>(rows_.size());
    auto* name = new TextLabel({}, TextStyle::body, Tone::muted);
    auto* value = new ElidedLabel;
    value->setAlignment(Qt::AlignRight | Qt::AlignVCenter);
    value->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    layout_->addWidget(name, row, 0);
    layout_->addWidget(value, row, 1);
    layout_->setRowMinimumHeight(row, spacing::rowHeight);
    rows_.push_back({name, value});
}

void FactList::setFacts(const std::vector<Fact>& facts) {
    while (rows_.size() < facts.size()) addRow();
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        const bool shown = i < facts.size();
        rows_[i].name->setVisible(shown);
        rows_[i].value->setVisible(shown);
        layout_->setRowMinimumHeight(static_cast<int>(i), shown ? spacing::rowHeight : 0);
        if (!shown) continue;
        rows_[i].name->setText(facts[i].name);
        rows_[i].value->setText(plainLine(facts[i].value));
        rows_[i].value->setTone(facts[i].tone);
        rows_[i].name->setToolTip(plainTip(facts[i].tooltip));
        rows_[i].value->setToolTip(plainTip(facts[i].tooltip));
        rows_[i].value->setAccessibleName(facts[i].name + QStringLiteral(": ") + facts[i].value);
    }
    shown_ = facts.size();
    update();
}

void FactList::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    for (std::size_t i = 0; i + 1 < shown_; ++i) {
        const QRect row = layout_->cellRect(static_cast<int>(i), 0);
        painter.fillRect(QRect(0, row.bottom(), width(), 1), Theme::instance().palette().grid);
    }
}

}  // namespace hone::ui
