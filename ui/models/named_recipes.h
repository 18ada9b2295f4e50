// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QStringList>

#include "ui/models/session.h"

namespace hone::ui {

// The recipes that the user gave a name, kept for each model in the settings, lists of values with
// them. Saving, renaming and deleting are steps of the session's undo stack.
class NamedRecipes : public QObject {
    Q_OBJECT
public:
    explicit NamedRecipes(Session& session, QObject* parent = nullptr);

    bool available() const;                       // a model is open
    QStringList names() const;                    // of the open model, sorted
    QString current() const;                      // whose recipe is the session's; empty: none's
    static QString cleaned(const QString& name);  // as it is kept; empty where it is no name

    // The session's recipe, in the place of one that has the name already.
    void save(const QString& name);
    void rename(const QString& name, const QString& to);  // to a name that none has
    void remove(const QString& name);
    // Makes it the session's. Throws Error where this version has not got what it asks for.
    void take(const QString& name);

signals:
    void changed();

private:
    void put(const nlohmann::json& recipes, const QString& what);
    Session& session_;
};

}  // namespace hone::ui
