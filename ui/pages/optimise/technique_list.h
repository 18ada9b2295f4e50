// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>
#include <map>
#include <string>
#include <vector>

#include "engine/experiment/protocol/messages/plans.h"
#include "ui/models/session.h"

class QLineEdit;
class QScrollArea;
class QVBoxLayout;

namespace hone::ui {

class TechniqueRow;
class TextLabel;

// The registry's techniques under the titles of their slots, showing and editing the session's
// recipe. It scrolls below a field that finds some of them.
class TechniqueList : public QWidget {
    Q_OBJECT
public:
    explicit TechniqueList(Session& session, QWidget* parent = nullptr);

    using Support = std::map<std::string, messages::TechniqueSupport>;  // by id
    void setSupport(const Support& techniques);  // one that is not told of is not known
    TechniqueRow* row(std::string_view technique) const;
    void focusSearch();

signals:
    void refused(const hone::ErrorDetails& error);
    void changed();  // the recipe, from here

private:
    struct Group {
        QWidget *title, *card;
        std::vector<TechniqueRow*> rows;
    };
    void addSearch(QVBoxLayout& layout);
    QWidget* makeGroups();
    void addRow(Group& group, const Descriptor& descriptor);
    void find(const QString& words);
    void step(const TechniqueRow* from, int rows);
    void showRecipe();
    void showConflicts();
    std::vector<const Descriptor*> blocking(const TechniqueRow& row) const;
    void change(TechniqueRow& row, bool on);
    void takeInstead(TechniqueRow& row);
    void sweep(const TechniqueRow& row, const QString& key, const QString& list);
    void insert(Recipe& recipe, const TechniqueRow& row) const;
    void apply(const Recipe& recipe, const QString& what);
    std::size_t position(std::string_view technique) const;  // in the registry
    Session& session_;
    QLineEdit* search_;
    TextLabel* nothing_;  // where no technique is found
    QScrollArea* scroll_;
    std::vector<Group> groups_;
    std::vector<TechniqueRow*> rows_;  // from top to bottom
};

}  // namespace hone::ui
