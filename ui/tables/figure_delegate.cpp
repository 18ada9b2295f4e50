// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/tables/figure_delegate.h"

#include <QAbstractItemView>
#include <QApplication>
#include <QHelpEvent>
#include <QPainter>
#include <QToolTip>
#include <algorithm>
#include <cmath>

#include "ui/models/run_roles.h"
#include "ui/theme/plain_text.h"
#include "ui/theme/theme.h"
#include "ui/widgets/text_label.h"

namespace hone::ui {

namespace {

constexpr int gap = 6;

// Rounded up: a width that is a fraction too small elides the last letters.
int widthOf(const QString& text, const QFont& font) {
    return text.isEmpty()
               ? 0
               : static_cast<int>(std::ceil(QFontMetricsF(font).horizontalAdvance(text))) + 1;
}

bool hasMark(const QModelIndex& index) {
    return index.data(MarkRole).isValid() &&
           index.data(MarkRole).toInt() != static_cast<int>(Mark::none);
}

void paintMark(QPainter& painter, const QRect& box, Mark mark, const QStyleOptionViewItem& option) {
    const Theme& theme = Theme::instance();
    if (mark == Mark::starOn || mark == Mark::starOff) {
        const bool on = mark == Mark::starOn;
        const QString icon = on ? QStringLiteral("star-filled") : QStringLiteral("star");
        const QColor color = on ? theme.palette().kvCache : theme.palette().strongBorder;
        painter.drawPixmap(box.topLeft(), theme.pixmap(icon, box.width(), color,
                                                       painter.device()->devicePixelRatioF()));
        return;
    }
    QStyleOptionButton button;
    button.rect = box;
    button.state =
        (option.state & QStyle::State_Enabled) |
        (mark == Mark::radioOn || mark == Mark::checkOn ? QStyle::State_On : QStyle::State_Off);
    const bool radio = mark == Mark::radioOn || mark == Mark::radioOff;
    QApplication::style()->drawPrimitive(
        radio ? QStyle::PE_IndicatorRadioButton : QStyle::PE_IndicatorCheckBox, &button, &painter);
}

}  // namespace

FigureDelegate::Texts FigureDelegate::textsOf(const QModelIndex& index) {
    const Theme& theme = Theme::instance();
    Texts texts;
    texts.text = index.data(Qt::DisplayRole).toString();
    texts.suffix = index.data(SuffixRole).toString();
    const bool figure = index.data(Qt::TextAlignmentRole).toInt() & Qt::AlignRight;
    texts.font = theme.font(figure ? TextStyle::tabular : TextStyle::body);
    texts.suffixFont = theme.font(TextStyle::caption);
    if (index.data(StrongRole).toBool()) texts.font.setWeight(QFont::DemiBold);
    texts.textWidth = widthOf(texts.text, texts.font);
    texts.suffixWidth = texts.suffix.isEmpty() ? 0 : widthOf(texts.suffix, texts.suffixFont) + gap;
    return texts;
}

QSize FigureDelegate::sizeHint(const QStyleOptionViewItem&, const QModelIndex& index) const {
    const Texts texts = textsOf(index);
    const int mark = hasMark(index) ? spacing::iconSize + (texts.text.isEmpty() ? 0 : gap) : 0;
    return {2 * padding + mark + texts.textWidth + texts.suffixWidth, spacing::rowHeight};
}

int FigureDelegate::leastWidth(const QModelIndex& index) {
    const Texts texts = textsOf(index);
    const int mark = hasMark(index) ? spacing::iconSize + (texts.text.isEmpty() ? 0 : gap) : 0;
    const int rest =
        texts.suffix.isEmpty() ? 0 : widthOf(QStringLiteral("…"), texts.suffixFont) + gap;
    return 2 * padding + mark + texts.textWidth + rest;
}

// Where the texts are: beside the mark, where there is one.
QRect FigureDelegate::inside(const QRect& cell, const QModelIndex& index, const Texts& texts) {
    QRect rect = cell.adjusted(padding, 0, -padding, 0);
    if (hasMark(index) && !texts.text.isEmpty())
        rect.setLeft(rect.left() + spacing::iconSize + gap);
    return rect;
}

// An interval that has no room is not left out without a word: half of one would say less than "…"
// does.
void FigureDelegate::fit(Texts& texts, int width) {
    if (texts.textWidth + texts.suffixWidth <= width) return;
    if (texts.suffixWidth > 0) {
        texts.suffix = QStringLiteral("…");
        texts.suffixWidth = widthOf(texts.suffix, texts.suffixFont) + gap;
    }
    texts.textWidth = std::max(0, std::min(texts.textWidth, width - texts.suffixWidth));
    texts.text = QFontMetrics(texts.font).elidedText(texts.text, Qt::ElideRight, texts.textWidth);
}

std::pair<QString, QString> FigureDelegate::shown(const QModelIndex& index, const QRect& cell) {
    Texts texts = textsOf(index);
    fit(texts, inside(cell, index, texts).width());
    return {texts.text, texts.suffix};
}

bool FigureDelegate::helpEvent(QHelpEvent* event, QAbstractItemView* view,
                               const QStyleOptionViewItem& option, const QModelIndex& index) {
    if (event->type() != QEvent::ToolTip || !index.data(Qt::ToolTipRole).toString().isEmpty())
        return QStyledItemDelegate::helpEvent(event, view, option, index);
    const Texts whole = textsOf(index);
    const auto [text, suffix] = shown(index, option.rect);
    if (text == whole.text && suffix == whole.suffix)
        return QStyledItemDelegate::helpEvent(event, view, option, index);
    QToolTip::showText(event->globalPos(),
                       plainTip((whole.text + QLatin1Char(' ') + whole.suffix).trimmed()), view);
    return true;
}

void FigureDelegate::paintTexts(QPainter& painter, const QRect& rect, const Texts& texts,
                                const QModelIndex& index, const QStyleOptionViewItem& option) {
    const bool right = index.data(Qt::TextAlignmentRole).toInt() & Qt::AlignRight;
    const QVariant tone = index.data(ToneRole);
    const bool enabled = option.state & QStyle::State_Enabled;
    QRect text = rect;
    text.setWidth(texts.textWidth);
    if (right) text.moveRight(rect.right() - texts.suffixWidth);
    const QRect suffix(text.right() + 1 + gap, rect.top(), texts.suffixWidth - gap, rect.height());
    painter.setFont(texts.font);
    painter.setPen(!enabled         ? option.palette.color(QPalette::Disabled, QPalette::Text)
                   : tone.isValid() ? toneColor(static_cast<Tone>(tone.toInt()))
                                    : toneColor(Tone::text));
    painter.drawText(text, Qt::AlignVCenter | Qt::AlignLeft | Qt::TextSingleLine, texts.text);
    if (suffix.width() <= 0) return;
    painter.setFont(texts.suffixFont);
    painter.setPen(toneColor(Tone::muted));
    painter.drawText(suffix, Qt::AlignVCenter | Qt::AlignLeft | Qt::TextSingleLine, texts.suffix);
}

void FigureDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                           const QModelIndex& index) const {
    QStyleOptionViewItem panel = option;
    const QStyle* style = option.widget ? option.widget->style() : QApplication::style();
    style->drawPrimitive(QStyle::PE_PanelItemViewItem, &panel, painter, option.widget);
    painter->save();
    Texts texts = textsOf(index);
    if (hasMark(index)) {
        const QRect cell = option.rect.adjusted(padding, 0, -padding, 0);
        QRect box(0, 0, spacing::iconSize, spacing::iconSize);
        box.moveCenter(cell.center());
        if (!texts.text.isEmpty()) box.moveLeft(cell.left());
        paintMark(*painter, box, static_cast<Mark>(index.data(MarkRole).toInt()), option);
    }
    const QRect rect = inside(option.rect, index, texts);
    fit(texts, rect.width());
    paintTexts(*painter, rect, texts, index, option);
    if (option.state & QStyle::State_HasFocus) {
        QStyleOptionFocusRect focus;
        focus.QStyleOption::operator=(option);
        focus.state |= QStyle::State_KeyboardFocusChange;
        style->drawPrimitive(QStyle::PE_FrameFocusRect, &focus, painter, option.widget);
    }
    painter->restore();
}

}  // namespace hone::ui
