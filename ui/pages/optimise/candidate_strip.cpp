// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/optimise/candidate_strip.h"

#include <QHBoxLayout>

#include "ui/theme/plain_text.h"
#include "ui/widgets/buttons.h"

namespace hone::ui {

CandidateStrip::CandidateStrip(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      previous_(iconButton(QStringLiteral("chevron-left"), tr("The candidate before"))),
      next_(iconButton(QStringLiteral("chevron-right"), tr("The next candidate"))),
      text_(new TextLabel) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(12, 4, 8, 4);
    row->setSpacing(2);
    text_->setWordWrap(true);
    row->addWidget(text_, 1);
    row->addWidget(previous_);
    row->addWidget(next_);
    connect(previous_, &QToolButton::clicked, this, [this] { step(-1); });
    connect(next_, &QToolButton::clicked, this, [this] { step(1); });
    connect(&session, &Session::recipeChanged, this, &CandidateStrip::follow);
    follow();
}

void CandidateStrip::follow() {
    const QStringList names = session_.candidateNames();
    setVisible(!names.isEmpty());
    if (names.isEmpty()) return;
    const auto shown = static_cast<qsizetype>(session_.shownCandidate());
    text_->setText(tr("Prediction and figures of %1, candidate %2 of %3")
                       .arg(plainLine(names[shown]))
                       .arg(shown + 1)
                       .arg(names.size()));
}

// Round and round, so that a button that is held never goes away from under the pointer.
void CandidateStrip::step(int by) {
    const auto count = static_cast<int>(session_.candidates());
    const int shown = static_cast<int>(session_.shownCandidate());
    session_.showCandidate(static_cast<std::size_t>((shown + by + count) % count));
}

}  // namespace hone::ui
