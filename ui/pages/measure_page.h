// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTimer>

#include "ui/pages/page.h"

class QBoxLayout;

namespace hone::ui {

class Banner;
class IntervalBar;
class LiveCharts;
class ResultCard;
class WorkloadCard;

// The workload, what is being measured, and the queue.
class MeasurePage : public Page {
    Q_OBJECT
public:
    explicit MeasurePage(Session& session, QWidget* parent = nullptr);

    QList<QWidget*> headerWidgets() override;
    void shown() override;
    QWidget* entry() override;

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void followJobs();
    void followSession();
    void begin(int job);
    void showStored();
    void showEstimate();

    WorkloadCard* workload_;
    Banner* banner_;
    IntervalBar* interval_;
    LiveCharts* charts_;
    QWidget* side_;  // queue and result
    ResultCard* result_;
    QBoxLayout* columns_ = nullptr;
    QWidget* measuring_ = nullptr;  // the button
    QTimer pause_;
    int job_ = 0;        // whose data the charts show; 0: of stored runs
    bool stale_ = true;  // the stored runs shown may not be the experiment's
};

}  // namespace hone::ui
