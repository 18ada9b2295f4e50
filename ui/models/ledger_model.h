// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/experiment/protocol/messages/plans.h"
#include "engine/techniques/schema/schema.h"
#include "profiler/report/comparison.h"

namespace hone::ui {

// Baseline against recipe, one figure a row: what is predicted, what was measured and what may be
// said of it. Where nothing was measured yet, baseline and verdict are predictions: muted, the
// verdict's arrow in outline, and "predicted" in their tooltips. Metrics that some techniques have
// follow where a run has them, and then the techniques: whether each engaged, with the counter that
// says so.
class LedgerModel : public QAbstractTableModel {
    Q_OBJECT
public:
    enum Column { Metric, Baseline, Predicted, Measured, OffBy, Interval, Verdict, ColumnCount };

    explicit LedgerModel(QObject* parent = nullptr);

    void setRuns(std::optional<profiler::RunRecord> baseline,
                 std::optional<profiler::RunRecord> candidate,
                 std::optional<profiler::Comparison> comparison);
    // Predictions of the recipe, and of the model as it is.
    void setPrediction(const std::optional<messages::PredictReply>& recipe,
                       const std::optional<messages::PredictReply>& baseline = {});
    void setCalibrating(bool calibrating);  // times will follow
    // Whose titles the rows of techniques have.
    void setRegistry(const Registry& registry) { registry_ = &registry; }
    const std::optional<profiler::RunRecord>& baseline() const { return baseline_; }
    const std::optional<profiler::RunRecord>& candidate() const { return candidate_; }
    static std::vector<std::string> metrics();  // that every pair of runs has a row of

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QVariant metricCell(const std::string& id, int role) const;
    QVariant baselineCell(const std::string& id, int role) const;
    QVariant runCell(const std::optional<profiler::RunRecord>& run, const std::string& id,
                     int role) const;
    QVariant measuredCell(const std::string& id, int role) const;
    QVariant predictedCell(const std::string& id, int role) const;
    QVariant offByCell(const std::string& id, int role) const;
    QVariant intervalCell(const std::string& id, int role) const;
    QVariant verdictCell(const std::string& id, int role) const;
    QVariant predictedVerdictCell(const std::string& id, int role) const;
    QVariant techniqueCell(const std::string& id, int column, int role) const;
    void chooseRows();
    std::optional<double> predicted(const std::string& id) const;
    const std::optional<profiler::RunRecord>& shownRun() const;
    const profiler::ComparedMetric* compared(const std::string& id) const;

    // Metrics, then the techniques of the candidate that a run can tell of whether they engaged.
    std::vector<std::string> metrics_, techniques_;
    const Registry* registry_ = &builtin_registry();
    std::optional<profiler::RunRecord> baseline_, candidate_;
    std::optional<profiler::Comparison> comparison_;
    std::map<std::string, double> prediction_, predictedBaseline_;  // of what is shown, by metric
    bool calibrating_ = false;
};

}  // namespace hone::ui
