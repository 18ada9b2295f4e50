// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/measure/interval_bar.h"

#include <QHBoxLayout>
#include <QProgressBar>
#include <QPushButton>
#include <algorithm>
#include <cmath>

#include "ui/forms/schema_text.h"
#include "ui/theme/theme.h"
#include "ui/widgets/buttons.h"
#include "ui/widgets/text_label.h"

namespace hone::ui {

namespace {

constexpr int steps = 1000;

QString percent(double share) {
    return QStringLiteral("±") + formatNumber(100 * share, QStringLiteral("%"));
}

}  // namespace

IntervalBar::IntervalBar(QWidget* parent)
    : QWidget(parent),
      label_(new TextLabel),
      bar_(new QProgressBar),
      button_(plainButton(tr("Good enough"))) {
    bar_->setRange(0, steps);
    bar_->setTextVisible(false);
    bar_->setFixedHeight(12);
    bar_->setMaximumWidth(320);
    bar_->setAccessibleName(tr("How narrow the interval is"));
    bar_->setToolTip(
        wrappedTip(tr("Full where the 99 % interval of the ratio of speeds is as narrow as asked. "
                      "Half as wide takes four times the repetitions.")));
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(12);
    layout->addWidget(label_);
    layout->addWidget(bar_, 1);
    layout->addWidget(button_);
    layout->addStretch();
    connect(button_, &QPushButton::clicked, this, [this] {
        taken_ = true;
        button_->setEnabled(false);
        emit goodEnough();
    });
    hide();
}

QString IntervalBar::text() const {
    return label_->text();
}

void IntervalBar::showInterval(const std::optional<IntervalReach>& interval) {
    if (!interval) taken_ = false;
    setVisible(interval.has_value());
    if (!interval) return;
    const bool known = interval->reached < 1;
    label_->setText(
        known ? tr("Interval %1, aim %2").arg(percent(interval->reached), percent(interval->aim))
              : tr("Interval not known yet, aim %1").arg(percent(interval->aim)));
    // A mean's interval narrows with the root of the repetitions.
    const double done = known ? std::min(1.0, std::pow(interval->aim / interval->reached, 2)) : 0;
    bar_->setValue(static_cast<int>(steps * done));
    button_->setEnabled(interval->may_end && !taken_);
    button_->setToolTip(wrappedTip(taken_ ? tr("The repetition that runs is the last.")
                                   : interval->may_end
                                       ? tr("Takes the interval as it is. The run says that it was "
                                            "ended by hand, and what it cannot tell.")
                                       : tr("The repetitions that were asked for come first.")));
}

}  // namespace hone::ui
