// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "ui/models/named_recipes.h"
#include "ui/widgets/text_label.h"

class QLineEdit;
class QMenu;
class QPushButton;

namespace hone::ui {

// The menu of a model's named recipes, and the field in which a name is written.
class SavedRecipes : public QWidget {
    Q_OBJECT
public:
    explicit SavedRecipes(Session& session, QWidget* parent = nullptr);
    void fillMenu(QMenu& menu);

signals:
    void refused(const hone::ErrorDetails& error);

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void follow();
    void showMenu();
    void beginName(const QString& renamed);  // empty: saves under a new one
    void endName(bool keep);
    Session& session_;
    NamedRecipes* recipes_;
    QPushButton *menu_, *save_;
    QLineEdit* name_;
    TextLabel* problem_;
    QString renamed_;
};

}  // namespace hone::ui
