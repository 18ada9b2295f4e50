// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTimer>

#include "ui/models/session.h"
#include "ui/widgets/card.h"

class QPlainTextEdit;

namespace hone::ui {

class Banner;

// The recipe as JSON, both ways: edits are applied once they are valid, and what is wrong is said
// below the text.
class RecipeCard : public Card {
    Q_OBJECT
public:
    explicit RecipeCard(Session& session, QWidget* parent = nullptr);

    void paste();
    QString save(const QString& path);  // why it could not be, or empty
    QString load(const QString& path);

private:
    void addButtons();
    QString recipeText() const;
    void showRecipe();
    void applyText(const QString& what);
    void askSave();
    void askLoad();
    Session& session_;
    QPlainTextEdit* text_;
    Banner* error_;
    QTimer pause_;
    bool applying_ = false;
};

}  // namespace hone::ui
