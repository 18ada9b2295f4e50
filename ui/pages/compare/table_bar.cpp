// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/compare/table_bar.h"

#include <QAbstractItemView>
#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLineEdit>
#include <QMenu>
#include <QSettings>
#include <QSignalBlocker>
#include <QWidgetAction>

#include "ui/theme/plain_text.h"
#include "ui/theme/theme.h"
#include "ui/widgets/buttons.h"
#include "ui/widgets/elided_label.h"
#include "ui/widgets/focus.h"

namespace hone::ui {

namespace {

const QString groupKey = QStringLiteral("compare/groupBy");
constexpr int nameWidth = 200, longestName = 60;

}  // namespace

TableBar::TableBar(RunsModel& model, RunsProxy& proxy, std::function<RunView()> current,
                   QWidget* parent)
    : QWidget(parent),
      model_(model),
      proxy_(proxy),
      current_(std::move(current)),
      counts_(new ElidedLabel({}, TextStyle::caption, Tone::muted)),
      tickedOnly_(new QCheckBox(tr("Ticked only"))),
      clear_(linkButton(tr("Clear ticks"))),
      groups_(new QComboBox),
      views_(plainButton(tr("Views"))) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(12, 6, 12, 6);
    row->setSpacing(12);
    tickedOnly_->setAccessibleName(tr("Show the baseline and the ticked runs only"));
    tickedOnly_->setToolTip(tickedOnly_->accessibleName());
    clear_->setToolTip(tr("Compare no runs: the baseline stays"));
    groups_->setAccessibleName(tr("Groups of runs"));
    groups_->view()->setAccessibleName(groups_->accessibleName());
    for (const auto& [by, text] : {std::pair(RunsProxy::GroupBy::nothing, tr("No groups")),
                                   std::pair(RunsProxy::GroupBy::model, tr("By model")),
                                   std::pair(RunsProxy::GroupBy::recipe, tr("By recipe")),
                                   std::pair(RunsProxy::GroupBy::series, tr("By series"))})
        groups_->addItem(text, RunsProxy::groupId(by));
    views_->setToolTip(tr("Filter, order, groups and columns under a name"));
    row->addWidget(counts_, 1);
    row->addWidget(clear_);
    row->addWidget(tickedOnly_);
    row->addWidget(groups_);
    row->addWidget(views_);
    proxy_.setGroupBy(RunsProxy::groupOf(QSettings().value(groupKey).toString()));
    connect(tickedOnly_, &QCheckBox::toggled, &proxy_, &RunsProxy::setTickedOnly);
    connect(clear_, &QToolButton::clicked, this, [this] {
        handFocus(clear_, tickedOnly_);
        model_.clearTicks();
    });
    connect(groups_, &QComboBox::currentIndexChanged, this, [this] {
        proxy_.setGroupBy(RunsProxy::groupOf(groups_->currentData().toString()));
        QSettings().setValue(groupKey, groups_->currentData().toString());
    });
    connect(views_, &QPushButton::clicked, this, [this] {
        QMenu menu(views_);
        fillViewsMenu(menu);
        menu.exec(views_->mapToGlobal(QPoint(0, views_->height() + 2)));
    });
    connect(&proxy_, &RunsProxy::arranged, this, &TableBar::follow);
    connect(&model_, &RunsModel::tickedChanged, this, &TableBar::follow);
    follow();
}

QString TableBar::counts() const {
    QStringList parts{counted(model_.rowCount(), tr("%1 run"), tr("%1 runs"))};
    const auto shown = proxy_.tickedOnly() ? static_cast<qint64>(proxy_.topRows())
                                           : static_cast<qint64>(proxy_.matching().size());
    if (shown != model_.rowCount()) parts.append(counted(shown, tr("%1 shown"), tr("%1 shown")));
    if (const std::size_t ticked = model_.ticked().size(); ticked > 0)
        parts.append(counted(proxy_.topRows(), tr("%1 compared"), tr("%1 compared")));
    return parts.join(QStringLiteral(", "));
}

void TableBar::follow() {
    counts_->setText(counts());
    clear_->setEnabled(!model_.ticked().empty());
    const QSignalBlocker quiet(tickedOnly_), quietToo(groups_);
    tickedOnly_->setChecked(proxy_.tickedOnly());
    groups_->setCurrentIndex(groups_->findData(RunsProxy::groupId(proxy_.groupBy())));
}

void TableBar::fillViewsMenu(QMenu& menu) {
    const std::vector<RunView> views = savedViews();
    const RunView now = current_();
    for (const RunView& view : views) {
        QAction* action =
            menu.addAction(plainEntry(view.name), this, [this, view] { emit viewChosen(view); });
        action->setCheckable(true);
        RunView same = now;
        same.name = view.name;
        action->setChecked(same == view);
        action->setToolTip(plainTip(view.filter));
    }
    if (!views.empty()) menu.addSeparator();
    addNameField(menu);
    if (views.empty()) return;
    QMenu* remove = menu.addMenu(tr("Remove a view"));
    for (const RunView& view : views)
        remove->addAction(plainEntry(view.name), this, [name = view.name] { removeView(name); });
}

void TableBar::addNameField(QMenu& menu) {
    auto* frame = new QWidget;
    auto* row = new QHBoxLayout(frame);
    row->setContentsMargins(12, 4, 12, 4);
    auto* name = new QLineEdit;
    name->setAccessibleName(tr("Name of this view"));
    name->setPlaceholderText(tr("Save this view as…"));
    name->setToolTip(tr("Return saves filter, order, groups and columns under this name."));
    name->setMinimumWidth(nameWidth);
    name->setMaxLength(longestName);
    frame->setFocusPolicy(Qt::StrongFocus);
    frame->setFocusProxy(name);
    row->addWidget(name);
    auto* action = new QWidgetAction(&menu);
    action->setDefaultWidget(frame);
    menu.addAction(action);
    connect(name, &QLineEdit::returnPressed, this, [this, name, open = &menu] {
        RunView view = current_();
        view.name = name->text().trimmed();
        if (view.name.isEmpty()) return;
        saveView(view);
        open->close();
    });
}

}  // namespace hone::ui
