// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/optimise/saved_recipes.h"

#include <QFocusEvent>
#include <QHBoxLayout>
#include <QKeyEvent>
#include <QLineEdit>
#include <QMenu>
#include <QPushButton>

#include "ui/theme/plain_text.h"
#include "ui/widgets/buttons.h"

namespace hone::ui {

namespace {

constexpr int longestName = 80;

}  // namespace

SavedRecipes::SavedRecipes(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      recipes_(new NamedRecipes(session, this)),
      menu_(plainButton(tr("Saved recipes"))),
      save_(plainButton(tr("Save as…"))),
      name_(new QLineEdit),
      problem_(new TextLabel({}, TextStyle::caption, Tone::worse)) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(spacing::inside);
    save_->setAccessibleName(tr("Save the recipe under a name…"));
    save_->setToolTip(tr("Keeps this recipe for this model, to be picked again"));
    name_->setMaxLength(longestName);
    name_->setAccessibleName(tr("Name of the recipe"));
    name_->setPlaceholderText(tr("Name, then Return; Esc leaves"));
    name_->installEventFilter(this);
    name_->hide();
    problem_->hide();
    row->addWidget(menu_);
    row->addWidget(save_);
    row->addWidget(name_, 1);
    row->addWidget(problem_);
    row->addStretch();
    connect(menu_, &QPushButton::clicked, this, &SavedRecipes::showMenu);
    connect(save_, &QPushButton::clicked, this, [this] { beginName({}); });
    connect(name_, &QLineEdit::returnPressed, this, [this] { endName(true); });
    connect(name_, &QLineEdit::textEdited, problem_, &QWidget::hide);
    connect(recipes_, &NamedRecipes::changed, this, &SavedRecipes::follow);
    follow();
}

void SavedRecipes::follow() {
    const QString current = recipes_->current();
    const QString shown = current.isEmpty() ? tr("Saved recipes") : current;
    const QString cut =
        menu_->fontMetrics().elidedText(plainLine(shown), Qt::ElideRight, 22 * spacing::unit);
    menu_->setText(plainEntry(cut) + QStringLiteral("  ▾"));
    menu_->setAccessibleName(current.isEmpty() ? tr("Saved recipes")
                                               : tr("Saved recipes, now %1").arg(current));
    menu_->setEnabled(recipes_->available() && !recipes_->names().isEmpty());
    menu_->setToolTip(plainTip(!recipes_->available() ? tr("Open a model first: each has its own")
                               : menu_->isEnabled()
                                   ? tr("Pick, rename or delete a recipe of this model")
                                   : tr("None is saved for this model yet")));
    save_->setEnabled(recipes_->available() && !session_.recipe().steps.empty());
}

void SavedRecipes::fillMenu(QMenu& menu) {
    const QStringList names = recipes_->names();
    const QString current = recipes_->current();
    for (const QString& name : names) {
        QAction* pick = menu.addAction(plainEntry(name), this, [this, name] {
            try {
                recipes_->take(name);
            } catch (const Error& error) {
                emit refused(error.details());
            }
        });
        pick->setCheckable(true);
        pick->setChecked(name == current);
    }
    menu.addSeparator();
    QMenu* rename = menu.addMenu(tr("Rename"));
    QMenu* remove = menu.addMenu(tr("Delete"));
    for (const QString& name : names) {
        rename->addAction(plainEntry(name), this, [this, name] { beginName(name); });
        remove->addAction(plainEntry(name), this, [this, name] { recipes_->remove(name); });
    }
}

void SavedRecipes::showMenu() {
    QMenu menu(menu_);
    fillMenu(menu);
    menu.exec(menu_->mapToGlobal(QPoint(0, menu_->height() + 2)));
}

void SavedRecipes::beginName(const QString& renamed) {
    renamed_ = renamed;
    name_->setText(renamed.isEmpty() ? recipes_->current() : renamed);
    name_->show();
    name_->setFocus(Qt::OtherFocusReason);
    name_->selectAll();
    menu_->hide();
    save_->hide();
    problem_->hide();
}

void SavedRecipes::endName(bool keep) {
    const QString name = NamedRecipes::cleaned(name_->text());
    if (keep && name.isEmpty()) return;
    if (keep && !renamed_.isEmpty() && name != renamed_ && recipes_->names().contains(name)) {
        problem_->setText(tr("Another recipe has this name."));
        problem_->show();
        return;
    }
    menu_->show();
    save_->show();
    (menu_->isEnabled() ? menu_ : save_)->setFocus(Qt::OtherFocusReason);
    name_->hide();
    problem_->hide();
    if (!keep) return;
    if (renamed_.isEmpty())
        recipes_->save(name);
    else if (name != renamed_)
        recipes_->rename(renamed_, name);
}

bool SavedRecipes::eventFilter(QObject* watched, QEvent* event) {
    if (watched == name_ && event->type() == QEvent::KeyPress &&
        static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) {
        endName(false);
        return true;
    }
    return QWidget::eventFilter(watched, event);
}

}  // namespace hone::ui
