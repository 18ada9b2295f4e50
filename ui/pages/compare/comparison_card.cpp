// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/compare/comparison_card.h"

#include <QHeaderView>
#include <QKeyEvent>
#include <QSettings>
#include <algorithm>

#include "ui/models/runs_model.h"
#include "ui/theme/plain_text.h"

namespace hone::ui {

namespace {

constexpr int shownWarnings = 2;
const QString recipeKey = QStringLiteral("compare/recipeShown");

}  // namespace

ComparisonTable::ComparisonTable(ComparisonModel& model, QWidget* parent)
    : StuckRowsTable(ComparisonCard::tr("Comparison with the baseline"), parent), model_(model) {
    setModel(&model);
    model.setRecipeShown(QSettings().value(recipeKey).toBool());
    connect(this, &QTableView::clicked, this, [this](const QModelIndex& index) {
        if (index.row() == model_.headingRow()) show(!model_.recipeShown());
    });
}

void ComparisonTable::show(bool recipe) {
    model_.setRecipeShown(recipe);
    QSettings().setValue(recipeKey, recipe);
}

std::optional<StuckRowsTable::Heading> ComparisonTable::headingAt(int row) const {
    if (row != model_.headingRow()) return std::nullopt;
    return Heading{model_.index(row, 0).data().toString(), !model_.recipeShown()};
}

void ComparisonTable::keyPressEvent(QKeyEvent* event) {
    const int key = event->key();
    if (currentIndex().row() != model_.headingRow() || !currentIndex().isValid())
        return StuckRowsTable::keyPressEvent(event);
    if (key == Qt::Key_Return || key == Qt::Key_Enter || key == Qt::Key_Space)
        return show(!model_.recipeShown());
    if (key == Qt::Key_Left || key == Qt::Key_Right) return show(key == Qt::Key_Right);
    StuckRowsTable::keyPressEvent(event);
}

ComparisonCard::ComparisonCard(profiler::Store& store, const Registry& registry, QWidget* parent)
    : Card({}, parent),
      store_(store),
      registry_(registry),
      model_(new ComparisonModel(this)),
      table_(new ComparisonTable(*model_)),
      foot_(new QWidget),
      warnings_(new TextLabel({}, TextStyle::caption, Tone::muted)),
      differences_(new QCheckBox(tr("Differences only"))),
      empty_(new TextLabel({}, TextStyle::body, Tone::muted)) {
    setFlush(true);
    empty_->setWordWrap(true);
    empty_->setAlignment(Qt::AlignCenter);
    empty_->setContentsMargins(spacing::page, spacing::page, spacing::page, spacing::page);
    table_->setSelectionMode(QAbstractItemView::NoSelection);
    // A verdict is never without its interval: columns are as wide as theirs, and scroll.
    table_->horizontalHeader()->setResizeContentsPrecision(-1);
    table_->setDraggableColumns();
    table_->setSharingFrom(1);
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
    if (isShown(baseline, runs)) return;
    shown_.clear();
    if (baseline != nullptr) shown_.push_back(*baseline);
    shown_.insert(shown_.end(), runs.begin(), runs.end());
    const bool filled = baseline != nullptr && !runs.empty();
    empty_->setVisible(!filled);
    table_->setVisible(filled);
    foot_->setVisible(filled);
    if (!filled) {
        model_->clear();
        empty_->setText(baseline == nullptr
                            ? tr("Choose a baseline in the first column, then tick the runs to "
                                 "compare with it.")
                            : tr("Tick one or more runs (Space) to compare them with run %1.")
                                  .arg(baseline->id));
        return;
    }
    std::vector<profiler::Comparison> comparisons;
    std::vector<profiler::RunRecord>
        whole;  // a list of runs comes without what shows that techniques engaged
    for (const profiler::RunRecord& run : runs) {
        comparisons.push_back(profiler::compare(store_, *baseline, run));
        whole.push_back(store_.load(run.id).value_or(run));
    }
    const profiler::RunRecord reference = store_.load(baseline->id).value_or(*baseline);
    model_->setRuns(*baseline, runs, std::move(comparisons),
                    runDifferences(reference, whole, registry_));
    table_->setDraggedWidths({});
    showWarnings();
}

// Other runs of the table come and go while these are read.
bool ComparisonCard::isShown(const profiler::RunRecord* baseline,
                             const std::vector<profiler::RunRecord>& runs) const {
    return baseline != nullptr && shown_.size() == runs.size() + 1 &&
           sameRun(shown_.front(), *baseline) &&
           std::equal(runs.begin(), runs.end(), shown_.begin() + 1, sameRun);
}

// A table of many runs has many: the first few, and how many more the tooltip has.
void ComparisonCard::showWarnings() {
    const QStringList warnings = model_->warnings();
    QString text = warnings.mid(0, shownWarnings).join(QStringLiteral(" · "));
    if (warnings.size() > shownWarnings)
        text += tr(" · and %1 more").arg(warnings.size() - shownWarnings);
    if (warnings.isEmpty())
        text =
            tr("With each verdict the 99 % interval that decides it, in the verdict's direction.");
    // Two columns or more beside the metrics' names.
    if (model_->columnCount() > 2)
        text += (warnings.isEmpty() ? QStringLiteral(" ") : QStringLiteral(". ")) +
                tr("Each interval is of its own comparison.");
    warnings_->setText(text);
    const QString each =
        tr("Each interval is of its own comparison: the more runs are ticked, the likelier one "
           "verdict is "
           "chance.");
    warnings_->setToolTip(plainTip((warnings + QStringList{each}).join(QLatin1Char('\n'))));
    warnings_->setTone(warnings.isEmpty() ? Tone::muted : Tone::warning);
}

}  // namespace hone::ui
