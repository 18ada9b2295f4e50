// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tables/figure_table.h"

#include <QEvent>
#include <QHeaderView>
#include <QScrollBar>
#include <algorithm>

#include "ui/models/run_roles.h"
#include "ui/tables/figure_delegate.h"
#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

constexpr int sharedLeast = 160;  // pixels

}  // namespace

FigureTable::FigureTable(const QString& accessibleName, QWidget* parent) : QTableView(parent) {
    setAccessibleName(accessibleName);
    setItemDelegate(new FigureDelegate(this));
    setFrameShape(QFrame::NoFrame);
    setSelectionBehavior(QAbstractItemView::SelectRows);
    setSelectionMode(QAbstractItemView::SingleSelection);
    setEditTriggers(QAbstractItemView::NoEditTriggers);
    setShowGrid(false);
    setWordWrap(false);
    setTabKeyNavigation(false);
    setCornerButtonEnabled(false);
    setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    viewport()->setAutoFillBackground(false);
    verticalHeader()->hide();
    verticalHeader()->setDefaultSectionSize(spacing::rowHeight);
    horizontalHeader()->setHighlightSections(false);
    horizontalHeader()->setMinimumSectionSize(40);
    horizontalHeader()->setSectionResizeMode(QHeaderView::ResizeToContents);
    horizontalHeader()->viewport()->installEventFilter(this);
    connect(horizontalScrollBar(), &QScrollBar::rangeChanged, this, &FigureTable::fitRows);
    soon_.setSingleShot(true);
    connect(&soon_, &QTimer::timeout, this, [this] {
        fitColumns();
        giveWay();
    });
    connect(horizontalHeader(), &QHeaderView::sectionResized, this,
            [this](int column, int, int now) {
                if (!draggable_ || fitting_ || !headerPressed_) return;
                dragged_[column] = now;
                emit columnDragged(column);
                fitStretched();
            });
}

void FigureTable::setModel(QAbstractItemModel* model) {
    QTableView::setModel(model);
    connect(model, &QAbstractItemModel::modelReset, this, &FigureTable::fitRows);
    connect(model, &QAbstractItemModel::rowsInserted, this, &FigureTable::fitRows);
    connect(model, &QAbstractItemModel::rowsRemoved, this, &FigureTable::fitRows);
    const auto later = [this] {
        measured_.clear();
        caps_.clear();
        if (draggable_ || !givingWay_.isEmpty()) soon_.start(0);
    };
    connect(model, &QAbstractItemModel::modelReset, this, later);
    connect(model, &QAbstractItemModel::rowsInserted, this, later);
    connect(model, &QAbstractItemModel::rowsRemoved, this, later);
    connect(
        model, &QAbstractItemModel::dataChanged, this,
        [later](const QModelIndex&, const QModelIndex&, const QList<int>& roles) {
            // A mark or a tone makes no column wider.
            if (roles.isEmpty() || roles.contains(Qt::DisplayRole) || roles.contains(SuffixRole))
                later();
        });
    fitRows();
}

void FigureTable::setDraggableColumns(const QList<int>& fixed) {
    draggable_ = true;
    fixed_ = fixed;
    horizontalHeader()->setSectionResizeMode(QHeaderView::Interactive);
    for (const int column : fixed)
        horizontalHeader()->setSectionResizeMode(column, QHeaderView::Fixed);
    fitColumns();
}

void FigureTable::setMostWidth(int column, int pixels) {
    most_[column] = pixels;
}

void FigureTable::setDraggedWidths(const QMap<int, int>& widths) {
    dragged_ = widths;
    fitColumns();
}

void FigureTable::setSharingFrom(int column) {
    sharingFrom_ = column;
    fitColumns();
}

void FigureTable::setGivingWay(const QList<int>& columns) {
    givingWay_ = columns;
    horizontalHeader()->setResizeContentsPrecision(-1);  // also of rows that are not in sight
    giveWay();
}

bool FigureTable::holdsAnything(int column) const {
    for (int row = 0; row < model()->rowCount(); ++row)
        if (!model()->index(row, column).data().toString().isEmpty()) return true;
    return false;
}

void FigureTable::giveWay() {
    if (givingWay_.isEmpty() || model() == nullptr) return;
    int room = viewport()->width();
    for (int column = 0; column < model()->columnCount(); ++column) room -= neededWidth(column);
    QList<int> order = givingWay_;
    std::stable_partition(order.begin(), order.end(),
                          [this](int column) { return !holdsAnything(column); });
    for (const int column : order) {
        const bool hidden = room < 0;
        if (hidden) room += neededWidth(column);
        if (isColumnHidden(column) != hidden) setColumnHidden(column, hidden);
    }
}

// A text that has a suffix is a word of few ("cancelled"): only the suffix is cut.
int FigureTable::cap(int column) const {
    if (caps_.contains(column)) return caps_[column];
    int most = most_[column];
    for (int row = 0; row < model()->rowCount(); ++row) {
        const QModelIndex index = model()->index(row, column);
        if (!index.data(SuffixRole).toString().isEmpty())
            most = std::max(most, FigureDelegate::leastWidth(index));
    }
    return caps_[column] = most;
}

int FigureTable::fullWidth(int column) const {
    if (!measured_.contains(column)) measured_[column] = sizeHintForColumn(column);
    return std::max(measured_[column], horizontalHeader()->sectionSizeHint(column));
}

int FigureTable::neededWidth(int column) const {
    if (sharingFrom_ >= 0 && column >= sharingFrom_) {
        // Verdicts with their intervals are whole; a name, or what differs, may end in "…" and is
        // in its tooltip.
        int widest = sharedLeast;
        for (int row = 0; row < model()->rowCount(); ++row) {
            const QModelIndex index = model()->index(row, column);
            if (!index.data(SuffixRole).toString().isEmpty())
                widest = std::max(widest, itemDelegate()->sizeHint({}, index).width());
        }
        return widest;
    }
    const int needed = fullWidth(column);
    return most_.contains(column) ? std::min(needed, cap(column)) : needed;
}

void FigureTable::fitColumns() {
    if (!draggable_ || model() == nullptr) return;
    fitting_ = true;
    QHeaderView* header = horizontalHeader();
    for (int column = 0; column < header->count(); ++column) {
        if (header->isSectionHidden(column) || fixed_.contains(column) || column == stretched_)
            continue;
        header->resizeSection(column, dragged_.value(column, neededWidth(column)));
    }
    fitting_ = false;
    widenCapped();
    fitStretched();
    shareRoom();
}

void FigureTable::widenCapped() {
    if (most_.isEmpty() || stretched_ < 0) return;
    QHeaderView* header = horizontalHeader();
    int room = viewport()->width() - std::max(least_, fullWidth(stretched_));
    for (int column = 0; column < header->count(); ++column)
        if (column != stretched_ && !header->isSectionHidden(column))
            room -= header->sectionSize(column);
    fitting_ = true;
    for (const int column : most_.keys()) {
        if (header->isSectionHidden(column) || dragged_.contains(column)) continue;
        const int more =
            std::clamp(fullWidth(column) - header->sectionSize(column), 0, std::max(0, room));
        header->resizeSection(column, header->sectionSize(column) + more);
        room -= more;
    }
    fitting_ = false;
}

void FigureTable::shareRoom() {
    if (sharingFrom_ < 0 || !draggable_ || model() == nullptr) return;
    QHeaderView* header = horizontalHeader();
    int room = viewport()->width();
    QList<int> sharing;
    for (int column = 0; column < header->count(); ++column) {
        if (header->isSectionHidden(column)) continue;
        const bool shares = column >= sharingFrom_ && !dragged_.contains(column);
        if (shares) sharing.append(column);
        room -= shares ? neededWidth(column) : header->sectionSize(column);
    }
    fitting_ = true;
    const int each = sharing.isEmpty() ? 0 : std::max(0, room) / static_cast<int>(sharing.size());
    for (const int column : sharing) header->resizeSection(column, neededWidth(column) + each);
    fitting_ = false;
}

void FigureTable::setFittingRows(int rows) {
    fittingRows_ = rows;
    fitRows();
}

void FigureTable::setStretchedColumn(int column, int least) {
    stretched_ = column;
    least_ = least;
    if (!draggable_) horizontalHeader()->setSectionResizeMode(column, QHeaderView::Stretch);
    fitStretched();
}

bool FigureTable::eventFilter(QObject* watched, QEvent* event) {
    const bool header = watched == horizontalHeader()->viewport();
    if (header && event->type() == QEvent::MouseButtonPress) headerPressed_ = true;
    if (header && event->type() == QEvent::MouseButtonRelease) headerPressed_ = false;
    return QTableView::eventFilter(watched, event);
}

void FigureTable::resizeEvent(QResizeEvent* event) {
    QTableView::resizeEvent(event);
    giveWay();
    if (!most_.isEmpty()) fitColumns();
    fitStretched();
    shareRoom();
}

// Also where columns came, went or grew with what they hold.
void FigureTable::updateGeometries() {
    QTableView::updateGeometries();
    fitStretched();
}

void FigureTable::fitStretched() {
    if (stretched_ < 0 || (least_ == 0 && !draggable_) || model() == nullptr || fitting_) return;
    QHeaderView* header = horizontalHeader();
    int others = 0;
    for (int column = 0; column < header->count(); ++column)
        if (column != stretched_ && !header->isSectionHidden(column))
            others += header->sectionSize(column);
    if (draggable_) {
        fitting_ = true;
        header->resizeSection(
            stretched_, dragged_.value(stretched_, std::max(least_, viewport()->width() - others)));
        fitting_ = false;
        return;
    }
    const auto mode =
        viewport()->width() - others < least_ ? QHeaderView::Fixed : QHeaderView::Stretch;
    if (header->sectionResizeMode(stretched_) == mode) return;
    header->setSectionResizeMode(stretched_, mode);
    if (mode == QHeaderView::Fixed) header->resizeSection(stretched_, least_);
}

void FigureTable::fitColumn(int column) {
    horizontalHeader()->setSectionResizeMode(column, QHeaderView::Fixed);
    horizontalHeader()->setResizeContentsPrecision(-1);  // of every row, also before it is shown
    setColumnWidth(column, sizeHintForColumn(column));
}

void FigureTable::fitRows() {
    if (fittingRows_ < 0 || model() == nullptr) return;
    const int rows =
        fittingRows_ == 0 ? model()->rowCount() : qMin(fittingRows_, model()->rowCount());
    const int header = horizontalHeader()->isHidden() ? 0 : spacing::headerHeight;
    // A column that has no room is scrolled to, not cut off.
    const int bar =
        horizontalScrollBar()->maximum() > 0 ? horizontalScrollBar()->sizeHint().height() : 0;
    setFixedHeight(header + rows * spacing::rowHeight + 1 + bar);
    setVerticalScrollBarPolicy(rows == model()->rowCount() ? Qt::ScrollBarAlwaysOff
                                                           : Qt::ScrollBarAsNeeded);
}

}  // namespace hone::ui
