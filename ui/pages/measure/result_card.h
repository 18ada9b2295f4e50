// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPushButton>

#include "ui/models/comparison_model.h"
#include "ui/models/session.h"
#include "ui/widgets/card.h"

namespace hone::ui {

class Banner;
class FigureTable;

// How the last measurement ended: verdicts, or why there are none; until one ends, the newest
// stored one.
class ResultCard : public Card {
    Q_OBJECT
public:
    explicit ResultCard(Session& session, QWidget* parent = nullptr);
    void showResult(const MeasureResult& result);
    // Shows an earlier measurement; hidden where there is none, or where this window's own last
    // one is shown.
    void showStored(const std::optional<profiler::RunRecord>& baseline,
                    const std::optional<profiler::RunRecord>& run);

private:
    void showComparison(const profiler::RunRecord& run, const profiler::Comparison& comparison);
    void showSeries(const MeasureResult& result);
    void showAlone(const profiler::RunRecord& run);
    void showNotes(const profiler::RunRecord& run, const QStringList& warnings);
    void begin(const QString& title);
    void nameButton(const QString& name);
    void nameRun(const profiler::RunRecord& run);
    Session& session_;
    ComparisonModel* model_;
    TextLabel* title_;
    FigureTable* table_;
    TextLabel *alone_, *notes_;
    Banner* banner_;
    QPushButton *button_, *trace_;
    std::int64_t run_ = 0;
    bool measured_ = false;  // what is shown was measured in this window
};

}  // namespace hone::ui
