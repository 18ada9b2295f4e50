// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/models_card.h"

#include <QApplication>
#include <QClipboard>
#include <QDesktopServices>
#include <QFileInfo>
#include <QHeaderView>
#include <QMenu>
#include <QSortFilterProxyModel>
#include <QTableView>
#include <QUrl>

#include "ui/widgets/empty_state.h"

namespace hone::ui {

namespace {

constexpr int mostRowsShown = 8;

}  // namespace

ModelsCard::ModelsCard(Session& session, QWidget* parent)
    : Card({}, parent),
      session_(session),
      models_(new FoundModels(session, this)),
      sorted_(new QSortFilterProxyModel(this)),
      table_(new QTableView),
      empty_(new EmptyState(
          QStringLiteral("search"), tr("Looking for models…"),
          tr("Hone looks for GGUF files in ~/.cache/hone, ~/models, the Hugging Face cache and LM "
             "Studio's folder."),
          tr("Open…"))) {
    setFlush(true);
    buildTable();
    body()->addWidget(table_);
    body()->addWidget(empty_);
    empty_->button()->setAccessibleName(tr("Open a model file"));
    connect(empty_, &EmptyState::triggered, &session_, &Session::requestOpen);
    connect(models_, &FoundModels::scanned, this, &ModelsCard::fitHeight);
    fitHeight();
}

void ModelsCard::buildTable() {
    sorted_->setSourceModel(models_);
    sorted_->setSortRole(FoundModels::SortRole);
    table_->setModel(sorted_);
    table_->setFrameShape(QFrame::NoFrame);
    table_->setAccessibleName(tr("Models on this disk"));
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setSelectionMode(QAbstractItemView::SingleSelection);
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setShowGrid(false);
    table_->setWordWrap(false);
    table_->setTabKeyNavigation(false);
    table_->setSortingEnabled(true);
    table_->sortByColumn(-1, Qt::AscendingOrder);
    table_->setContextMenuPolicy(Qt::CustomContextMenu);
    table_->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    table_->viewport()->setAutoFillBackground(false);
    table_->verticalHeader()->hide();
    table_->verticalHeader()->setDefaultSectionSize(spacing::rowHeight);
    QHeaderView* header = table_->horizontalHeader();
    header->setHighlightSections(false);
    header->setMinimumSectionSize(64);
    header->setSectionResizeMode(QHeaderView::ResizeToContents);
    header->setSectionResizeMode(FoundModels::name, QHeaderView::Stretch);
    header->setSectionResizeMode(FoundModels::here, QHeaderView::Stretch);
    connect(table_, &QTableView::activated, this, &ModelsCard::open);
    connect(table_, &QTableView::customContextMenuRequested, this, &ModelsCard::showMenu);
}

void ModelsCard::fitHeight() {
    const int rows = models_->rowCount();
    table_->setVisible(rows > 0);
    empty_->setVisible(rows == 0);
    if (!models_->scanning())
        empty_->setTexts(
            tr("No models found on this disk"),
            tr("Hone looks for GGUF files and Hugging Face folders in ~/.cache/hone, ~/models, "
               "the Hugging Face "
               "cache and LM Studio's folder. A model from anywhere else can be opened or "
               "dropped on the window."));
    table_->setFixedHeight(spacing::headerHeight + qMin(rows, mostRowsShown) * spacing::rowHeight +
                           1);
    if (rows > 0 && !table_->currentIndex().isValid())
        table_->setCurrentIndex(sorted_->index(0, 0));
}

void ModelsCard::open(const QModelIndex& index) {
    const QString path = index.data(FoundModels::PathRole).toString();
    if (!path.isEmpty()) session_.open(path);
}

void ModelsCard::showMenu(const QPoint& position) {
    const QModelIndex index = table_->indexAt(position);
    if (!index.isValid()) return;
    const QString path = index.data(FoundModels::PathRole).toString();
    QMenu menu(this);
    menu.addAction(tr("Open"), this, [this, index] { open(index); });
    menu.addAction(tr("Show its folder"), this, [path] {
        QDesktopServices::openUrl(
            QUrl::fromLocalFile(QFileInfo(path).isDir() ? path : QFileInfo(path).path()));
    });
    menu.addAction(tr("Copy its path"), this, [path] { QApplication::clipboard()->setText(path); });
    menu.exec(table_->viewport()->mapToGlobal(position));
}

}  // namespace hone::ui
