// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/tensor_tree.h"

#include <algorithm>

#include "ui/models/model_facts.h"
#include "ui/theme/plain_text.h"
#include "ui/theme/theme.h"
#include "ui/widgets/share_bar_delegate.h"

namespace hone::ui {

namespace {

using Node = TensorTree::Node;
using NodePtr = std::unique_ptr<Node>;

NodePtr makeTensor(const messages::TensorFacts& tensor) {
    auto node = std::make_unique<Node>();
    node->tensorName = text(tensor.name);
    node->label = node->tensorName;
    node->type = text(tensor.type);
    node->bytes = static_cast<double>(tensor.bytes);
    node->elements = static_cast<double>(tensor.elements);
    QStringList sizes;
    for (const std::int64_t size : tensor.shape) sizes << formatExact(static_cast<double>(size));
    node->shape = sizes.join(QStringLiteral(" × "));
    return node;
}

void adopt(Node& parent, NodePtr child) {
    child->parent = &parent;
    parent.bytes += child->bytes;
    parent.elements += child->elements;
    parent.tensors += child->tensors;
    parent.children.push_back(std::move(child));
}

NodePtr makeGroup(const QString& label) {
    auto node = std::make_unique<Node>();
    node->label = label;
    node->tensors = 0;
    return node;
}

// The types within, the one with most tensors first: "BF16", "Q4_1 + F32".
QString typesOf(const Node& group) {
    QStringList order;
    QHash<QString, double> bytesOf;
    for (const NodePtr& child : group.children) {
        if (!bytesOf.contains(child->type)) order << child->type;
        bytesOf[child->type] += child->bytes;
    }
    std::stable_sort(order.begin(), order.end(),
                     [&](const QString& a, const QString& b) { return bytesOf[a] > bytesOf[b]; });
    return order.join(QStringLiteral(" + "));
}

bool identical(const Node& a, const Node& b) {
    return std::equal(a.children.begin(), a.children.end(), b.children.begin(), b.children.end(),
                      [](const NodePtr& x, const NodePtr& y) {
                          return x->label == y->label && x->type == y->type && x->shape == y->shape;
                      });
}

struct Block {
    int number;
    NodePtr node;
};

// Runs of identical neighbours become one node with the blocks as its children.
void adoptBlocks(Node& root, std::vector<Block> blocks) {
    std::sort(blocks.begin(), blocks.end(),
              [](const Block& a, const Block& b) { return a.number < b.number; });
    for (std::size_t first = 0; first < blocks.size();) {
        std::size_t end = first + 1;
        while (end < blocks.size() && identical(*blocks[first].node, *blocks[end].node)) ++end;
        if (end - first == 1) {
            adopt(root, std::move(blocks[first].node));
        } else {
            NodePtr run = makeGroup(TensorTree::tr("blk %1–%2 · %3 identical blocks")
                                        .arg(blocks[first].number)
                                        .arg(blocks[end - 1].number)
                                        .arg(end - first));
            run->type = blocks[first].node->type;
            for (std::size_t i = first; i < end; ++i) adopt(*run, std::move(blocks[i].node));
            adopt(root, std::move(run));
        }
        first = end;
    }
}

NodePtr makeTree(const std::vector<messages::TensorFacts>& tensors) {
    NodePtr root = makeGroup({});
    std::vector<Block> blocks;
    std::vector<NodePtr> before, after;
    for (const messages::TensorFacts& tensor : tensors) {
        NodePtr node = makeTensor(tensor);
        const int number = tensor.layer;
        if (number < 0) {
            (tensor.role == "token_embd" ? before : after).push_back(std::move(node));
            continue;
        }
        auto it = std::find_if(blocks.begin(), blocks.end(),
                               [number](const Block& b) { return b.number == number; });
        if (it == blocks.end()) {
            blocks.push_back({number, makeGroup(TensorTree::tr("blk %1").arg(number))});
            it = blocks.end() - 1;
        }
        node->label = text(tensor.part);
        node->layer = number;
        adopt(*it->node, std::move(node));
    }
    for (Block& block : blocks) block.node->type = typesOf(*block.node);
    for (NodePtr& node : before) adopt(*root, std::move(node));
    adoptBlocks(*root, std::move(blocks));
    for (NodePtr& node : after) adopt(*root, std::move(node));
    return root;
}

const Node* findTensor(const Node& from, const QString& name) {
    if (from.tensorName == name && !name.isEmpty()) return &from;
    for (const NodePtr& child : from.children)
        if (const Node* found = findTensor(*child, name)) return found;
    return nullptr;
}

int rowOf(const Node& node) {
    const auto& siblings = node.parent->children;
    const auto it = std::find_if(siblings.begin(), siblings.end(),
                                 [&](const NodePtr& n) { return n.get() == &node; });
    return static_cast<int>(it - siblings.begin());
}

}  // namespace

TensorTree::TensorTree(QObject* parent) : QAbstractItemModel(parent), root_(makeGroup({})) {}
TensorTree::~TensorTree() = default;

void TensorTree::setTensors(const std::vector<messages::TensorFacts>& tensors) {
    beginResetModel();
    root_ = makeTree(tensors);
    endResetModel();
}

TensorTree::Node* TensorTree::nodeOf(const QModelIndex& index) const {
    return index.isValid() ? static_cast<Node*>(index.internalPointer()) : root_.get();
}

const TensorTree::Node* TensorTree::node(const QModelIndex& index) const {
    return index.isValid() ? nodeOf(index) : nullptr;
}

int TensorTree::layerOf(const QModelIndex& index) const {
    const Node* of = node(index);
    if (of != nullptr && of->tensorName.isEmpty() && !of->children.empty())
        of = of->children.front().get();
    if (of == nullptr || of->tensorName.isEmpty()) return -1;
    return of->layer;
}

QModelIndex TensorTree::find(const QString& tensorName) const {
    const Node* found = findTensor(*root_, tensorName);
    if (found == nullptr) return {};
    return createIndex(rowOf(*found), 0, const_cast<Node*>(found));
}

QModelIndex TensorTree::findLayer(int layer) const {
    for (int row = 0; row < rowCount(); ++row) {
        const QModelIndex top = index(row, 0);
        if (layerOf(top) == layer) return top;
        for (int child = 0; child < rowCount(top); ++child)
            if (const QModelIndex block = index(child, 0, top); layerOf(block) == layer)
                return block;
    }
    return {};
}

QModelIndex TensorTree::index(int row, int column, const QModelIndex& parent) const {
    if (!hasIndex(row, column, parent)) return {};
    return createIndex(row, column, nodeOf(parent)->children[static_cast<std::size_t>(row)].get());
}

QModelIndex TensorTree::parent(const QModelIndex& child) const {
    Node* above = child.isValid() ? nodeOf(child)->parent : nullptr;
    if (above == nullptr || above == root_.get()) return {};
    return createIndex(rowOf(*above), 0, above);
}

int TensorTree::rowCount(const QModelIndex& parent) const {
    return parent.column() > 0 ? 0 : static_cast<int>(nodeOf(parent)->children.size());
}

int TensorTree::columnCount(const QModelIndex&) const {
    return columns;
}

QVariant TensorTree::data(const QModelIndex& index, int role) const {
    const Node* at = node(index);
    if (at == nullptr) return {};
    const int column = index.column();
    const double part = root_->bytes > 0 ? at->bytes / root_->bytes : 0;
    if (role == ShareBarDelegate::ShareRole) return column == share ? QVariant(part) : QVariant();
    if (role == Qt::TextAlignmentRole)
        return int(Qt::AlignVCenter) |
               int(column == bytes || column == shape ? Qt::AlignRight : Qt::AlignLeft);
    if (role == Qt::FontRole && (column == bytes || column == shape))
        return Theme::instance().font(TextStyle::tabular);
    if (role == Qt::ToolTipRole)
        return plainTip(QStringLiteral("%1\n%2").arg(
            at->tensorName.isEmpty() ? at->label : at->tensorName,
            tr("%1, %2, %3 of all")
                .arg(formatExact(at->elements, tr("parameters")),
                     formatExact(at->bytes, tr("bytes")),
                     data(index.siblingAtColumn(share), Qt::DisplayRole).toString())));
    if (role != Qt::DisplayRole) return {};
    switch (column) {
        case tensor:
            return plainLine(at->label);
        case type:
            return plainLine(at->type);
        case shape:
            return at->tensorName.isEmpty()
                       ? counted(at->tensors, tr("%1 tensor"), tr("%1 tensors"))
                       : at->shape;
        case bytes:
            return formatBytes(at->bytes);
        case share:
            return part > 0 && part < 0.001 ? tr("< 0.1 %")
                                            : formatNumber(part * 100, QStringLiteral("%"));
        default:
            return {};
    }
}

QVariant TensorTree::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal) return {};
    if (role == Qt::TextAlignmentRole)
        return int(Qt::AlignVCenter) |
               int(section == bytes || section == shape ? Qt::AlignRight : Qt::AlignLeft);
    if (role != Qt::DisplayRole) return {};
    const QString titles[columns] = {tr("Tensor"), tr("Type"), tr("Shape"), tr("Size"),
                                     tr("Share")};
    return section < columns ? titles[section] : QVariant();
}

}  // namespace hone::ui
