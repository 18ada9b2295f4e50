// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/found_models.h"
#include "ui/widgets/card.h"

class QSortFilterProxyModel;
class QTableView;

namespace hone::ui {

class EmptyState;

// The table of models found on this disk; Enter or a double click opens one.
class ModelsCard : public Card {
    Q_OBJECT
public:
    explicit ModelsCard(Session& session, QWidget* parent = nullptr);
    FoundModels& models() { return *models_; }
    QTableView* table() { return table_; }

private:
    void buildTable();
    void fitHeight();
    void open(const QModelIndex& index);
    void showMenu(const QPoint& position);

    Session& session_;
    FoundModels* models_;
    QSortFilterProxyModel* sorted_;
    QTableView* table_;
    EmptyState* empty_;
};

}  // namespace hone::ui
