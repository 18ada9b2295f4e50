// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/timeline/figures_pane.h"

#include <QAbstractItemView>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QSignalBlocker>
#include <QSortFilterProxyModel>
#include <QStackedWidget>
#include <QTabBar>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/charts/chart_card.h"
#include "ui/charts/line_chart.h"
#include "ui/charts/roofline_chart.h"
#include "ui/forms/schema_text.h"
#include "ui/models/run_roles.h"
#include "ui/tables/figure_table.h"
#include "ui/theme/theme.h"
#include "ui/timeline/trace_text.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/share_bar_delegate.h"
#include "ui/widgets/text_label.h"

namespace hone::ui {

namespace {

constexpr int rowHeight = 24, leastRows = 3, leastName = 150;
constexpr int allLayers = -2;

QComboBox* makeChoice(const QString& name) {
    auto* box = new QComboBox;
    box->setAccessibleName(name);
    box->view()->setAccessibleName(name);
    box->setToolTip(name);
    box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    return box;
}

}  // namespace

FiguresPane::FiguresPane(QWidget* parent)
    : QWidget(parent),
      tabs_(new QTabBar),
      by_(makeChoice(tr("What a row stands for"))),
      layers_(makeChoice(tr("Layer that the figures are of"))),
      phases_(makeChoice(tr("Phase that the figures are of"))),
      summary_(new ElidedLabel({}, TextStyle::body)),
      doubts_(new ElidedLabel({}, TextStyle::caption)),
      pages_(new QStackedWidget),
      totals_(new TotalsModel(this)),
      sorted_(new QSortFilterProxyModel(this)),
      table_(new FigureTable(tr("Totals of the trace"))),
      roofline_(new RooflineChart(tr("Roofline"))),
      noRoof_(new TextLabel({}, TextStyle::caption, Tone::muted)),
      memory_(
          new LineChart(tr("Memory over time"), {tr("ms"), tr("MB"), QStringLiteral("MB"), true})) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(4);
    column->addWidget(makeHead());
    column->addWidget(doubts_);
    column->addWidget(pages_, 1);
    summary_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    doubts_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    doubts_->hide();
    roofline_->setEmptyText(tr("Nothing in the range both reads memory and computes."));
    memory_->setEmptyText(tr("This trace has no memory over time: it was recorded on the CPU."));
    pages_->addWidget(makeTable());
    pages_->addWidget(makeRoof());
    pages_->addWidget(memory_);
    connect(tabs_, &QTabBar::currentChanged, this,
            [this](int tab) { show(static_cast<Tab>(tab)); });
    for (QComboBox* box : {by_, phases_})
        connect(box, &QComboBox::currentIndexChanged, this, &FiguresPane::update);
    connect(layers_, &QComboBox::currentIndexChanged, this, &FiguresPane::update);
    connect(layers_, &QComboBox::activated, this, [this] { emit layerChosen(layer()); });
}

QWidget* FiguresPane::makeHead() {
    for (const QString& title : {tr("Table"), tr("Roofline"), tr("Memory")}) tabs_->addTab(title);
    tabs_->setAccessibleName(tr("How the figures are shown"));
    tabs_->setDrawBase(false);
    tabs_->setExpanding(false);
    by_->addItem(tr("by operation"), static_cast<int>(profiler::GroupBy::operation));
    by_->addItem(tr("by kernel"), static_cast<int>(profiler::GroupBy::kernel));
    by_->addItem(tr("by layer"), static_cast<int>(profiler::GroupBy::layer));
    phases_->addItem(tr("both phases"), -1);
    phases_->addItem(tr("prefill"), static_cast<int>(profiler::TracePhase::prefill));
    phases_->addItem(tr("decode"), static_cast<int>(profiler::TracePhase::decode));
    layers_->addItem(tr("all layers"), allLayers);
    auto* head = new QWidget;
    auto* row = new QHBoxLayout(head);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(spacing::inside);
    row->addWidget(tabs_);
    row->addWidget(summary_, 1);
    for (QComboBox* box : {by_, layers_, phases_}) row->addWidget(box);
    menu_ = chartMenuButton(tr("Data of the chart"), [this]() -> Chart* {
        return tabs_->currentIndex() == static_cast<int>(Tab::memory) ? static_cast<Chart*>(memory_)
                                                                      : roofline_;
    });
    row->addWidget(menu_);
    menu_->hide();
    return head;
}

QWidget* FiguresPane::makeRoof() {
    auto* page = new QWidget;
    auto* column = new QVBoxLayout(page);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(2);
    noRoof_->setWordWrap(true);
    column->addWidget(noRoof_);
    column->addWidget(roofline_, 1);
    return page;
}

// What the figures are of: "All", or every choice that makes them less.
QString FiguresPane::part() const {
    QStringList parts;
    if (range_) parts << tr("selected");
    if (const auto chosen = layer()) parts << tr("layer %1").arg(*chosen);
    if (phases_->currentData().toInt() >= 0) parts << phases_->currentText();
    if (parts.isEmpty()) return tr("All");
    QString text = parts.join(QStringLiteral(", "));
    text[0] = text[0].toUpper();
    return text;
}

QWidget* FiguresPane::makeTable() {
    sorted_->setSourceModel(totals_);
    sorted_->setSortRole(SortRole);
    table_->setModel(sorted_);
    table_->setItemDelegateForColumn(TotalsModel::Name, new OperationDelegate(table_));
    table_->setItemDelegateForColumn(TotalsModel::Share, new ShareBarDelegate(table_));
    table_->verticalHeader()->setDefaultSectionSize(rowHeight);
    table_->setSortingEnabled(true);
    table_->sortByColumn(TotalsModel::Time, Qt::DescendingOrder);
    // Names get what figures leave.
    table_->horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    table_->setStretchedColumn(TotalsModel::Name, leastName);
    table_->setMinimumHeight(spacing::headerHeight + leastRows * rowHeight);
    table_->setToolTip(tr("Return or a double click finds the row in the timeline"));
    connect(table_, &QTableView::activated, this, [this](const QModelIndex& index) {
        emit searched(index.siblingAtColumn(TotalsModel::Name).data().toString());
    });
    return table_;
}

void FiguresPane::setData(std::shared_ptr<const TraceData> made) {
    data_ = std::move(made);
    range_.reset();
    event_.reset();
    {
        const QSignalBlocker quiet(layers_);
        const std::optional<std::int32_t> before = layer();
        layers_->clear();
        layers_->addItem(tr("all layers"), allLayers);
        for (std::int32_t i = 0; i <= data_->mostLayer(); ++i)
            layers_->addItem(tr("layer %1").arg(i), i);
        layers_->setCurrentIndex(before ? std::max(0, layers_->findData(*before)) : 0);
    }
    updateColumns();
    updateMemory();
    update();
}

void FiguresPane::setRange(std::optional<TimeRange> range) {
    if (range == range_) return;
    range_ = range;
    update();
}

std::optional<std::int32_t> FiguresPane::layer() const {
    const int chosen = layers_->currentData().toInt();
    return chosen == allLayers || layers_->currentIndex() < 0 ? std::nullopt
                                                              : std::optional<std::int32_t>(chosen);
}

void FiguresPane::setLayer(std::optional<std::int32_t> layer) {
    layers_->setCurrentIndex(layer ? std::max(0, layers_->findData(*layer)) : 0);
}

void FiguresPane::selectEvent(std::optional<std::size_t> event) {
    event_ = event;
    showSelected();
}

// The row that the event counts in; none where it is no work, or not of the layer or phase that is
// shown.
void FiguresPane::showSelected() {
    table_->clearSelection();
    if (!event_) return;
    const profiler::TraceEvent& event = data_->event(*event_);
    const auto& groups = totals_->totals();
    const auto found =
        std::find_if(groups.begin(), groups.end(), [&](const profiler::KernelGroup& group) {
            switch (totals_->grouping()) {
                case profiler::GroupBy::kernel:
                    return group.name == data_->name(event);
                case profiler::GroupBy::operation:
                    return group.operation == event.operation;
                case profiler::GroupBy::layer:
                    return group.layer == event.layer;
            }
            return false;
        });
    if (found == groups.end()) return;
    const auto row = static_cast<int>(found - groups.begin());
    const QModelIndex index = sorted_->mapFromSource(totals_->index(row, TotalsModel::Name));
    table_->selectRow(index.row());
    table_->scrollTo(index);
}

void FiguresPane::setGrouping(profiler::GroupBy by) {
    by_->setCurrentIndex(by_->findData(static_cast<int>(by)));
}

profiler::TraceFilter FiguresPane::filter() const {
    const TimeRange range = range_.value_or(data_->all());
    profiler::TraceFilter filter{range.begin, range.end, layer(), {}};
    if (const int phase = phases_->currentData().toInt(); phase >= 0)
        filter.phase = static_cast<profiler::TracePhase>(phase);
    return filter;
}

void FiguresPane::update() {
    if (!data_) return;
    const auto by = static_cast<profiler::GroupBy>(by_->currentData().toInt());
    const profiler::CudaTraceFacts& facts = data_->trace().device;
    totals_->setTotals(data_->groups(by, filter()), by, facts);
    QString summary = QStringLiteral("%1: %2").arg(
        part(), totalsText(totals_->totals(), range_.value_or(data_->all())));
    if (data_->ofDevice()) summary += QStringLiteral(" · ") + bytesSource(data_->trace());
    summary_->setText(summary);
    table_->setAccessibleDescription(summary_->text());
    table_->setColumnHidden(TotalsModel::Launch,
                            !data_->ofDevice() || by != profiler::GroupBy::kernel);
    std::vector<RooflinePoint> points;
    const Palette& p = Theme::instance().palette();
    for (const profiler::KernelGroup& group : totals_->totals())
        points.push_back({groupName(group, by), group.intensity(), group.flops_rate(), group.share,
                          p.operations[static_cast<std::size_t>(group.operation)],
                          group.intensity_counted()});
    roofline_->setRoofline(std::move(points), {facts.peak_bandwidth, facts.peak_flops});
    showSelected();
}

// Without a device's peaks there is nothing to hold figures against.
void FiguresPane::updateColumns() {
    const profiler::CudaTraceFacts& facts = data_->trace().device;
    const bool roof = facts.peak_bandwidth > 0 && facts.peak_flops > 0;
    table_->setColumnHidden(TotalsModel::Peak, !roof);
    noRoof_->setVisible(!roof);
    noRoof_->setText(
        data_->ofDevice()
            ? tr("No roof: this trace does not say what the device was measured to reach.")
            : tr("No roof: what this processor reaches in bytes and in FLOPs a second was not "
                 "measured. The points show what each operation did, not what it could do."));
    for (const auto column : {TotalsModel::Dram, TotalsModel::Tensor, TotalsModel::Busy})
        table_->setColumnHidden(column, data_->trace().counters.empty());
    const QString doubts = traceDoubts(data_->trace());
    doubts_->setText(doubts);
    doubts_->setToolTip(wrappedTip(doubts));
    doubts_->setVisible(!doubts.isEmpty());
    tabs_->setTabVisible(static_cast<int>(Tab::memory), !data_->trace().memory.empty());
    if (!tabs_->isTabVisible(tabs_->currentIndex())) showTab(Tab::table);
}

// A step a change: two points at each.
void FiguresPane::updateMemory() {
    std::vector<LineSeries> series;
    for (const profiler::MemoryLine& line : data_->trace().memory) {
        const QString name = QString::fromStdString(line.name);
        LineSeries one;
        one.name = line.seen && line.name != profiler::kMemoryPools
                       ? tr("all, seen by %1").arg(name)
                       : QString(name).replace(QLatin1Char('_'), QLatin1Char(' '));
        one.color = line.seen ? ChartColor::muted() : ChartColor::memory(name);
        double held = 0;
        for (const profiler::MemoryMoment& moment : line.moments) {
            if (moment.time > 0) {
                one.x.push_back(static_cast<double>(moment.time) / 1e6);
                one.y.push_back(held);
            }
            held = static_cast<double>(moment.bytes) / 1e6;
            one.x.push_back(static_cast<double>(moment.time) / 1e6);
            one.y.push_back(held);
        }
        one.x.push_back(static_cast<double>(data_->end()) / 1e6);
        one.y.push_back(held);
        series.push_back(std::move(one));
    }
    memory_->setSeries(std::move(series));
}

void FiguresPane::showTab(Tab tab) {
    tabs_->setCurrentIndex(static_cast<int>(tab));
}

void FiguresPane::show(Tab tab) {
    pages_->setCurrentIndex(static_cast<int>(tab));
    for (QComboBox* box : {by_, layers_, phases_}) box->setVisible(tab != Tab::memory);
    menu_->setVisible(tab != Tab::table);
}

void FiguresPane::copyTable() const {
    QStringList lines, header;
    for (int column = 0; column < TotalsModel::ColumnCount; ++column)
        if (!table_->isColumnHidden(column))
            header << totals_->headerData(column, Qt::Horizontal, Qt::DisplayRole).toString();
    lines << header.join(QLatin1Char('\t'));
    for (int row = 0; row < sorted_->rowCount(); ++row) {
        QStringList cells;
        for (int column = 0; column < TotalsModel::ColumnCount; ++column)
            if (!table_->isColumnHidden(column))
                cells << sorted_->index(row, column).data().toString();
        lines << cells.join(QLatin1Char('\t'));
    }
    QApplication::clipboard()->setText(lines.join(QLatin1Char('\n')));
}

}  // namespace hone::ui
