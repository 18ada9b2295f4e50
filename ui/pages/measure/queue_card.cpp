// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/measure/queue_card.h"

#include <QHeaderView>
#include <QKeyEvent>

#include "ui/tables/figure_table.h"
#include "ui/widgets/buttons.h"
#include "ui/widgets/question.h"

namespace hone::ui {

namespace {

constexpr int mostRows = 6;

}  // namespace

QueueCard::QueueCard(JobRunner& jobs, QWidget* parent)
    : Card(tr("Queue"), parent),
      jobs_(jobs),
      model_(new JobsModel(jobs, this)),
      table_(new FigureTable(tr("Queue of jobs"))),
      empty_(new TextLabel(
          tr("Nothing runs or waits. Measure as often as you like: jobs queue up here."),
          TextStyle::body, Tone::muted)) {
    empty_->setWordWrap(true);
    empty_->setContentsMargins(15, 0, 15, 0);
    table_->setModel(model_);
    table_->horizontalHeader()->hide();
    table_->setStretchedColumn(JobsModel::Title);
    table_->setFittingRows(mostRows);
    table_->installEventFilter(this);
    addButtons();
    body()->setContentsMargins(0, spacing::inside, 0, spacing::inside);
    body()->addWidget(empty_);
    body()->addWidget(table_);
    connect(table_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this](const QModelIndex& current) {
                if (current.isValid()) selected_ = model_->job(current.row()).id;
                showState();
            });
    connect(model_, &QAbstractItemModel::modelReset, this, [this] { follow(); });
    connect(model_, &QAbstractItemModel::dataChanged, this, &QueueCard::showState);
    showState();
}

void QueueCard::addButtons() {
    const auto add = [this](const QString& icon, const QString& name, auto&& action) {
        QToolButton* button = iconButton(icon, name);
        connect(button, &QToolButton::clicked, this, action);
        addHeaderWidget(button);
        return button;
    };
    up_ = add(QStringLiteral("arrow-up"), tr("Earlier  Ctrl+Up"), [this] { move(-1); });
    down_ = add(QStringLiteral("arrow-down"), tr("Later  Ctrl+Down"), [this] { move(1); });
    cancel_ = add(QStringLiteral("cancel"), tr("Cancel the selected job  Delete"),
                  [this] { jobs_.cancel(selected_); });
    pause_ = add(QStringLiteral("pause"), tr("Pause the queue"),
                 [this] { jobs_.setPaused(!jobs_.paused()); });
}

void QueueCard::showState() {
    const int row = table_->currentIndex().row();
    const bool chosen = row >= 0 && row < model_->rowCount();
    const int position = model_->queuePosition(row);
    up_->setEnabled(position > 0);
    down_->setEnabled(position >= 0 && position + 1 < model_->queueLength());
    cancel_->setEnabled(chosen && (position >= 0 || model_->job(row).state == JobState::running));
    const bool paused = jobs_.paused();
    pause_->setIcon(
        Theme::instance().icon(paused ? QStringLiteral("play") : QStringLiteral("pause")));
    pause_->setToolTip(
        paused ? tr("Go on with the queue")
               : tr("Pause the queue: the running job goes on, the next does not start"));
    pause_->setAccessibleName(paused ? tr("Go on with the queue") : tr("Pause the queue"));
    empty_->setVisible(model_->rowCount() == 0);
    table_->setVisible(model_->rowCount() > 0);
    setTitle(paused ? tr("Queue · paused") : tr("Queue"));
}

void QueueCard::move(int by) {
    const int position = model_->queuePosition(table_->currentIndex().row());
    if (position >= 0) jobs_.moveQueued(selected_, position + by);
}

// By a key: asks first where something was measured already.
void QueueCard::cancelByKey() {
    const auto running = jobs_.running();
    const int job = selected_;
    if (running && running->id == job && !askToCancel(this, running->title)) return;
    jobs_.cancel(job);
}

// The selection follows the job that runs, unless the user chose one that still waits.
void QueueCard::follow() {
    const int chosen = model_->rowOf(selected_);
    const bool over = chosen < 0 || (model_->queuePosition(chosen) < 0 &&
                                     model_->job(chosen).state != JobState::running);
    const int row =
        over ? 0 : chosen;  // the running one is first, then what waits, then the last that ended
    if (row < model_->rowCount()) table_->setCurrentIndex(model_->index(row, 0));
    showState();
}

bool QueueCard::eventFilter(QObject* watched, QEvent* event) {
    if (watched == table_ && event->type() == QEvent::KeyPress) {
        const auto* key = static_cast<QKeyEvent*>(event);
        const bool control = key->modifiers() & Qt::ControlModifier;
        if (key->key() == Qt::Key_Delete && cancel_->isEnabled()) return cancelByKey(), true;
        if (control && key->key() == Qt::Key_Up && up_->isEnabled()) return move(-1), true;
        if (control && key->key() == Qt::Key_Down && down_->isEnabled()) return move(1), true;
    }
    return Card::eventFilter(watched, event);
}

}  // namespace hone::ui
