// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QCheckBox>

#include "ui/models/comparison_model.h"
#include "ui/tables/stuck_rows_table.h"
#include "ui/widgets/card.h"

namespace hone::ui {

// The comparison, whose heading of the recipe's rows opens and closes with a click, Return or
// Space.
class ComparisonTable : public StuckRowsTable {
    Q_OBJECT
public:
    ComparisonTable(ComparisonModel& model, QWidget* parent = nullptr);

protected:
    std::optional<Heading> headingAt(int row) const override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    void show(bool recipe);
    ComparisonModel& model_;
};

// The ticked runs against the pinned one.
class ComparisonCard : public Card {
    Q_OBJECT
public:
    ComparisonCard(profiler::Store& store, const Registry& registry, QWidget* parent = nullptr);

    // Reads the runs' samples. `baseline` null or `runs` empty: says what to do. Throws StoreError.
    void compare(const profiler::RunRecord* baseline, const std::vector<profiler::RunRecord>& runs);
    const ComparisonModel& model() const { return *model_; }

private:
    bool isShown(const profiler::RunRecord* baseline,
                 const std::vector<profiler::RunRecord>& runs) const;
    void showWarnings();
    profiler::Store& store_;
    const Registry& registry_;
    ComparisonModel* model_;
    ComparisonTable* table_;
    QWidget* foot_;
    TextLabel* warnings_;
    QCheckBox* differences_;
    TextLabel* empty_;
    std::vector<profiler::RunRecord> shown_;  // the baseline, and what is compared with it
};

}  // namespace hone::ui
