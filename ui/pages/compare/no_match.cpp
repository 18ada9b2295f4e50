// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/compare/no_match.h"

#include <QEvent>
#include <QToolButton>
#include <QVBoxLayout>

#include "ui/pages/compare/runs_table.h"
#include "ui/theme/theme.h"
#include "ui/widgets/buttons.h"
#include "ui/widgets/text_label.h"

namespace hone::ui {

NoMatch::NoMatch(RunsTable& table)
    : QWidget(&table),
      table_(table),
      text_(new TextLabel({}, TextStyle::body, Tone::muted)),
      action_(linkButton(tr("Clear the filter"))) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(spacing::group, spacing::inside, spacing::group, spacing::inside);
    text_->setAlignment(Qt::AlignCenter);
    text_->setWordWrap(true);
    column->addWidget(text_);
    column->addWidget(action_, 0, Qt::AlignHCenter);
    column->addStretch();
    connect(action_, &QToolButton::clicked, this, &NoMatch::triggered);
    table.viewport()->installEventFilter(this);
    hide();
}

void NoMatch::tell(int rows, const QString& text, const QString& action) {
    rows_ = rows;
    text_->setText(text);
    action_->setText(action);
    action_->setAccessibleName(action);
    place();
    show();
}

bool NoMatch::eventFilter(QObject* watched, QEvent* event) {
    if (event->type() == QEvent::Resize) place();
    return QWidget::eventFilter(watched, event);
}

void NoMatch::place() {
    QRect room = table_.viewport()->geometry();
    room.setTop(room.top() + rows_ * spacing::rowHeight + 1);
    setGeometry(room);
}

}  // namespace hone::ui
