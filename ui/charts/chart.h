// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStackedLayout>
#include <QWidget>
#include <memory>

#include "ui/charts/chart_table.h"

class QCustomPlot;
class QLabel;
class QMenu;
class QWheelEvent;

namespace hone::ui {

// What every chart has: the window's look in both schemes, a hover that names values, zoom by wheel
// and drag, a double click that shows everything again, a menu that copies or saves the data, a
// table of it, and a text that says what would fill it. The wheel zooms where the chart has the
// focus or Ctrl is held; otherwise it scrolls the page that the chart lies on. By keyboard: Return
// opens the table, the menu key the menu, + and − zoom, 0 shows everything.
class Chart : public QWidget {
    Q_OBJECT
public:
    explicit Chart(const QString& name, QWidget* parent = nullptr);
    ~Chart() override;

    void setEmptyText(const QString& text);
    virtual bool isEmpty() const = 0;
    virtual ChartTable table() const = 0;

    // Writes PNG, SVG or CSV, by the path's suffix. Returns why it could not, or an empty string.
    QString saveTo(const QString& path);
    void copyData() const;
    void showTable();
    void resetView();
    void addMenuActions(QMenu& menu);
    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;

signals:
    void saveFailed(const QString& reason);

protected:
    static constexpr int captionHeight = 20;   // px, of the axis' name above the plot
    static constexpr double hoverRadius = 12;  // px, round a point

    QCustomPlot& plot() const { return *plot_; }
    // Plottables and items from the data in the palette of now; the plot was cleared.
    virtual void draw() = 0;
    // Axis ranges that show everything.
    virtual void fit() = 0;
    // Labels that need to know where things lie; called after every layout of the plot.
    virtual void placeLabels() {}
    virtual QString hoverText(const QPointF& position) const = 0;  // empty: nothing is near
    // What is near was clicked; a double click that means nothing to it shows everything.
    virtual void clicked(const QPointF&) {}
    virtual bool doubleClicked(const QPointF&) { return false; }
    // One sentence with the main figures, for assistive technology.
    virtual QString description() const = 0;
    // The data changed: draws again, keeping the zoom of a user who zoomed.
    void refresh();

    void keyPressEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    bool zoomsBy(const QWheelEvent& wheel) const;
    void setUpPlot();
    void style();
    void zoom(double factor);
    void askAndSave(const QString& suffix);
    void showHover(const QPointF& position);
    bool savePicture(const QString& path, bool vector);

    QStackedLayout* stack_;
    QCustomPlot* plot_;
    QLabel* empty_;
    bool zoomed_ = false;
    QPointF pressed_;  // where a drag or a click began
};

}  // namespace hone::ui
