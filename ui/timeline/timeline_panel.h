// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStackedLayout>
#include <QTimer>

#include "profiler/store/store.h"
#include "ui/models/session.h"
#include "ui/timeline/figures_pane.h"
#include "ui/timeline/search_bar.h"
#include "ui/timeline/timeline_view.h"

class QComboBox;
class QPushButton;
class QScrollBar;
class QToolButton;

namespace hone::ui {

class Banner;
class ElidedLabel;
class EmptyState;

// The timeline dock: which run's trace, the search, the timeline, and the totals of what is
// selected, or of everything.
class TimelinePanel : public QWidget {
    Q_OBJECT
public:
    explicit TimelinePanel(Session& session, QWidget* parent = nullptr);

    void showRun(std::int64_t run);
    void showNewest();  // the newest run with a trace, where none is shown yet
    std::int64_t run() const { return run_; }  // that is shown; 0: none
    TimelineView& view() { return *view_; }
    SearchBar& search() { return *search_; }
    const TotalsModel& totals() const { return figures_->totals(); }
    FiguresPane& figures() { return *figures_; }
    // Figures and timeline of one layer; nothing: of all.
    void showLayer(std::optional<std::int32_t> layer);
    void saveTo(const QString& path);
    void savePicture(const QString& path);  // a PNG of the timeline as it is shown
    QSize sizeHint() const override { return {900, 430}; }
    void setFilling(bool filling);  // that the panel has the whole window, as the button shows

signals:
    void loaded();
    void saved(const QString& path);
    void closed();
    void fillToggled(bool fill);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    enum Content { empty, reading, timeline };
    QWidget* makeHead();
    QWidget* makeContent();
    void follow();
    void fillChoice();
    void load(std::int64_t run);
    void setData(const profiler::RunRecord& run, std::shared_ptr<const TraceData> made);
    void sayFacts(const profiler::RunRecord& run);
    void fail(const QString& message, const ErrorDetails& reason = {});
    void showTotals();
    void showEvent();
    void showChosenLayer();
    void chooseLayer(int layer);
    void pointAtEvent();
    void syncScrollBar();
    void askAndSave();
    void askAndSavePicture();
    void showMenu(const QPoint& position);

    Session& session_;
    QStackedLayout* stack_;
    QComboBox* choice_;
    ElidedLabel *facts_, *dropped_;
    TimelineView* view_;
    SearchBar* search_;
    QScrollBar* bar_;
    ElidedLabel* event_;
    FiguresPane* figures_;
    Banner* banner_;
    EmptyState* empty_;
    TextLabel* reading_;
    QPushButton* save_;
    QToolButton* fill_;
    QList<QWidget*> needTrace_;              // controls that are of no use without one
    std::vector<profiler::RunRecord> runs_;  // with a trace, newest first
    std::int64_t run_ = 0, wanted_ = 0;
    std::shared_ptr<const TraceData> data_;
    QTimer totalsPause_, readingPause_;
    bool syncing_ = false, choosing_ = false,
         chosenHere_ = false;  // the layer: here, or on the Model page
};

}  // namespace hone::ui
