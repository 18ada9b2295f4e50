// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QCheckBox>

#include "ui/models/comparison_model.h"
#include "ui/widgets/card.h"

namespace hone::ui {

class FigureTable;

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
    FigureTable* table_;
    QWidget* foot_;
    TextLabel* warnings_;
    QCheckBox* differences_;
    TextLabel* empty_;
    std::vector<profiler::RunRecord> shown_;  // the baseline, and what is compared with it
};

}  // namespace hone::ui
