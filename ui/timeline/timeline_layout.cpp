// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAbstractItemView>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLineEdit>
#include <QScrollBar>
#include <QSortFilterProxyModel>

#include "ui/models/run_roles.h"
#include "ui/tables/figure_table.h"
#include "ui/theme/theme.h"
#include "ui/timeline/timeline_panel.h"
#include "ui/widgets/banner.h"
#include "ui/widgets/buttons.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/empty_state.h"
#include "ui/widgets/share_bar_delegate.h"

namespace hone::ui {

namespace {

constexpr int choiceLeast = 120, choiceMost = 320;
constexpr double zoomStep = 1.5;

}  // namespace

TimelinePanel::TimelinePanel(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      stack_(new QStackedLayout),
      choice_(new QComboBox),
      facts_(new ElidedLabel({}, TextStyle::body, Tone::muted)),
      dropped_(new ElidedLabel({}, TextStyle::body, Tone::warning)),
      view_(new TimelineView),
      search_(new SearchBar(*view_)),
      bar_(new QScrollBar(Qt::Horizontal)),
      event_(new ElidedLabel({}, TextStyle::caption, Tone::muted)),
      figures_(new FiguresPane),
      banner_(new Banner),
      empty_(new EmptyState(
          QStringLiteral("timeline"), tr("No trace yet"),
          tr("A trace shows where a run's time goes, operation by operation. Tick “Record a trace” "
             "on Measure, or pass --trace to hone bench."),
          tr("Measure…"))),
      reading_(new TextLabel({}, TextStyle::body, Tone::muted)),
      save_(plainButton(tr("Save trace…"))),
      fill_(iconButton(QStringLiteral("enlarge"), tr("Fill the window"))) {
    setAccessibleName(tr("Timeline"));
    reading_->setAlignment(Qt::AlignCenter);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(spacing::page - 4, 6, spacing::group, spacing::inside);
    layout->setSpacing(4);
    layout->addWidget(makeHead());
    layout->addWidget(banner_);
    layout->addLayout(stack_, 1);
    stack_->addWidget(empty_);
    stack_->addWidget(reading_);
    stack_->addWidget(makeContent());
    for (QWidget* control : needTrace_) control->setVisible(false);
    choice_->hide();
    dropped_->hide();
    follow();
}

QWidget* TimelinePanel::makeHead() {
    choice_->setAccessibleName(tr("Run whose trace is shown"));
    choice_->view()->setAccessibleName(choice_->accessibleName());
    choice_->setMinimumWidth(choiceLeast);
    choice_->setMaximumWidth(choiceMost);
    choice_->setSizePolicy(QSizePolicy::Expanding, QSizePolicy::Fixed);
    choice_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    choice_->setMinimumContentsLength(8);
    save_->setToolTip(tr("Save it as JSON, which chrome://tracing and ui.perfetto.dev open"));
    connect(save_, &QPushButton::clicked, this, &TimelinePanel::askAndSave);
    QToolButton* less = iconButton(QStringLiteral("minus"), tr("Zoom out"));
    QToolButton* more = iconButton(QStringLiteral("plus"), tr("Zoom in"));
    QToolButton* all = iconButton(QStringLiteral("fit"), tr("Show everything"));
    less->setToolTip(tr("Zoom out  −"));
    more->setToolTip(tr("Zoom in  +"));
    all->setToolTip(tr("Show everything  0"));
    connect(less, &QToolButton::clicked, view_, [this] { view_->zoomBy(zoomStep); });
    connect(more, &QToolButton::clicked, view_, [this] { view_->zoomBy(1 / zoomStep); });
    connect(all, &QToolButton::clicked, view_, &TimelineView::fitAll);
    fill_->setCheckable(true);
    connect(fill_, &QToolButton::toggled, this, &TimelinePanel::fillToggled);
    QToolButton* close = iconButton(QStringLiteral("cancel"), tr("Close the timeline"));
    connect(close, &QToolButton::clicked, this, &TimelinePanel::closed);
    auto* head = new QWidget;
    auto* row = new QHBoxLayout(head);
    row->setContentsMargins(4, 0, 0, 0);
    row->setSpacing(4);
    row->addWidget(new TextLabel(tr("Timeline"), TextStyle::strong));
    row->addSpacing(spacing::inside);
    row->addWidget(choice_, 3);
    row->addSpacing(4);
    row->addWidget(facts_, 0);
    row->addSpacing(spacing::inside);
    row->addWidget(dropped_);
    row->addWidget(search_, 2);
    for (QWidget* widget : {static_cast<QWidget*>(less), static_cast<QWidget*>(more),
                            static_cast<QWidget*>(all), static_cast<QWidget*>(save_)})
        row->addWidget(widget);
    needTrace_ = {facts_, search_, less, more, all, save_, fill_};
    row->addWidget(fill_);
    row->addWidget(close);
    return head;
}

QWidget* TimelinePanel::makeContent() {
    auto* content = new QWidget;
    auto* column = new QVBoxLayout(content);
    column->setContentsMargins(0, 2, 0, 0);
    column->setSpacing(4);
    view_->setContextMenuPolicy(Qt::CustomContextMenu);
    bar_->setFocusPolicy(Qt::NoFocus);  // the timeline's own keys pan
    bar_->setAccessibleName(tr("Part of the trace that is shown"));
    event_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    column->addWidget(view_, 3);
    column->addWidget(bar_);
    column->addWidget(event_);
    column->addWidget(figures_, 2);
    return content;
}

void TimelinePanel::setFilling(bool filling) {
    const QString name = filling ? tr("Show the page again") : tr("Fill the window");
    fill_->setToolTip(name);
    fill_->setAccessibleName(name);
    fill_->setChecked(filling);
}

}  // namespace hone::ui
