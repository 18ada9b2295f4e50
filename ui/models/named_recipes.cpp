// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/named_recipes.h"

#include <QUndoCommand>
#include <algorithm>
#include <functional>
#include <utility>

#include "ui/models/kept_list.h"
#include "ui/theme/plain_text.h"

namespace hone::ui {

namespace {

using nlohmann::json;

// [{"name": MODEL, "recipes": [{"title", "steps", "swept"}]}]
const QString recipesKey = QStringLiteral("session/recipes");
constexpr std::size_t mostModels = 256;
constexpr int longestName = 80;

json recipesOf(const std::string& model) {
    json recipes = kept::entryOf(recipesKey, model).value("recipes", json());
    if (!recipes.is_array()) return json::array();
    json known = json::array();
    for (const json& each : recipes)
        if (each.is_object() && each.value("title", json()).is_string() && each.contains("steps"))
            known.push_back(each);
    return known;
}

QString nameIn(const json& entry) {
    return QString::fromStdString(entry["title"].get<std::string>());
}

json* find(json& recipes, const QString& name) {
    for (json& each : recipes)
        if (nameIn(each) == name) return &each;
    return nullptr;
}

void erase(json& recipes, const QString& name) {
    json left = json::array();
    for (const json& each : recipes)
        if (nameIn(each) != name) left.push_back(each);
    recipes = left;
}

// A model's recipes as they were and are, whole: a few of a few lines.
class ChangeRecipes : public QUndoCommand {
public:
    using Apply = std::function<void(const json&)>;
    ChangeRecipes(json before, json after, const QString& what, Apply apply)
        : QUndoCommand(what),
          before_(std::move(before)),
          after_(std::move(after)),
          apply_(std::move(apply)) {}
    void undo() override { apply_(before_); }
    void redo() override { apply_(after_); }

private:
    json before_, after_;
    Apply apply_;
};

}  // namespace

NamedRecipes::NamedRecipes(Session& session, QObject* parent) : QObject(parent), session_(session) {
    connect(&session, &Session::modelChanged, this, &NamedRecipes::changed);
    connect(&session, &Session::recipeChanged, this, &NamedRecipes::changed);
}

bool NamedRecipes::available() const {
    return !session_.checkpoint().isEmpty();
}

QString NamedRecipes::cleaned(const QString& name) {
    return plainLine(name.simplified()).left(longestName);
}

QStringList NamedRecipes::names() const {
    QStringList names;
    for (const json& each : recipesOf(kept::nameOf(session_.checkpoint()))) names += nameIn(each);
    std::sort(names.begin(), names.end(), [](const QString& a, const QString& b) {
        return QString::localeAwareCompare(a, b) < 0;
    });
    return names;
}

QString NamedRecipes::current() const {
    if (session_.recipe().steps.empty()) return {};
    const json recipe = to_json(session_.recipe()), swept = to_json(session_.swept());
    for (const json& each : recipesOf(kept::nameOf(session_.checkpoint())))
        if (each["steps"] == recipe && each.value("swept", json::array()) == swept)
            return nameIn(each);
    return {};
}

void NamedRecipes::put(const json& recipes, const QString& what) {
    const std::string model = kept::nameOf(session_.checkpoint());
    session_.undoStack().push(
        new ChangeRecipes(recipesOf(model), recipes, what, [this, model](const json& now) {
            kept::putEntry(recipesKey, model, {{"recipes", now}}, mostModels);
            emit changed();
        }));
}

void NamedRecipes::save(const QString& name) {
    const QString called = cleaned(name);
    if (called.isEmpty() || !available()) return;
    json recipes = recipesOf(kept::nameOf(session_.checkpoint()));
    const bool replaces = find(recipes, called) != nullptr;
    erase(recipes, called);
    recipes.push_back({{"title", called.toStdString()},
                       {"steps", to_json(session_.recipe())},
                       {"swept", to_json(session_.swept())}});
    put(recipes, tr("saving the recipe %1").arg(called));
    if (replaces)
        session_.say(tr("The recipe takes the place of an earlier “%1”. Undo brings that back.")
                         .arg(called));
}

void NamedRecipes::rename(const QString& name, const QString& to) {
    const QString called = cleaned(to);
    json recipes = recipesOf(kept::nameOf(session_.checkpoint()));
    json* renamed = find(recipes, name);
    if (renamed == nullptr || called.isEmpty() || find(recipes, called) != nullptr) return;
    (*renamed)["title"] = called.toStdString();
    put(recipes, tr("renaming the recipe %1").arg(name));
}

void NamedRecipes::remove(const QString& name) {
    json recipes = recipesOf(kept::nameOf(session_.checkpoint()));
    if (find(recipes, name) == nullptr) return;
    erase(recipes, name);
    put(recipes, tr("deleting the recipe %1").arg(name));
    session_.say(tr("The recipe “%1” is deleted. Undo brings it back.").arg(name));
}

void NamedRecipes::take(const QString& name) {
    json recipes = recipesOf(kept::nameOf(session_.checkpoint()));
    const json* taken = find(recipes, name);
    if (taken == nullptr) return;
    session_.setSweep({recipe_from_json((*taken)["steps"], session_.registry()),
                       swept_from_json(taken->value("swept", json()))},
                      tr("taking the recipe %1").arg(name));
}

}  // namespace hone::ui
