// SPDX-License-Identifier: GPL-3.0-or-later
#include <QAbstractSpinBox>
#include <QStyleOptionButton>
#include <QStyleOptionComboBox>
#include <QStyleOptionHeader>
#include <QStyleOptionProgressBar>
#include <QStyleOptionSlider>
#include <QStyleOptionSpinBox>
#include <QStyleOptionTab>
#include <QToolButton>

#include "ui/theme/style.h"
#include "ui/theme/style_painting.h"
#include "ui/theme/theme.h"

namespace hone::ui {

using namespace painting;

namespace {

constexpr int arrowWidth = 22;

bool isPrimary(const QWidget* widget) {
    return widget != nullptr && widget->property("primary").toBool();
}

QPixmap tinted(const QIcon& icon, const QSize& size, const QColor& color, const QPainter* painter) {
    const qreal ratio = painter->device()->devicePixelRatioF();
    QPixmap pixmap = icon.pixmap(size, ratio);
    QPainter tint(&pixmap);
    tint.setCompositionMode(QPainter::CompositionMode_SourceIn);
    tint.fillRect(QRect(QPoint(), size), color);
    return pixmap;
}

QColor buttonFill(const QStyleOption* option) {
    if (!(option->state & QStyle::State_Enabled)) return colors().window;
    if (option->state & QStyle::State_Sunken) return colors().pressed;
    if (option->state & QStyle::State_On) return colors().accentSoft;
    if (option->state & QStyle::State_MouseOver) return colors().hover;
    return colors().surface;
}

QRect arrowRect(const QRect& rect) {
    return QRect(rect.right() - arrowWidth + 1, rect.top(), arrowWidth, rect.height());
}

void drawProgressBar(const QStyleOption* option, QPainter* painter) {
    const auto* bar = qstyleoption_cast<const QStyleOptionProgressBar*>(option);
    if (bar == nullptr) return;
    QRect groove = option->rect;
    groove.setHeight(qMin(groove.height(), 6));
    groove.moveCenter(option->rect.center());
    roundedBox(painter, groove, colors().pressed, QColor(), 3);
    if (bar->maximum <= bar->minimum) {
        // Unknown length: a steady part in the middle, because nothing but progress moves.
        const int width = groove.width() / 3;
        roundedBox(painter,
                   QRect(groove.center().x() - width / 2, groove.top(), width, groove.height()),
                   colors().strongBorder, QColor(), 3);
        return;
    }
    const double share =
        static_cast<double>(bar->progress - bar->minimum) / (bar->maximum - bar->minimum);
    if (share <= 0) return;
    groove.setWidth(qMax(6, static_cast<int>(groove.width() * qMin(1.0, share))));
    roundedBox(painter, groove, colors().accent, QColor(), 3);
}

}  // namespace

void Style::drawButtonPanel(const QStyleOption* option, QPainter* painter,
                            const QWidget* widget) const {
    const bool enabled = option->state & State_Enabled;
    QColor fill = buttonFill(option);
    QColor border = option->state & State_On ? colors().accent
                    : enabled                ? colors().strongBorder
                                             : colors().border;
    if (isPrimary(widget) && enabled) {
        fill = colors().accent;
        if (option->state & State_Sunken)
            fill = fill.darker(115);
        else if (option->state & State_MouseOver)
            fill = fill.lighter(108);
        border = fill;
    }
    roundedBox(painter, option->rect, fill, border, 5);
    if (!showsFocus(option)) return;
    // On a filled button the ring needs a gap to be seen.
    if (isPrimary(widget)) {
        roundedBox(painter, option->rect.adjusted(2, 2, -2, -2), Qt::transparent, colors().onAccent,
                   3);
    } else {
        focusRing(painter, option->rect, 5);
    }
}

void Style::drawButtonLabel(const QStyleOption* option, QPainter* painter,
                            const QWidget* widget) const {
    const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option);
    if (button == nullptr) return;
    const bool enabled = option->state & State_Enabled;
    const QColor color = !enabled ? option->palette.color(QPalette::Disabled, QPalette::ButtonText)
                         : isPrimary(widget) ? colors().onAccent
                                             : option->palette.color(QPalette::ButtonText);
    QRect rect = option->rect;
    if (button->features & QStyleOptionButton::HasMenu) rect.adjust(0, 0, -menuArrowWidth, 0);
    const int iconWidth = button->icon.isNull() ? 0 : button->iconSize.width();
    const int gap = iconWidth > 0 && !button->text.isEmpty() ? 6 : 0;
    const int textWidth = button->fontMetrics.size(Qt::TextShowMnemonic, button->text).width();
    int x = rect.center().x() - (iconWidth + gap + textWidth) / 2 + 1;
    if (iconWidth > 0) {
        const QRect place(QPoint(x, rect.center().y() - button->iconSize.height() / 2 + 1),
                          button->iconSize);
        painter->drawPixmap(place, tinted(button->icon, button->iconSize, color, painter));
        x += iconWidth + gap;
    }
    painter->setPen(color);
    const int flags =
        Qt::AlignVCenter | Qt::AlignLeft |
        (styleHint(SH_UnderlineShortcut, option, widget, nullptr) ? Qt::TextShowMnemonic
                                                                  : Qt::TextHideMnemonic);
    painter->drawText(QRect(x, rect.top(), textWidth + 1, rect.height()), flags, button->text);
}

void Style::drawToolButton(const QStyleOptionComplex* option, QPainter* painter,
                           const QWidget* widget) const {
    const auto* tool = qstyleoption_cast<const QStyleOptionToolButton*>(option);
    if (tool == nullptr) return;
    if (isLink(widget)) return link(painter, option);
    drawToolButtonPanel(option, painter, widget);
    QStyleOptionToolButton label = *tool;
    if (tool->toolButtonStyle == Qt::ToolButtonTextBesideIcon)
        label.rect.adjust(toolPadding - 2, 0, 0, 0);
    if (hasMenuArrow(option)) {
        const QRect& r = option->rect;
        chevron(painter, QRect(r.right() - menuArrowWidth - 4, r.top(), menuArrowWidth, r.height()),
                Qt::DownArrow, colors().mutedText);
        label.rect.adjust(0, 0, -menuArrowWidth, 0);
    }
    QProxyStyle::drawControl(CE_ToolButtonLabel, &label, painter, widget);
}

void Style::drawToolButtonPanel(const QStyleOption* option, QPainter* painter,
                                const QWidget* widget) const {
    const bool idle = !(option->state & (State_MouseOver | State_Sunken | State_On));
    const bool bordered = widget != nullptr && widget->property("bordered").toBool();
    if (!idle || bordered)
        roundedBox(painter, option->rect, idle ? colors().surface : buttonFill(option),
                   bordered ? colors().strongBorder : QColor(), 5);
    if (showsFocus(option)) focusRing(painter, option->rect, 5);
}

void Style::drawComboBox(const QStyleOptionComplex* option, QPainter* painter,
                         const QWidget*) const {
    const auto* combo = qstyleoption_cast<const QStyleOptionComboBox*>(option);
    if (combo == nullptr) return;
    const bool enabled = option->state & State_Enabled;
    if (combo->frame) {
        roundedBox(painter, option->rect, buttonFill(option),
                   enabled ? colors().strongBorder : colors().border, 5);
        if (option->state & State_HasFocus) focusRing(painter, option->rect, 5);
    }
    chevron(painter, arrowRect(option->rect), Qt::DownArrow,
            enabled ? colors().mutedText : colors().strongBorder);
}

void Style::drawSpinBox(const QStyleOptionComplex* option, QPainter* painter,
                        const QWidget* widget) const {
    const auto* spin = qstyleoption_cast<const QStyleOptionSpinBox*>(option);
    if (spin == nullptr) return;
    const bool enabled = option->state & State_Enabled;
    if (spin->frame) {
        roundedBox(painter, option->rect, enabled ? colors().surface : colors().window,
                   enabled ? colors().strongBorder : colors().border, 5);
        if (option->state & State_HasFocus) focusRing(painter, option->rect, 5);
    }
    if (spin->buttonSymbols == QAbstractSpinBox::NoButtons) return;
    for (const bool up : {true, false}) {
        const SubControl control = up ? SC_SpinBoxUp : SC_SpinBoxDown;
        const bool possible = spin->stepEnabled & (up ? QAbstractSpinBox::StepUpEnabled
                                                      : QAbstractSpinBox::StepDownEnabled);
        const bool active = spin->activeSubControls & control;
        chevron(painter, proxy()->subControlRect(CC_SpinBox, option, control, widget),
                up ? Qt::UpArrow : Qt::DownArrow,
                !enabled || !possible ? colors().strongBorder
                : active              ? colors().text
                                      : colors().mutedText);
    }
}

void Style::drawScrollBar(const QStyleOptionComplex* option, QPainter* painter) const {
    const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option);
    if (bar == nullptr || bar->maximum <= bar->minimum) return;
    QRect handle = subControlRect(CC_ScrollBar, option, SC_ScrollBarSlider, nullptr);
    if (bar->orientation == Qt::Vertical)
        handle.adjust(3, 2, -3, -2);
    else
        handle.adjust(2, 3, -2, -3);
    const bool active = option->state & (State_MouseOver | State_Sunken);
    roundedBox(painter, handle, active ? colors().mutedText : colors().strongBorder, QColor(), 3);
}

void Style::drawSlider(const QStyleOptionComplex* option, QPainter* painter) const {
    const auto* slider = qstyleoption_cast<const QStyleOptionSlider*>(option);
    if (slider == nullptr) return;
    const QRect groove = option->rect.adjusted(6, option->rect.height() / 2 - 2, -6,
                                               -(option->rect.height() / 2 - 2));
    const int x = groove.left() + sliderPositionFromValue(slider->minimum, slider->maximum,
                                                          slider->sliderPosition, groove.width(),
                                                          slider->upsideDown);
    const bool enabled = option->state & State_Enabled;
    const QColor accent = enabled ? colors().accent : colors().strongBorder;
    roundedBox(painter, groove, colors().pressed, QColor(), 2);
    roundedBox(painter, QRect(groove.topLeft(), QPoint(x, groove.bottom())), accent, QColor(), 2);
    const QRect knob(x - 7, option->rect.center().y() - 6, 14, 14);
    roundedBox(painter, knob, colors().surface, accent, 7);
    if (showsFocus(option)) focusRing(painter, knob.adjusted(-3, -3, 3, 3), 10);
}

void Style::drawHeaderSection(const QStyleOption* option, QPainter* painter) const {
    painter->fillRect(option->rect, colors().surface);
    const QRect& r = option->rect;
    const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option);
    if (header != nullptr && header->orientation == Qt::Horizontal)
        painter->fillRect(QRect(r.left(), r.bottom(), r.width(), 1), colors().border);
}

void Style::drawTab(const QStyleOption* option, QPainter* painter) const {
    const QRect& r = option->rect;
    const bool selected = option->state & State_Selected;
    if (!selected && (option->state & State_MouseOver)) painter->fillRect(r, colors().hover);
    painter->fillRect(QRect(r.left(), r.bottom(), r.width(), 1), colors().border);
    if (selected) painter->fillRect(QRect(r.left(), r.bottom() - 1, r.width(), 2), colors().accent);
    if (showsFocus(option)) focusRing(painter, r.adjusted(2, 2, -2, -3), 4);
}

QRect Style::subControlRect(ComplexControl control, const QStyleOptionComplex* option,
                            SubControl sub, const QWidget* widget) const {
    const QRect& r = option->rect;
    if (control == CC_SpinBox) {
        const auto* spin = qstyleoption_cast<const QStyleOptionSpinBox*>(option);
        const bool buttons = spin == nullptr || spin->buttonSymbols != QAbstractSpinBox::NoButtons;
        const int width = buttons ? arrowWidth : 0;
        if (sub == SC_SpinBoxEditField)
            return QRect(r.left() + 6, r.top() + 2, r.width() - width - 8, r.height() - 4);
        if (sub == SC_SpinBoxUp)
            return QRect(r.right() - width, r.top() + 3, width, r.height() / 2 - 2);
        if (sub == SC_SpinBoxDown)
            return QRect(r.right() - width, r.top() + r.height() / 2, width, r.height() / 2 - 2);
    }
    if (control == CC_ComboBox) {
        if (sub == SC_ComboBoxArrow) return arrowRect(r);
        if (sub == SC_ComboBoxEditField)
            return QRect(r.left() + 10, r.top() + 2, r.width() - arrowWidth - 12, r.height() - 4);
    }
    if (control == CC_ScrollBar) {
        // No arrow buttons: the groove is the whole bar.
        const auto* bar = qstyleoption_cast<const QStyleOptionSlider*>(option);
        if (bar == nullptr || sub == SC_ScrollBarAddLine || sub == SC_ScrollBarSubLine)
            return QRect();
        if (sub == SC_ScrollBarGroove) return r;
        const bool vertical = bar->orientation == Qt::Vertical;
        const int extent = vertical ? r.height() : r.width();
        const int range = bar->maximum - bar->minimum;
        const int length =
            range <= 0
                ? extent
                : qMin(extent,
                       qMax(28, static_cast<int>(static_cast<qint64>(extent) * bar->pageStep /
                                                 qMax(1, range + bar->pageStep))));
        const int start = sliderPositionFromValue(bar->minimum, bar->maximum, bar->sliderPosition,
                                                  extent - length, bar->upsideDown);
        const int from = sub == SC_ScrollBarAddPage   ? start + length
                         : sub == SC_ScrollBarSubPage ? 0
                                                      : start;
        const int size = sub == SC_ScrollBarAddPage   ? extent - start - length
                         : sub == SC_ScrollBarSubPage ? start
                                                      : length;
        return vertical ? QRect(r.left(), r.top() + from, r.width(), size)
                        : QRect(r.left() + from, r.top(), size, r.height());
    }
    return QProxyStyle::subControlRect(control, option, sub, widget);
}

void Style::drawControl(ControlElement element, const QStyleOption* option, QPainter* painter,
                        const QWidget* widget) const {
    switch (element) {
        case CE_PushButtonLabel:
            return drawButtonLabel(option, painter, widget);
        case CE_PushButtonBevel: {
            drawButtonPanel(option, painter, widget);
            const auto* button = qstyleoption_cast<const QStyleOptionButton*>(option);
            if (button != nullptr && (button->features & QStyleOptionButton::HasMenu))
                chevron(painter, arrowRect(option->rect), Qt::DownArrow,
                        isPrimary(widget) ? colors().onAccent : colors().mutedText);
            return;
        }
        case CE_HeaderSection:
        case CE_HeaderEmptyArea:
            return drawHeaderSection(option, painter);
        case CE_HeaderLabel: {
            const auto* header = qstyleoption_cast<const QStyleOptionHeader*>(option);
            if (header == nullptr) break;
            QStyleOptionHeader copy = *header;
            copy.palette.setColor(QPalette::ButtonText, colors().mutedText);
            copy.rect.adjust(8, 0, -8, 0);  // in line with the cells below
            // Text that does not fit would be cut at its beginning where it is aligned to the
            // right.
            copy.text = QFontMetrics(painter->font())
                            .elidedText(copy.text, Qt::ElideRight, copy.rect.width());
            QProxyStyle::drawControl(element, &copy, painter, widget);
            return;
        }
        case CE_ComboBoxLabel: {
            const auto* combo = qstyleoption_cast<const QStyleOptionComboBox*>(option);
            if (combo == nullptr) break;
            QStyleOptionComboBox copy = *combo;
            const int room =
                proxy()->subControlRect(CC_ComboBox, combo, SC_ComboBoxEditField, widget).width();
            copy.currentText =
                option->fontMetrics.elidedText(copy.currentText, Qt::ElideRight, room - 2);
            QProxyStyle::drawControl(element, &copy, painter, widget);
            return;
        }
        case CE_ProgressBarGroove:
        case CE_ProgressBarLabel:
            return;
        case CE_ProgressBarContents:
            return drawProgressBar(option, painter);
        case CE_TabBarTabShape:
            return drawTab(option, painter);
        case CE_Splitter:
            return;
        case CE_ShapedFrame: {
            const auto* frame = qstyleoption_cast<const QStyleOptionFrame*>(option);
            if (frame != nullptr && frame->frameShape == QFrame::HLine) {
                painter->fillRect(
                    QRect(option->rect.left(), option->rect.center().y(), option->rect.width(), 1),
                    colors().border);
                return;
            }
            break;
        }
        default:
            break;
    }
    QProxyStyle::drawControl(element, option, painter, widget);
}

void Style::drawComplexControl(ComplexControl control, const QStyleOptionComplex* option,
                               QPainter* painter, const QWidget* widget) const {
    switch (control) {
        case CC_ComboBox:
            return drawComboBox(option, painter, widget);
        case CC_SpinBox:
            return drawSpinBox(option, painter, widget);
        case CC_ScrollBar:
            return drawScrollBar(option, painter);
        case CC_Slider:
            return drawSlider(option, painter);
        case CC_ToolButton:
            return drawToolButton(option, painter, widget);
        default:
            break;
    }
    QProxyStyle::drawComplexControl(control, option, painter, widget);
}

}  // namespace hone::ui
