// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTimer>
#include <QWidget>
#include <memory>
#include <optional>

#include "ui/timeline/totals_model.h"
#include "ui/timeline/trace_data.h"

class QComboBox;
class QSortFilterProxyModel;
class QStackedWidget;
class QTabBar;
class QToolButton;

namespace hone::ui {

class ElidedLabel;
class FigureTable;
class LineChart;
class RooflineChart;
class TextLabel;

// Figures of the part of a trace that is selected, of one layer or phase where that is chosen: a
// table by operation, kernel or layer, the roofline of the same groups, and memory over time.
class FiguresPane : public QWidget {
    Q_OBJECT
public:
    enum class Tab { table, roof, memory };

    explicit FiguresPane(QWidget* parent = nullptr);
    void showTab(Tab tab);

    void setData(std::shared_ptr<const TraceData> made);
    void setRange(std::optional<TimeRange> range);  // nothing: all of the trace
    void setLayer(std::optional<std::int32_t> layer);
    std::optional<std::int32_t> layer() const;
    void selectEvent(std::optional<std::size_t> event);  // shows the row that it counts in
    void setGrouping(profiler::GroupBy by);
    const TotalsModel& totals() const { return *totals_; }
    const RooflineChart& roofline() const { return *roofline_; }
    void copyTable() const;

signals:
    void layerChosen(std::optional<std::int32_t> layer);  // by the user
    void searched(const QString& text);                   // a row that was activated

private:
    QWidget* makeHead();
    QWidget* makeTable();
    QWidget* makeRoof();
    QString part() const;
    void show(Tab tab);
    void update();
    void updateColumns();
    void updateMemory();
    void showSelected();
    profiler::TraceFilter filter() const;

    QTabBar* tabs_;
    QComboBox *by_, *layers_, *phases_;
    ElidedLabel* summary_;
    ElidedLabel* doubts_;  // why figures are less than they could be
    QStackedWidget* pages_;
    TotalsModel* totals_;
    QSortFilterProxyModel* sorted_;
    FigureTable* table_;
    RooflineChart* roofline_;
    TextLabel* noRoof_;  // why points stand below none
    LineChart* memory_;
    QToolButton* menu_ = nullptr;  // of the chart that is shown
    std::shared_ptr<const TraceData> data_;
    std::optional<TimeRange> range_;
    std::optional<std::size_t> event_;
};

}  // namespace hone::ui
