// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/tensor_panel.h"

#include <QToolButton>

#include "ui/charts/chart_card.h"
#include "ui/charts/histogram_chart.h"
#include "ui/models/model_facts.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/fact_list.h"

namespace hone::ui {

namespace {

constexpr int bins = 80;

const QString statsKey = QStringLiteral("tensor stats");

QString share(double part, double whole) {
    return whole > 0 ? formatNumber(100 * part / whole, QStringLiteral("%")) : QString();
}

}  // namespace

TensorPanel::TensorPanel(Session& session, QWidget* parent)
    : Card({}, parent),
      session_(session),
      subtitle_(new TextLabel({}, TextStyle::body, Tone::muted)),
      banner_(new Banner),
      chart_(new HistogramChart(tr("Histogram of the weights"))),
      chartMenu_(chartMenuButton(tr("Data of the histogram"), [this] { return chart_; })),
      facts_(new FactList),
      empty_(new EmptyState(
          QStringLiteral("model"), tr("No tensor is selected"),
          tr("Select a tensor on the left to see how its weights are distributed."))) {
    chart_->setMinimumHeight(180);
    chart_->setAxes(tr("value"), tr("weights"));
    addHeaderWidget(chartMenu_);
    body()->addWidget(subtitle_);
    body()->addWidget(banner_);
    body()->addWidget(chart_, 1);
    body()->addWidget(facts_);
    body()->addWidget(empty_, 1);
    show(nullptr);
}

void TensorPanel::show(const TensorTree::Node* node) {
    banner_->clear();
    const bool isTensor = node != nullptr && !node->tensorName.isEmpty();
    setTitle(node == nullptr ? QString() : isTensor ? node->tensorName : node->label);
    subtitle_->setVisible(node != nullptr);
    chart_->setVisible(isTensor);
    chartMenu_->setVisible(isTensor);
    facts_->setVisible(node != nullptr);
    empty_->setVisible(!isTensor);
    if (node == nullptr) {
        empty_->setTexts(tr("No tensor is selected"),
                         tr("Select a tensor on the left to see how its weights are distributed."));
        return;
    }
    if (!isTensor) return showGroup(*node);
    subtitle_->setText(tr("%1 · %2 · %3").arg(node->type, node->shape, formatBytes(node->bytes)));
    request(node->tensorName);
}

void TensorPanel::showGroup(const TensorTree::Node& node) {
    subtitle_->setText(tr("%1 · %2").arg(node.type, formatBytes(node.bytes)));
    facts_->setFacts({{tr("Tensors"), formatExact(node.tensors)},
                      {tr("Parameters"), formatCount(node.elements), formatExact(node.elements)},
                      {tr("Bits per weight"),
                       formatNumber(node.elements > 0 ? node.bytes * 8 / node.elements : 0)}});
    empty_->setTexts(tr("A group of tensors"),
                     tr("Open it and select one tensor to see its weights."));
    session_.jobs().forget(statsKey);
}

void TensorPanel::request(const QString& tensor) {
    chart_->setData(0, 0, {});
    facts_->setFacts({{tr("Reading the weights…"), {}}});
    session_.jobs().ask(
        statsKey, this,
        messages::TensorStats{.checkpoint = session_.checkpoint().toStdString(),
                              .tensor = tensor.toStdString(),
                              .bins = bins},
        [this](const messages::TensorStatsReply& stats) { fill(stats); },
        [this](const ErrorDetails& error) {
            facts_->setFacts({});
            banner_->showError(error);
        });
}

void TensorPanel::fill(const messages::TensorStatsReply& stats) {
    const auto& bars = stats.histogram.counts;
    chart_->setData(stats.histogram.low, stats.histogram.high, {bars.begin(), bars.end()});
    const auto count = static_cast<double>(stats.count);
    const auto zeros = static_cast<double>(stats.zeros);
    const auto outliers = static_cast<double>(stats.outliers);
    facts_->setFacts(
        {{tr("Weights"), formatCount(count), formatExact(count)},
         {tr("Smallest · largest"),
          QStringLiteral("%1 · %2").arg(formatNumber(stats.min), formatNumber(stats.max)),
          QStringLiteral("%1 · %2").arg(formatExact(stats.min), formatExact(stats.max))},
         {tr("Mean"), formatNumber(stats.mean), formatExact(stats.mean)},
         {tr("Standard deviation"), formatNumber(stats.std), formatExact(stats.std)},
         {tr("Zeros"), share(zeros, count),
          tr("%1 weights are exactly zero").arg(formatExact(zeros))},
         {tr("Outliers"), share(outliers, count),
          tr("%1 weights lie beyond six standard deviations").arg(formatExact(outliers))}});
    warn(stats);
}

void TensorPanel::warn(const messages::TensorStatsReply& stats) {
    if (stats.nans == 0 && stats.infs == 0) return;
    banner_->show(
        Banner::Kind::warning,
        tr("%1 weights are not numbers and %2 are infinite.")
            .arg(formatExact(static_cast<double>(stats.nans)),
                 formatExact(static_cast<double>(stats.infs))),
        tr("The checkpoint is damaged or was converted wrongly: its output means nothing."));
}

}  // namespace hone::ui
