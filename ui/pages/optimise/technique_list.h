// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>
#include <map>
#include <string>
#include <vector>

#include "engine/experiment/protocol/messages/plans.h"
#include "ui/models/session.h"

namespace hone::ui {

class TechniqueCard;

// The registry's techniques under the titles of their slots, showing and editing the session's
// recipe.
class TechniqueList : public QWidget {
    Q_OBJECT
public:
    explicit TechniqueList(Session& session, QWidget* parent = nullptr);

    using Support = std::map<std::string, messages::TechniqueSupport>;  // by id
    void setSupport(const Support& techniques);  // one that is not told of is not known
    TechniqueCard* card(std::string_view technique) const;

signals:
    void refused(const hone::ErrorDetails& error);

private:
    void showRecipe();
    void showConflicts();
    void change(TechniqueCard& card, bool on);
    void sweep(const TechniqueCard& card, const QString& key, const QString& list);
    void apply(const Recipe& recipe, const QString& what);
    std::size_t position(std::string_view technique) const;  // in the registry
    Session& session_;
    std::vector<TechniqueCard*> cards_;
};

}  // namespace hone::ui
