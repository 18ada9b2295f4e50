// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/style.h"

#include <QAbstractItemView>
#include <QAbstractScrollArea>
#include <QComboBox>
#include <QHeaderView>
#include <QMenu>
#include <QPushButton>
#include <QStyleFactory>
#include <QStyleOptionButton>
#include <QStyleOptionFrame>
#include <QTabBar>
#include <QTableView>
#include <QToolButton>
#include <QTreeView>

#include "ui/theme/style_painting.h"
#include "ui/theme/theme.h"

namespace hone::ui {

using namespace painting;

namespace {

constexpr int indicatorSize = 16, cellPadding = 9;

// Lists in pop-ups have no hairlines.
bool hasRows(const QWidget* widget) {
    return qobject_cast<const QTableView*>(widget) != nullptr ||
           qobject_cast<const QTreeView*>(widget) != nullptr;
}

void drawIndicator(const QStyleOption* option, QPainter* painter, bool round) {
    const bool enabled = option->state & QStyle::State_Enabled;
    const bool on = option->state & QStyle::State_On;
    const bool partly = option->state & QStyle::State_NoChange;
    QRect box(0, 0, indicatorSize, indicatorSize);
    box.moveCenter(option->rect.center());
    const QColor fill =
        on || partly ? (enabled ? colors().accent : colors().strongBorder) : colors().surface;
    const QColor border = on || partly ? fill : enabled ? colors().strongBorder : colors().border;
    roundedBox(painter, box, fill, border, round ? indicatorSize / 2.0 : 4);
    if (round && on)
        roundedBox(painter, box.adjusted(5, 5, -5, -5), colors().onAccent, QColor(), 3);
    else if (on)
        checkMark(painter, box, colors().onAccent);
    else if (partly)
        painter->fillRect(box.adjusted(4, 7, -4, -7), colors().onAccent);
    if (showsFocus(option))
        focusRing(painter, box.adjusted(-3, -3, 3, 3), round ? 11 : spacing::radius);
}

// Drawn under the cells of a row and under a tree's branches.
void drawItemRow(const QStyleOption* option, QPainter* painter, const QWidget* widget) {
    if (!hasRows(widget)) return;
    const QRect& r = option->rect;
    if (option->state & QStyle::State_Selected) painter->fillRect(r, colors().accentSoft);
    // Not where the view ends with the row: its frame is the line there.
    const QWidget* viewport = static_cast<const QAbstractScrollArea*>(widget)->viewport();
    if (r.bottom() < viewport->height() - 2)
        painter->fillRect(QRect(r.left(), r.bottom(), r.width(), 1), colors().grid);
}

void drawItemPanel(const QStyleOption* option, QPainter* painter, const QWidget* widget) {
    const QRect rect = option->rect.adjusted(0, 0, 0, hasRows(widget) ? -1 : 0);
    const auto* item = qstyleoption_cast<const QStyleOptionViewItem*>(option);
    if (item != nullptr && item->backgroundBrush.style() != Qt::NoBrush)
        painter->fillRect(rect, item->backgroundBrush);
    if (option->state & QStyle::State_Selected)
        painter->fillRect(rect, colors().accentSoft);
    else if (option->state & QStyle::State_MouseOver)
        painter->fillRect(rect, colors().hover);
}

void drawLineEditPanel(const QStyleOption* option, QPainter* painter) {
    const auto* frame = qstyleoption_cast<const QStyleOptionFrame*>(option);
    const QColor fill = option->state & QStyle::State_Enabled ? colors().surface : colors().window;
    // Editors inside spin boxes and combo boxes have no frame of their own.
    if (frame != nullptr && frame->lineWidth <= 0) return;
    roundedBox(painter, option->rect, fill, controlBorder(option), 4);
    if (option->state & QStyle::State_HasFocus) focusRing(painter, option->rect, 4);
}

void drawBranch(const QStyleOption* option, QPainter* painter) {
    if (option->state & QStyle::State_Children)
        chevron(painter, option->rect,
                option->state & QStyle::State_Open ? Qt::DownArrow : Qt::RightArrow,
                colors().mutedText);
}

}  // namespace

Style::Style() : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion"))) {}

int Style::pixelMetric(PixelMetric metric, const QStyleOption* option,
                       const QWidget* widget) const {
    switch (metric) {
        case PM_IndicatorWidth:
        case PM_IndicatorHeight:
        case PM_ExclusiveIndicatorWidth:
        case PM_ExclusiveIndicatorHeight:
            return indicatorSize;
        case PM_FocusFrameHMargin:
            // What item views keep between a cell's edge and its text.
            return qobject_cast<const QAbstractItemView*>(widget) != nullptr
                       ? cellPadding
                       : QProxyStyle::pixelMetric(metric, option, widget);
        case PM_ScrollBarExtent:
            return 12;
        case PM_ButtonShiftHorizontal:
        case PM_ButtonShiftVertical:
            return 0;
        case PM_SplitterWidth:
            return spacing::group;
        case PM_SmallIconSize:
        case PM_ButtonIconSize:
            return spacing::iconSize;
        case PM_TreeViewIndentation:
            return 18;
        case PM_LayoutHorizontalSpacing:
        case PM_LayoutVerticalSpacing:
            return spacing::inside;
        case PM_TabBarTabHSpace:
            return 2 * spacing::group;
        case PM_TabBarTabVSpace:
            return 14;
        case PM_TabBarBaseOverlap:
        case PM_TabBarTabOverlap:
            return 0;
        case PM_MenuPanelWidth:
            return 1;
        case PM_MenuVMargin:
            return 4;
        case PM_MenuHMargin:
            return 0;
        case PM_DockWidgetSeparatorExtent:
            return 5;
        case PM_ToolBarFrameWidth:
            return 0;
        default:
            return QProxyStyle::pixelMetric(metric, option, widget);
    }
}

int Style::styleHint(StyleHint hint, const QStyleOption* option, const QWidget* widget,
                     QStyleHintReturn* data) const {
    switch (hint) {
        case SH_EtchDisabledText:
        case SH_DitherDisabledText:
        case SH_ScrollBar_ContextMenu:
            return 0;
        case SH_ItemView_ShowDecorationSelected:
            return 1;
        case SH_ComboBox_Popup:
            return 0;
        case SH_Table_GridLineColor:
            return static_cast<int>(colors().grid.rgba());
        case SH_ToolTipLabel_Opacity:
            return 255;
        case SH_ToolTip_WakeUpDelay:
            return 400;
        default:
            return QProxyStyle::styleHint(hint, option, widget, data);
    }
}

QSize Style::sizeFromContents(ContentsType type, const QStyleOption* option, const QSize& size,
                              const QWidget* widget) const {
    QSize result = QProxyStyle::sizeFromContents(type, option, size, widget);
    switch (type) {
        case CT_PushButton:
            return QSize(qMax(size.width() + 28, 64), spacing::controlHeight);
        case CT_ComboBox:
            return QSize(size.width() + 40, spacing::controlHeight);
        case CT_LineEdit:
            result.setHeight(spacing::controlHeight);
            return result;
        case CT_SpinBox:
            return QSize(size.width() + 34, spacing::controlHeight);
        case CT_ToolButton:
            if (isLink(widget))
                return QSize(option->fontMetrics.horizontalAdvance(linkText(option)) + toolPadding,
                             qMax(size.height() + 8, spacing::controlHeight));
            return QSize(
                size.width() + 2 * toolPadding + (hasMenuArrow(option) ? menuArrowWidth : 0),
                qMax(size.height() + 8, spacing::controlHeight));
        case CT_HeaderSection:
            result.setHeight(spacing::headerHeight);
            result.rwidth() += 2 * spacing::inside;
            return result;
        case CT_ItemViewItem:
            result.setHeight(qMax(result.height(), spacing::rowHeight));
            return result;
        case CT_MenuItem:
            result.setHeight(qMax(result.height(), 26));
            return result;
        default:
            return result;
    }
}

QRect Style::subElementRect(SubElement element, const QStyleOption* option,
                            const QWidget* widget) const {
    if (element == SE_LineEditContents) {
        const auto* frame = qstyleoption_cast<const QStyleOptionFrame*>(option);
        const int side = frame != nullptr && frame->lineWidth <= 0 ? 2 : spacing::inside;
        return option->rect.adjusted(side, 1, -side, -1);
    }
    return QProxyStyle::subElementRect(element, option, widget);
}

void Style::drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                          const QWidget* widget) const {
    switch (element) {
        case PE_PanelButtonCommand:
            return drawButtonPanel(option, painter, widget);
        case PE_PanelButtonTool:
            return drawToolButtonPanel(option, painter, widget);
        case PE_PanelLineEdit:
        case PE_FrameLineEdit:
            return drawLineEditPanel(option, painter);
        case PE_IndicatorCheckBox:
        case PE_IndicatorItemViewItemCheck:
            return drawIndicator(option, painter, false);
        case PE_IndicatorRadioButton:
            return drawIndicator(option, painter, true);
        case PE_FrameFocusRect:
            if (qobject_cast<const QAbstractItemView*>(widget) != nullptr) {
                if (widget->hasFocus() && showsFocus(option)) focusRing(painter, option->rect, 2);
            } else {
                focusRing(painter, option->rect, 4);
            }
            return;
        case PE_Frame:
            roundedBox(painter, option->rect, Qt::transparent, colors().border, 0);
            return;
        case PE_PanelItemViewItem:
            return drawItemPanel(option, painter, widget);
        case PE_PanelItemViewRow:
            return drawItemRow(option, painter, widget);
        case PE_IndicatorBranch:
            return drawBranch(option, painter);
        case PE_IndicatorArrowDown:
            return chevron(painter, option->rect, Qt::DownArrow, colors().mutedText);
        case PE_IndicatorArrowUp:
            return chevron(painter, option->rect, Qt::UpArrow, colors().mutedText);
        case PE_IndicatorArrowRight:
            return chevron(painter, option->rect, Qt::RightArrow, colors().mutedText);
        case PE_IndicatorArrowLeft:
            return chevron(painter, option->rect, Qt::LeftArrow, colors().mutedText);
        case PE_IndicatorHeaderArrow: {
            const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option);
            const bool down =
                header == nullptr || header->sortIndicator == QStyleOptionHeader::SortDown;
            return chevron(painter, option->rect, down ? Qt::DownArrow : Qt::UpArrow,
                           colors().mutedText);
        }
        case PE_PanelScrollAreaCorner:
            return;  // as what lies beside it
        case PE_FrameTabWidget:
        case PE_FrameTabBarBase:
            painter->fillRect(
                QRect(option->rect.left(), option->rect.top(), option->rect.width(), 1),
                colors().border);
            return;
        case PE_PanelTipLabel:
            roundedBox(painter, option->rect, colors().surface, colors().strongBorder, 0);
            return;
        case PE_FrameMenu:
            roundedBox(painter, option->rect, Qt::transparent, colors().strongBorder, 0);
            return;
        default:
            QProxyStyle::drawPrimitive(element, option, painter, widget);
    }
}

void Style::polish(QWidget* widget) {
    QProxyStyle::polish(widget);
    if (qobject_cast<QPushButton*>(widget) != nullptr ||
        qobject_cast<QComboBox*>(widget) != nullptr ||
        qobject_cast<QToolButton*>(widget) != nullptr || qobject_cast<QTabBar*>(widget) != nullptr)
        widget->setAttribute(Qt::WA_Hover);
    if (auto* header = qobject_cast<QHeaderView*>(widget))
        header->setFont(Theme::instance().font(TextStyle::caption));
}

}  // namespace hone::ui
