// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/ledger_model.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "engine/experiment/client/predicted.h"
#include "profiler/statistics/metrics.h"
#include "ui/models/engaged_text.h"
#include "ui/models/metric_text.h"
#include "ui/models/run_roles.h"
#include "ui/theme/plain_text.h"
#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

using profiler::Prominence;

std::vector<std::string> metricsWith(std::initializer_list<Prominence> wanted) {
    std::vector<std::string> ids;
    for (const auto& metric : profiler::metric_definitions())
        if (std::find(wanted.begin(), wanted.end(), metric.prominence) != wanted.end())
            ids.emplace_back(metric.id);
    return ids;
}

// Whether a technique of the recipe changes this figure, where every run has it.
bool isOfInterest(const std::string& id, const profiler::RunRecord& run, const Registry& registry) {
    if (!metricOf(run, id)) return false;
    const bool anywhere = profiler::find_metric(id)->prominence == Prominence::measured;
    if (anywhere || !run.what.recipe.is_array()) return anywhere;
    return std::any_of(
        run.what.recipe.begin(), run.what.recipe.end(), [&](const nlohmann::json& step) {
            const nlohmann::json name =
                step.is_object() ? step.value("technique", nlohmann::json()) : nlohmann::json();
            const Descriptor* technique =
                name.is_string() ? registry.find(name.get_ref<const std::string&>()) : nullptr;
            return technique != nullptr &&
                   std::find(technique->metrics.begin(), technique->metrics.end(), id) !=
                       technique->metrics.end();
        });
}

QString shown(const std::string& id, double value) {
    return metricUnit(id).isEmpty() ? formatMetric(QString::fromStdString(id), value)
                                    : formatNumber(value);
}

}  // namespace

LedgerModel::LedgerModel(QObject* parent) : QAbstractTableModel(parent), metrics_(metrics()) {}

std::vector<std::string> LedgerModel::metrics() {
    return metricsWith({Prominence::headline});
}

void LedgerModel::setRuns(std::optional<profiler::RunRecord> baseline,
                          std::optional<profiler::RunRecord> candidate,
                          std::optional<profiler::Comparison> comparison) {
    beginResetModel();
    baseline_ = std::move(baseline);
    candidate_ = std::move(candidate);
    comparison_ = std::move(comparison);
    chooseRows();
    endResetModel();
}

void LedgerModel::chooseRows() {
    metrics_ = metrics();
    for (const std::string& id : metricsWith({Prominence::measured, Prominence::technique})) {
        const bool wanted = (baseline_ && isOfInterest(id, *baseline_, *registry_)) ||
                            (candidate_ && isOfInterest(id, *candidate_, *registry_));
        if (wanted) metrics_.push_back(id);
    }
    techniques_.clear();
    if (!candidate_ || !candidate_->engaged.is_object()) return;
    for (const auto& [id, evidence] : candidate_->engaged.items())
        if (!engagedText(evidence).isEmpty()) techniques_.push_back(id);
}

void LedgerModel::setPrediction(const std::optional<messages::PredictReply>& recipe,
                                const std::optional<messages::PredictReply>& baseline) {
    prediction_.clear();
    predictedBaseline_.clear();
    if (recipe) prediction_ = predicted_metrics(*recipe);
    if (baseline) predictedBaseline_ = predicted_metrics(*baseline);
    emit dataChanged(index(0, Baseline), index(rowCount() - 1, Verdict));
}

void LedgerModel::setCalibrating(bool calibrating) {
    calibrating_ = calibrating;
    emit dataChanged(index(0, Predicted), index(rowCount() - 1, Predicted));
}

int LedgerModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(metrics_.size() + techniques_.size());
}

int LedgerModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : ColumnCount;
}

const profiler::ComparedMetric* LedgerModel::compared(const std::string& id) const {
    if (!comparison_) return nullptr;
    for (const auto& metric : comparison_->metrics)
        if (metric.id == id) return &metric;
    return nullptr;
}

// The baseline's where there is no recipe's.
const std::optional<profiler::RunRecord>& LedgerModel::shownRun() const {
    return candidate_ ? candidate_ : baseline_;
}

// What was predicted of a run before it began stays beside what was measured; without a run, what
// is predicted now.
std::optional<double> LedgerModel::predicted(const std::string& id) const {
    if (const auto& run = shownRun(); run && candidate_) {
        if (const auto found = run->predicted.find(id); found != run->predicted.end())
            return found->second;
    }
    const auto found = prediction_.find(id);
    return found == prediction_.end() ? std::nullopt : std::optional(found->second);
}

QVariant LedgerModel::metricCell(const std::string& id, int role) const {
    if (role == Qt::DisplayRole) {
        const std::string title(profiler::find_metric(id)->row_title);
        return title.empty() ? metricTitle(id)
                             : QCoreApplication::translate("Metric", title.c_str());
    }
    if (role == SuffixRole) return metricUnit(id);
    if (role == Qt::ToolTipRole) return plainTip(metricDefinition(id));
    return {};
}

// What is predicted of it until it is measured.
QVariant LedgerModel::baselineCell(const std::string& id, int role) const {
    const auto foreseen = predictedBaseline_.find(id);
    if (baseline_ || foreseen == predictedBaseline_.end()) return runCell(baseline_, id, role);
    const double value = foreseen->second;
    if (role == Qt::DisplayRole) return shown(id, value);
    if (role == ToneRole) return static_cast<int>(Tone::muted);
    if (role == Qt::ToolTipRole)
        return metricTooltip(id, {value, value, value, 1, {}}, tr("Predicted, not measured."));
    return {};
}

QVariant LedgerModel::runCell(const std::optional<profiler::RunRecord>& run, const std::string& id,
                              int role) const {
    const auto value = run ? metricOf(*run, id) : std::nullopt;
    if (!value) return {};
    if (role == Qt::DisplayRole) return shown(id, value->value);
    if (role == Qt::ToolTipRole) return metricTooltip(id, *value);
    return {};
}

// With what the columns say that give way where there is little room.
QVariant LedgerModel::measuredCell(const std::string& id, int role) const {
    const auto value = candidate_ ? metricOf(*candidate_, id) : std::nullopt;
    const auto foreseen = predicted(id);
    if (role != Qt::ToolTipRole || !value || !foreseen) return runCell(candidate_, id, role);
    const QString off = offByCell(id, Qt::DisplayRole).toString();
    const QString words = off.isEmpty() ? tr("Predicted: %1") : tr("Predicted: %1, off by %2");
    const QString more = off.isEmpty()
                             ? words.arg(formatMetric(QString::fromStdString(id), *foreseen))
                             : words.arg(formatMetric(QString::fromStdString(id), *foreseen), off);
    return metricTooltip(id, *value, more);
}

QVariant LedgerModel::predictedCell(const std::string& id, int role) const {
    const auto value = predicted(id);
    const auto& metric = *profiler::find_metric(id);
    const bool timed =
        metric.kind == profiler::Kind::speed && metric.prominence == Prominence::headline;
    if (!value && calibrating_ && timed) {
        if (role == Qt::DisplayRole) return QStringLiteral("…");
        if (role == Qt::ToolTipRole)
            return tr("Timing this machine's kernels, once. It takes some seconds.");
    }
    if (!value) return {};
    if (role == Qt::DisplayRole) return shown(id, *value);
    if (role == Qt::ToolTipRole) return metricTooltip(id, {*value, *value, *value, 1, {}});
    if (role == ToneRole) return static_cast<int>(Tone::muted);
    return {};
}

QVariant LedgerModel::offByCell(const std::string& id, int role) const {
    if (role == ToneRole) return static_cast<int>(Tone::muted);
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole) return {};
    const auto foreseen = predicted(id);
    const auto measured = candidate_ ? metricOf(*candidate_, id) : std::nullopt;
    if (!foreseen || !measured || !(measured->value > 0)) return {};
    if (role == Qt::ToolTipRole)
        return tr("How far the prediction lies above (+) or below (−) what was measured");
    const int percent = static_cast<int>(std::lround(100 * (*foreseen / measured->value - 1)));
    const QString sign = percent > 0   ? QStringLiteral("+")
                         : percent < 0 ? QStringLiteral("−")
                                       : QString();
    return QStringLiteral("%1%2 %").arg(sign, QString::number(std::abs(percent)));
}

QVariant LedgerModel::intervalCell(const std::string& id, int role) const {
    if (role == ToneRole) return static_cast<int>(Tone::muted);
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole) return {};
    const profiler::ComparedMetric* metric = compared(id);
    if (metric != nullptr && metric->refusal.empty() && !verdictText(*metric).interval.isEmpty())
        return role == Qt::DisplayRole ? verdictText(*metric).interval
                                       : verdictText(*metric).tooltip;
    // Against the baseline by definition: the figure's own interval, of 95 %.
    const auto own = candidate_ && metric == nullptr ? metricOf(*candidate_, id) : std::nullopt;
    if (!own) return {};
    return role == Qt::DisplayRole ? intervalText(id, *own) : metricTooltip(id, *own);
}

// Prediction against prediction: beside a measured figure it would count the prediction's error as
// the recipe's doing.
QVariant LedgerModel::predictedVerdictCell(const std::string& id, int role) const {
    const auto recipe = prediction_.find(id), baseline = predictedBaseline_.find(id);
    if (candidate_ || recipe == prediction_.end() || baseline == predictedBaseline_.end() ||
        !(recipe->second > 0) || !(baseline->second > 0))
        return {};
    const double ratio = recipe->second / baseline->second;
    if (role == ToneRole) return static_cast<int>(Tone::muted);
    if (role == Qt::DisplayRole) return predictedVerdictText(id, ratio);
    if (role == Qt::ToolTipRole)
        return plainTip(tr("Predicted, not measured: recipe / baseline = %1. %2")
                            .arg(formatExact(ratio), metricDefinition(id)));
    return {};
}

QVariant LedgerModel::verdictCell(const std::string& id, int role) const {
    const profiler::ComparedMetric* metric = compared(id);
    if (metric == nullptr) return predictedVerdictCell(id, role);
    const VerdictText verdict = verdictText(*metric);
    if (role == Qt::DisplayRole) return verdict.text;
    if (role == ToneRole) return static_cast<int>(verdict.tone);
    if (role == StrongRole) return verdict.tone == Tone::better || verdict.tone == Tone::worse;
    if (role == Qt::ToolTipRole) return verdict.tooltip;
    return {};
}

QVariant LedgerModel::techniqueCell(const std::string& id, int column, int role) const {
    const nlohmann::json& evidence = candidate_->engaged.at(id);
    const bool engaged = evidence.value("engaged", false);
    if (role == Qt::ToolTipRole) return plainTip(countedText(id, evidence, *registry_));
    if (column == Metric && role == Qt::DisplayRole) return techniqueTitle(id, *registry_);
    if (column == Measured && role == Qt::DisplayRole) {
        const nlohmann::json value = evidence.value("value", nlohmann::json());
        return value.is_number() ? QVariant(formatExact(value.get<double>())) : QVariant();
    }
    if (column != Verdict) return {};
    if (role == Qt::DisplayRole) return engagedText(evidence);
    if (role == ToneRole) return static_cast<int>(engaged ? Tone::muted : Tone::worse);
    if (role == StrongRole) return !engaged;
    return {};
}

QVariant LedgerModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) return {};
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>((index.column() == Metric ? Qt::AlignLeft : Qt::AlignRight) |
                                Qt::AlignVCenter);
    const auto row = static_cast<std::size_t>(index.row());
    if (row >= metrics_.size())
        return techniqueCell(techniques_[row - metrics_.size()], index.column(), role);
    const std::string& id = metrics_[row];
    switch (index.column()) {
        case Metric:
            return metricCell(id, role);
        case Baseline:
            return baselineCell(id, role);
        case Predicted:
            return predictedCell(id, role);
        case Measured:
            return measuredCell(id, role);
        case OffBy:
            return offByCell(id, role);
        case Interval:
            return intervalCell(id, role);
        default:
            return verdictCell(id, role);
    }
}

QVariant LedgerModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole)
        return static_cast<int>((section == Metric ? Qt::AlignLeft : Qt::AlignRight) |
                                Qt::AlignVCenter);
    if (role == Qt::ToolTipRole && section == Predicted)
        return tr(
            "Before anything runs: memory and size from the model's shapes, times from these and "
            "how fast "
            "this "
            "machine's kernels are. Accuracy is not predicted.");
    if (role == Qt::ToolTipRole && section == Interval)
        return tr(
            "Beside a verdict the 99 % interval that decides it, in the verdict's direction; of "
            "figures that "
            "are "
            "a comparison by themselves (KL divergence, top-1) their own 95 % interval.");
    if (role != Qt::DisplayRole) return {};
    static const char* const titles[ColumnCount] = {QT_TR_NOOP("Ledger"),    QT_TR_NOOP("Baseline"),
                                                    QT_TR_NOOP("Predicted"), QT_TR_NOOP("Measured"),
                                                    QT_TR_NOOP("Off by"),    QT_TR_NOOP("Interval"),
                                                    QT_TR_NOOP("Verdict")};
    return tr(titles[section]);
}

}  // namespace hone::ui
