// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/optimise/technique_list.h"

#include <QKeyEvent>
#include <QLineEdit>
#include <QScrollArea>
#include <QShortcut>
#include <QVBoxLayout>
#include <algorithm>

#include "ui/forms/schema_text.h"
#include "ui/pages/optimise/technique_row.h"
#include "ui/theme/plain_text.h"
#include "ui/widgets/card.h"
#include "ui/widgets/focus.h"

namespace hone::ui {

namespace {

const RecipeStep* findStep(const Recipe& recipe, std::string_view technique) {
    const auto it =
        std::find_if(recipe.steps.begin(), recipe.steps.end(),
                     [technique](const RecipeStep& step) { return step.technique == technique; });
    return it == recipe.steps.end() ? nullptr : &*it;
}

std::vector<Slot> slotsOf(const Registry& registry) {
    std::vector<Slot> all;
    for (const Descriptor& descriptor : registry.descriptors())
        if (std::find(all.begin(), all.end(), descriptor.slot) == all.end())
            all.push_back(descriptor.slot);
    std::sort(all.begin(), all.end());
    return all;
}

}  // namespace

TechniqueList::TechniqueList(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      search_(new QLineEdit),
      nothing_(new TextLabel({}, TextStyle::body, Tone::muted)),
      scroll_(new QScrollArea) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(spacing::inside);
    addSearch(*layout);
    scroll_->setWidgetResizable(true);
    scroll_->setFrameShape(QFrame::NoFrame);
    scroll_->setFocusPolicy(Qt::NoFocus);  // reached through what it holds
    scroll_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll_->setWidget(makeGroups());
    layout->addWidget(scroll_, 1);
    connect(&session, &Session::recipeChanged, this, &TechniqueList::showRecipe);
    showRecipe();
    find({});
}

void TechniqueList::addSearch(QVBoxLayout& layout) {
    search_->setPlaceholderText(tr("Find a technique or option  Ctrl+F"));
    search_->setAccessibleName(tr("Find a technique"));
    search_->setToolTip(wrappedTip(
        tr("Looks in names, ids, descriptions and options. Esc empties it, ↓ leads to the rows.")));
    search_->addAction(Theme::instance().icon(QStringLiteral("search")),
                       QLineEdit::LeadingPosition);
    search_->setClearButtonEnabled(true);
    clearWithEscape(search_);
    layout.addWidget(search_);
    connect(search_, &QLineEdit::textChanged, this, &TechniqueList::find);
    for (const int key : {Qt::Key_Down, Qt::Key_Return}) {
        auto* down = new QShortcut(QKeySequence(key), search_);
        down->setContext(Qt::WidgetShortcut);
        connect(down, &QShortcut::activated, this, [this] { step(nullptr, 1); });
    }
}

QWidget* TechniqueList::makeGroups() {
    auto* all = new QWidget;
    auto* layout = new QVBoxLayout(all);
    layout->setContentsMargins(0, 0, 2, 0);
    layout->setSpacing(spacing::inside - 2);
    const Registry& registry = session_.registry();
    for (const Slot slot : slotsOf(registry)) {
        auto* card = new Card;
        card->setFlush(true);
        card->body()->setSpacing(0);
        Group group{sectionHeader(text(slot_title(slot))), card, {}};
        layout->addWidget(group.title);
        layout->addWidget(card);
        for (const Descriptor& descriptor : registry.descriptors()) {
            if (descriptor.slot != slot) continue;
            addRow(group, descriptor);
            card->body()->addWidget(group.rows.back());
        }
        groups_.push_back(std::move(group));
    }
    nothing_->setWordWrap(true);
    layout->addWidget(nothing_);
    layout->addStretch(1);
    return all;
}

void TechniqueList::addRow(Group& group, const Descriptor& descriptor) {
    auto* row = new TechniqueRow(descriptor);
    group.rows.push_back(row);
    rows_.push_back(row);
    connect(row, &TechniqueRow::toggled, this, [this, row](bool on) { change(*row, on); });
    connect(row, &TechniqueRow::optionsChanged, this, [this, row] { change(*row, true); });
    connect(row, &TechniqueRow::insteadAsked, this, [this, row] { takeInstead(*row); });
    connect(row, &TechniqueRow::stepped, this, [this, row](int by) { step(row, by); });
    connect(row, &TechniqueRow::listChanged, this,
            [this, row](const QString& key, const QString& list) { sweep(*row, key, list); });
}

TechniqueRow* TechniqueList::row(std::string_view technique) const {
    const auto it = std::find_if(rows_.begin(), rows_.end(), [technique](const TechniqueRow* row) {
        return row->descriptor().id == technique;
    });
    return it == rows_.end() ? nullptr : *it;
}

void TechniqueList::focusSearch() {
    search_->setFocus(Qt::ShortcutFocusReason);
    search_->selectAll();
}

void TechniqueList::find(const QString& words) {
    bool any = false;
    for (const Group& group : groups_) {
        bool first = true;
        for (TechniqueRow* row : group.rows) {
            const bool found = row->matches(words);
            row->setVisible(found);
            row->setLineAbove(!first);
            first = first && !found;
        }
        group.title->setVisible(!first);
        group.card->setVisible(!first);
        any = any || !first;
    }
    nothing_->setText(tr("No technique or option has “%1” in its name.").arg(plainLine(words)));
    nothing_->setVisible(!any);
}

// From nowhere to the first one; above the first one is the search.
void TechniqueList::step(const TechniqueRow* from, int by) {
    std::vector<TechniqueRow*> shown;
    std::copy_if(rows_.begin(), rows_.end(), std::back_inserter(shown),
                 [](const TechniqueRow* row) { return !row->isHidden(); });
    const std::ptrdiff_t at =
        from == nullptr ? -1 : std::find(shown.begin(), shown.end(), from) - shown.begin();
    const std::ptrdiff_t next = at + by;
    if (next < 0) return focusSearch();
    if (next >= std::ssize(shown)) return;
    TechniqueRow* row = shown[static_cast<std::size_t>(next)];
    row->stop()->setFocus(Qt::TabFocusReason);
    scroll_->ensureWidgetVisible(row->stop(), 0, spacing::rowHeight);
}

std::size_t TechniqueList::position(std::string_view technique) const {
    const auto all = session_.registry().descriptors();
    const auto it = std::find_if(all.begin(), all.end(),
                                 [technique](const Descriptor& d) { return d.id == technique; });
    return static_cast<std::size_t>(it - all.begin());
}

void TechniqueList::showRecipe() {
    for (TechniqueRow* row : rows_) {
        const RecipeStep* step = findStep(session_.recipe(), row->descriptor().id);
        row->setOptions(step == nullptr ? std::nullopt : std::optional(step->options));
        row->setSwept(session_.swept());
    }
    showConflicts();
}

std::vector<const Descriptor*> TechniqueList::blocking(const TechniqueRow& row) const {
    const Registry& registry = session_.registry();
    std::vector<const Descriptor*> others;
    for (const RecipeStep& step : session_.recipe().steps)
        if (!registry.conflict(row.descriptor().id, step.technique).empty())
            others.push_back(registry.find(step.technique));
    return others;
}

void TechniqueList::showConflicts() {
    for (TechniqueRow* row : rows_) {
        QString reason;
        if (const auto others = blocking(*row); !others.empty())
            reason = tr("Conflicts with %1: %2")
                         .arg(text(others.front()->title),
                              text(session_.registry().conflict(row->descriptor().id,
                                                                others.front()->id)));
        row->setBlocked(reason);
    }
}

void TechniqueList::setSupport(const Support& techniques) {
    for (TechniqueRow* row : rows_) {
        const auto found = techniques.find(std::string(row->descriptor().id));
        const bool refused = found != techniques.end() && !found->second.ok;
        row->setUnsupported(refused ? QString::fromStdString(found->second.reason) : QString());
    }
}

// In the registry's order, so that the same choices make the same recipe whatever they were clicked
// in.
void TechniqueList::insert(Recipe& recipe, const TechniqueRow& row) const {
    const std::string id(row.descriptor().id);
    auto& steps = recipe.steps;
    const auto after = std::find_if(steps.begin(), steps.end(), [&](const RecipeStep& step) {
        return position(step.technique) > position(id);
    });
    steps.insert(after, {id, row.options()});
}

void TechniqueList::change(TechniqueRow& row, bool on) {
    Recipe recipe = session_.recipe();
    const QString title = text(row.descriptor().title);
    auto& steps = recipe.steps;
    const auto it = std::find_if(steps.begin(), steps.end(), [&row](const RecipeStep& step) {
        return step.technique == row.descriptor().id;
    });
    if (!on) {
        if (it != steps.end()) steps.erase(it);
        return apply(recipe, tr("switching off %1").arg(title));
    }
    if (it != steps.end()) {
        it->options = row.options();
        return apply(recipe, tr("options of %1").arg(title));
    }
    insert(recipe, row);
    apply(recipe, tr("switching on %1").arg(title));
}

void TechniqueList::takeInstead(TechniqueRow& row) {
    Recipe recipe = session_.recipe();
    QStringList titles;
    for (const Descriptor* other : blocking(row)) {
        titles += text(other->title);
        std::erase_if(recipe.steps,
                      [other](const RecipeStep& step) { return step.technique == other->id; });
    }
    insert(recipe, row);
    apply(recipe, tr("taking %1 instead of %2")
                      .arg(text(row.descriptor().title), titles.join(QStringLiteral(", "))));
}

// What cannot be read stays as it was typed, and is not in use.
void TechniqueList::sweep(const TechniqueRow& row, const QString& key, const QString& list) {
    Sweep sweep{session_.recipe(), session_.swept()};
    const std::string technique(row.descriptor().id), option = key.toStdString();
    std::erase_if(sweep.options, [&](const SweptOption& each) {
        return each.technique == technique && each.option == option;
    });
    try {
        if (!list.isEmpty()) {
            const std::vector<std::string> setting{
                technique + "." + option + "=" +
                QString(list).remove(QLatin1Char(' ')).toStdString()};
            const Sweep read = sweep_of({sweep.base, {}}, setting, session_.registry());
            sweep.base = read.base;
            sweep.options.insert(sweep.options.end(), read.options.begin(), read.options.end());
        }
        session_.setSweep(sweep, tr("values of %1").arg(text(row.descriptor().title)));
        showRecipe();  // one value is no list, though nothing changed
        emit changed();
    } catch (const Error& error) {
        emit refused(error.details());
    }
}

void TechniqueList::apply(const Recipe& recipe, const QString& what) {
    try {
        session_.setRecipe(recipe, what);
        emit changed();
    } catch (const Error& error) {
        emit refused(error.details());
        showRecipe();
    }
}

}  // namespace hone::ui
