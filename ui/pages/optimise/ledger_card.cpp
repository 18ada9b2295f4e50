// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/optimise/ledger_card.h"

#include "ui/models/run_estimate.h"
#include "ui/models/run_headline.h"
#include "ui/pages/optimise/candidate_strip.h"
#include "ui/tables/figure_table.h"
#include "ui/widgets/buttons.h"

namespace hone::ui {

LedgerCard::LedgerCard(Session& session, QWidget* parent)
    : Card({}, parent),
      session_(session),
      model_(new LedgerModel(this)),
      table_(new FigureTable(tr("Ledger: baseline against recipe"))),
      strip_(new QWidget),
      advice_(new TextLabel({}, TextStyle::body, Tone::muted)),
      button_(plainButton({})) {
    setFlush(true);
    model_->setRegistry(session_.registry());
    table_->setModel(model_);
    table_->setFittingRows(0);
    table_->setStretchedColumn(LedgerModel::Metric);
    table_->setGivingWay(
        {LedgerModel::OffBy, LedgerModel::Interval, LedgerModel::Predicted, LedgerModel::Measured});
    body()->setSpacing(0);
    body()->addWidget(new CandidateStrip(session));
    body()->addWidget(table_);
    auto* row = new QHBoxLayout(strip_);
    row->setContentsMargins(12, 7, 12, 7);
    advice_->setWordWrap(true);
    row->addWidget(advice_, 1);
    row->addWidget(button_);
    body()->addWidget(strip_);
    connect(button_, &QPushButton::clicked, this, [this] {
        if (session_.checkpoint().isEmpty())
            session_.requestOpen();
        else if (session_.jobs().running())
            session_.requestPage(QStringLiteral("measure"));
        else
            emit measureRequested();
    });
}

void LedgerCard::showState(bool measuring, double seconds, bool whatIf) {
    const bool open = !session_.checkpoint().isEmpty();
    const bool recipe = !session_.recipe().steps.empty();
    const auto& shown = recipe ? model_->candidate() : model_->baseline();
    QString action;
    if (!open) {
        advice_->setText(tr("Open a model to predict and measure what the recipe does to it."));
        action = tr("Open…");
    } else if (whatIf && !shown) {
        advice_->setText(tr("Predicted for the context and sequences set below."));
    } else if (measuring) {
        advice_->setText(tr("Measuring. The figures appear here when it is done."));
        action = tr("Watch it");
    } else if (!shown) {
        const std::uint64_t candidates = session_.candidates();
        const QString what = !recipe ? tr("Measure the baseline to fill this")
                             : candidates > 1
                                 ? tr("Measure the %1 candidates to fill this").arg(candidates)
                                 : tr("Measure to fill this");
        advice_->setText(seconds > 0 ? QStringLiteral("%1: %2.").arg(what, roughSeconds(seconds))
                                     : what + QLatin1Char('.'));
        action = tr("Measure");
    } else {
        advice_->setText(recipe ? tr("Run %1 against run %2, %3")
                                      .arg(shown->id)
                                      .arg(model_->baseline() ? model_->baseline()->id : 0)
                                      .arg(timeAgo(shown->created))
                                : tr("Run %1, %2. Switch a technique on to see what it does.")
                                      .arg(shown->id)
                                      .arg(timeAgo(shown->created)));
    }
    button_->setVisible(!action.isEmpty());
    button_->setText(action);
    button_->setAccessibleName(action);
}

}  // namespace hone::ui
