// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>
#include <memory>
#include <optional>

#include "ui/timeline/lane_painter.h"
#include "ui/timeline/time_window.h"
#include "ui/timeline/trace_data.h"
#include "ui/timeline/trace_search.h"

namespace hone::ui {

// A trace along one axis of time: passes, layers, and the operations of each track. By mouse: the
// wheel zooms about the pointer, with Shift it pans; a drag selects a range, the middle button or
// the space bar pans; a click selects an operation, or the range of a pass or layer; a double click
// shows it large. By keyboard: + and − (W, S) zoom, ← and → (A, D) pan, Home, 0 and F show
// everything, Ctrl with ← or → goes from operation to operation and with Shift selects a range of
// them, ↑ widens the range to the layer and the pass, Return shows the selection large, Esc takes
// it back.
class TimelineView : public QWidget {
    Q_OBJECT
public:
    explicit TimelineView(QWidget* parent = nullptr);

    void setData(std::shared_ptr<const TraceData> made);  // null: none
    const TraceData* trace() const { return data_.get(); }
    void setSearch(const TraceSearch& search);  // of the same data

    const TimeWindow& shown() const { return shown_; }
    void setShown(double begin, double end);
    void zoomBy(double factor);  // about the middle
    void fitAll();
    void frame(TimeRange range);
    void reveal(std::size_t event);  // moves, and where it is too narrow to see, zooms

    std::optional<TimeRange> selection() const { return selection_; }
    void setSelection(std::optional<TimeRange> range);
    std::optional<std::size_t> selectedEvent() const { return event_; }
    void selectEvent(std::optional<std::size_t> event);

    double timeAt(double x) const;
    double xAt(double time) const;
    QRect trackRect(std::size_t track) const;  // where its operations are drawn
    QRect passRect() const;
    QRect memoryRect() const;  // where memory over time is drawn
    std::optional<std::size_t> eventAt(const QPoint& position) const;
    const PaintStats& lastPaint() const { return stats_; }  // of all lanes

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override;
    int mostHeight() const;  // that it has a use for

signals:
    void shownChanged();
    void selectionChanged();
    void eventChanged();

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void keyReleaseEvent(QKeyEvent* event) override;

private:
    enum class Drag { none, maybe, select, pan };
    // What lies under the pointer.
    struct Hit {
        std::optional<std::size_t> event;
        std::optional<TimeRange> band;  // of a pass or layer
        QString tip;
    };

    QRect lanes() const;  // from the passes to the last track
    QRect layerRect() const;
    int trackHeight() const;
    int memoryRoom() const;  // 0 where the trace has no memory
    int tracksBottom() const;
    QString captionOf(std::size_t track) const;
    TimeScale scale() const;
    Hit hit(const QPoint& position) const;
    Hit hitBand(const Lane& lane, double time, bool layer) const;
    bool nearSelectionEdge(double x, double* otherEdge) const;
    void changed();  // what is shown
    void dragTo(double x);
    void hover(const QPoint& position);
    void zoomTo(const QPoint& position);
    void step(bool forward, bool extend);
    void widen();
    bool clearOne();
    bool navigate(int key);
    bool moveSelection(const QKeyEvent& event);
    void describe();

    QString selectionText() const;
    QRect selectionPill() const;
    void paintAxis(QPainter& painter) const;
    void paintLanes(QPainter& painter);
    void paintTrack(QPainter& painter, std::size_t track);
    void paintMemory(QPainter& painter) const;
    void paintSelection(QPainter& painter) const;
    void paintEventOutline(QPainter& painter) const;
    void paintCaptions(QPainter& painter) const;
    void paintLegend(QPainter& painter) const;
    using Legend = std::vector<std::pair<QRect, profiler::Operation>>;  // from the top left corner
    const Legend& legend(int width) const;
    Legend makeLegend(int width) const;
    int legendHeight() const;

    std::shared_ptr<const TraceData> data_;
    TraceSearch search_;
    TimeWindow shown_;
    std::optional<TimeRange> selection_;
    std::optional<std::size_t> event_;
    std::optional<TimeRange> anchor_;  // where a range by keyboard began
    Drag drag_ = Drag::none;
    QPoint pressed_;
    double dragAnchor_ = 0;
    bool spaceHeld_ = false;
    QString tip_;
    PaintStats stats_;
    // Where everything lies depends on the legend's height: measuring its words each time would be
    // most of a frame.
    mutable Legend legend_;
    mutable int legendWidth_ = -1;  // that it was made for; −1: it was not made for this data
};

}  // namespace hone::ui
