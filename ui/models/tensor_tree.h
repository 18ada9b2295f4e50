// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractItemModel>
#include <memory>
#include <vector>

#include "engine/experiment/protocol/messages/model.h"

namespace hone::ui {

// The tensors of a model as a tree: layers are rows of their own, and a run of blocks
// with the same tensors, shapes and types reads as one row until it is opened.
class TensorTree : public QAbstractItemModel {
    Q_OBJECT
public:
    enum Column { tensor, type, shape, bytes, share, columns };

    struct Node {
        QString label;
        QString tensorName;  // empty: a block or a run of blocks
        int layer = -1;      // of a tensor; −1: outside the layers
        QString type, shape;
        double bytes = 0, elements = 0;
        int tensors = 1;
        Node* parent = nullptr;
        std::vector<std::unique_ptr<Node>> children;
    };

    explicit TensorTree(QObject* parent = nullptr);
    ~TensorTree() override;
    void setTensors(const std::vector<messages::TensorFacts>& tensors);
    const Node* node(const QModelIndex& index) const;
    // The layer that a block or a tensor of it stands for; −1 for runs of blocks and what lies
    // outside of them.
    int layerOf(const QModelIndex& index) const;
    QModelIndex find(const QString& tensorName) const;
    QModelIndex findLayer(int layer) const;  // its block

    QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
    QModelIndex parent(const QModelIndex& child) const override;
    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    Node* nodeOf(const QModelIndex& index) const;
    std::unique_ptr<Node> root_;
};

}  // namespace hone::ui
