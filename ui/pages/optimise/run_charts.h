// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QBoxLayout>
#include <QWidget>
#include <optional>

#include "engine/experiment/protocol/messages/plans.h"
#include "ui/models/session.h"

namespace hone::ui {

class ChartCard;
class LineChart;
class StackedBarsChart;

// Each token's time, and peak memory by class: of baseline and recipe on one scale, predicted until
// they are measured.
class RunCharts : public QWidget {
    Q_OBJECT
public:
    explicit RunCharts(Session& session, QWidget* parent = nullptr);

    using Run = std::optional<profiler::RunRecord>;
    using Prediction = std::optional<messages::PredictReply>;
    // Throws StoreError.
    void show(const Run& baseline, const Run& recipe, const Prediction& predictedBaseline,
              const Prediction& predictedRecipe);

    QSize minimumSizeHint() const override;

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void showTimes(const Run& baseline, const Run& recipe);
    Session& session_;
    QBoxLayout* row_;
    LineChart* tokenTimes_;
    StackedBarsChart* memory_;
    ChartCard *memoryCard_, *timesCard_;
};

}  // namespace hone::ui
