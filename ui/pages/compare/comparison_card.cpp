// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/compare/comparison_card.h"

#include <QHeaderView>

#include "ui/pages/tables/figure_table.h"

namespace hone::ui {

ComparisonCard::ComparisonCard(profiler::Store& store, QWidget* parent)
    : Card({}, parent),
      store_(store),
      model_(new ComparisonModel(this)),
      table_(new FigureTable(tr("Comparison with the baseline"))),
      foot_(new QWidget),
      warnings_(new TextLabel({}, TextStyle::caption, Tone::muted)),
      differences_(new QCheckBox(tr("Differences only"))),
      empty_(new TextLabel({}, TextStyle::body, Tone::muted)) {
    setFlush(true);
    empty_->setWordWrap(true);
    empty_->setAlignment(Qt::AlignCenter);
    empty_->setContentsMargins(spacing::page, spacing::page, spacing::page, spacing::page);
    table_->setModel(model_);
    table_->setSelectionMode(QAbstractItemView::NoSelection);
    warnings_->setWordWrap(true);
    differences_->setAccessibleName(tr("Show differences only"));
    auto* row = new QHBoxLayout(foot_);
    row->setContentsMargins(12, 6, 12, 6);
    row->addWidget(warnings_, 1);
    row->addWidget(differences_);
    body()->setSpacing(0);
    body()->addWidget(empty_, 1);
    body()->addWidget(table_, 1);
    body()->addWidget(foot_);
    connect(differences_, &QCheckBox::toggled, model_, &ComparisonModel::setDifferencesOnly);
}

void ComparisonCard::compare(const profiler::RunRecord* baseline,
                             const std::vector<profiler::RunRecord>& runs) {
    const bool filled = baseline != nullptr && !runs.empty();
    empty_->setVisible(!filled);
    table_->setVisible(filled);
    foot_->setVisible(filled);
    if (!filled) {
        model_->clear();
        empty_->setText(
            baseline == nullptr
                ? tr("Choose a baseline in the first column, then tick the runs to compare with it.")
                : tr("Tick one or more runs (Space) to compare them with run %1.").arg(baseline->id));
        return;
    }
    std::vector<profiler::Comparison> comparisons;
    for (const profiler::RunRecord& run : runs)
        comparisons.push_back(profiler::compare(store_, *baseline, run));
    model_->setRuns(*baseline, runs, std::move(comparisons));
    for (int column = 0; column <= static_cast<int>(runs.size()); ++column)
        table_->horizontalHeader()->setSectionResizeMode(column, QHeaderView::Stretch);
    const QStringList warnings = model_->warnings();
    warnings_->setText(warnings.isEmpty() ? tr("Ratios are candidate / baseline with their 95 % interval.")
                                          : warnings.join(QStringLiteral(" · ")));
    warnings_->setTone(warnings.isEmpty() ? Tone::muted : Tone::warning);
}

}  // namespace hone::ui
