// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/optimise/technique_list.h"

#include <QVBoxLayout>
#include <algorithm>

#include "ui/forms/schema_text.h"
#include "ui/pages/optimise/technique_card.h"

namespace hone::ui {

namespace {

const RecipeStep* findStep(const Recipe& recipe, std::string_view technique) {
    const auto it =
        std::find_if(recipe.steps.begin(), recipe.steps.end(),
                     [technique](const RecipeStep& step) { return step.technique == technique; });
    return it == recipe.steps.end() ? nullptr : &*it;
}

}  // namespace

TechniqueList::TechniqueList(Session& session, QWidget* parent)
    : QWidget(parent), session_(session) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(spacing::inside);
    std::vector<Slot> slots_;
    for (const Descriptor& descriptor : session.registry().descriptors())
        if (std::find(slots_.begin(), slots_.end(), descriptor.slot) == slots_.end())
            slots_.push_back(descriptor.slot);
    std::sort(slots_.begin(), slots_.end());
    for (const Slot slot : slots_) {
        if (slot != slots_.front()) layout->addSpacing(spacing::inside - 2);
        layout->addWidget(sectionHeader(text(slot_title(slot))));
        for (const Descriptor& descriptor : session.registry().descriptors()) {
            if (descriptor.slot != slot) continue;
            auto* card = new TechniqueCard(descriptor);
            layout->addWidget(card);
            cards_.push_back(card);
            connect(card, &TechniqueCard::toggled, this,
                    [this, card](bool on) { change(*card, on); });
            connect(card, &TechniqueCard::optionsChanged, this,
                    [this, card] { change(*card, true); });
            connect(
                card, &TechniqueCard::listChanged, this,
                [this, card](const QString& key, const QString& list) { sweep(*card, key, list); });
        }
    }
    layout->addStretch(1);
    connect(&session, &Session::recipeChanged, this, &TechniqueList::showRecipe);
    showRecipe();
}

TechniqueCard* TechniqueList::card(std::string_view technique) const {
    const auto it = std::find_if(
        cards_.begin(), cards_.end(),
        [technique](const TechniqueCard* card) { return card->descriptor().id == technique; });
    return it == cards_.end() ? nullptr : *it;
}

std::size_t TechniqueList::position(std::string_view technique) const {
    const auto all = session_.registry().descriptors();
    const auto it = std::find_if(all.begin(), all.end(),
                                 [technique](const Descriptor& d) { return d.id == technique; });
    return static_cast<std::size_t>(it - all.begin());
}

void TechniqueList::showRecipe() {
    for (TechniqueCard* card : cards_) {
        const RecipeStep* step = findStep(session_.recipe(), card->descriptor().id);
        card->setOptions(step == nullptr ? std::nullopt : std::optional(step->options));
        card->setSwept(session_.swept());
    }
    showConflicts();
}

void TechniqueList::showConflicts() {
    const Registry& registry = session_.registry();
    for (TechniqueCard* card : cards_) {
        QString reason;
        for (const RecipeStep& step : session_.recipe().steps) {
            const Descriptor* other = registry.find(step.technique);
            const std::string_view why = registry.conflict(card->descriptor().id, step.technique);
            if (other == nullptr || why.empty()) continue;
            reason = tr("Conflicts with %1: %2").arg(text(other->title), text(why));
            break;
        }
        card->setBlocked(reason);
    }
}

void TechniqueList::setSupport(const Support& techniques) {
    for (TechniqueCard* card : cards_) {
        const auto found = techniques.find(std::string(card->descriptor().id));
        const bool refused = found != techniques.end() && !found->second.ok;
        card->setUnsupported(refused ? QString::fromStdString(found->second.reason) : QString());
    }
}

void TechniqueList::change(TechniqueCard& card, bool on) {
    Recipe recipe = session_.recipe();
    const std::string id(card.descriptor().id);
    const QString title = text(card.descriptor().title);
    auto& steps = recipe.steps;
    const auto it = std::find_if(steps.begin(), steps.end(),
                                 [&id](const RecipeStep& s) { return s.technique == id; });
    if (!on) {
        if (it != steps.end()) steps.erase(it);
        return apply(recipe, tr("switching off %1").arg(title));
    }
    if (it != steps.end()) {
        it->options = card.options();
        return apply(recipe, tr("options of %1").arg(title));
    }
    // In the registry's order, so that the same choices make the same recipe whatever they were
    // clicked in.
    const auto after = std::find_if(steps.begin(), steps.end(), [&](const RecipeStep& step) {
        return position(step.technique) > position(id);
    });
    steps.insert(after, {id, card.options()});
    apply(recipe, tr("switching on %1").arg(title));
}

// What cannot be read stays as it was typed, and is not in use.
void TechniqueList::sweep(const TechniqueCard& card, const QString& key, const QString& list) {
    Sweep sweep{session_.recipe(), session_.swept()};
    const std::string technique(card.descriptor().id), option = key.toStdString();
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
        session_.setSweep(sweep, tr("values of %1").arg(text(card.descriptor().title)));
        showRecipe();  // one value is no list, though nothing changed
    } catch (const Error& error) {
        emit refused(error.details());
    }
}

void TechniqueList::apply(const Recipe& recipe, const QString& what) {
    try {
        session_.setRecipe(recipe, what);
    } catch (const Error& error) {
        emit refused(error.details());
        showRecipe();
    }
}

}  // namespace hone::ui
