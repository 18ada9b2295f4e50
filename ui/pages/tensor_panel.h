// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/session.h"
#include "ui/models/tensor_tree.h"
#include "ui/widgets/card.h"

class QToolButton;

namespace hone::ui {

class Banner;
class EmptyState;
class FactList;
class HistogramChart;

// The selected tensor: how its weights are distributed, and what should make one look twice.
class TensorPanel : public Card {
    Q_OBJECT
public:
    explicit TensorPanel(Session& session, QWidget* parent = nullptr);
    void show(const TensorTree::Node* node);  // null: nothing is selected

private:
    void request(const QString& tensor);
    void fill(const messages::TensorStatsReply& stats);
    void showGroup(const TensorTree::Node& node);
    void warn(const messages::TensorStatsReply& stats);

    Session& session_;
    TextLabel* subtitle_;
    Banner* banner_;
    HistogramChart* chart_;
    QToolButton* chartMenu_;
    FactList* facts_;
    EmptyState* empty_;
};

}  // namespace hone::ui
