// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/tables/figure_delegate.h"

#include <QApplication>
#include <QPainter>
#include <algorithm>
#include <cmath>

#include "ui/models/run_roles.h"
#include "ui/theme/theme.h"
#include "ui/widgets/text_label.h"

namespace hone::ui {

namespace {

constexpr int gap = 6;

// Rounded up: a width that is a fraction too small elides the last letters.
int widthOf(const QString& text, const QFont& font) {
    return text.isEmpty() ? 0 : static_cast<int>(std::ceil(QFontMetricsF(font).horizontalAdvance(text))) + 1;
}

bool hasMark(const QModelIndex& index) {
    return index.data(MarkRole).isValid() && index.data(MarkRole).toInt() != static_cast<int>(Mark::none);
}

void paintMark(QPainter& painter, const QRect& box, Mark mark, const QStyleOptionViewItem& option) {
    const Theme& theme = Theme::instance();
    if (mark == Mark::starOn || mark == Mark::starOff) {
        const bool on = mark == Mark::starOn;
        const QString icon = on ? QStringLiteral("star-filled") : QStringLiteral("star");
        const QColor color = on ? theme.palette().kvCache : theme.palette().strongBorder;
        painter.drawPixmap(box.topLeft(),
                           theme.pixmap(icon, box.width(), color, painter.device()->devicePixelRatioF()));
        return;
    }
    QStyleOptionButton button;
    button.rect = box;
    button.state = (option.state & QStyle::State_Enabled) |
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

void FigureDelegate::paintTexts(QPainter& painter, const QRect& rect, const Texts& texts,
                                const QModelIndex& index, const QStyleOptionViewItem& option) {
    const bool right = index.data(Qt::TextAlignmentRole).toInt() & Qt::AlignRight;
    const QVariant tone = index.data(ToneRole);
    const bool enabled = option.state & QStyle::State_Enabled;
    const int textWidth = std::min(texts.textWidth, rect.width());
    // Half an interval says less than none.
    const int suffixWidth = texts.suffixWidth <= rect.width() - textWidth ? texts.suffixWidth : 0;
    QRect text = rect;
    text.setWidth(textWidth);
    if (right) text.moveRight(rect.right() - suffixWidth);
    const QRect suffix(text.right() + 1 + gap, rect.top(), suffixWidth - gap, rect.height());
    painter.setFont(texts.font);
    painter.setPen(!enabled         ? option.palette.color(QPalette::Disabled, QPalette::Text)
                   : tone.isValid() ? toneColor(static_cast<Tone>(tone.toInt()))
                                    : toneColor(Tone::text));
    painter.drawText(text, Qt::AlignVCenter | Qt::AlignLeft | Qt::TextSingleLine,
                     QFontMetrics(texts.font).elidedText(texts.text, Qt::ElideRight, textWidth));
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
    QRect rect = option.rect.adjusted(padding, 0, -padding, 0);
    const Texts texts = textsOf(index);
    if (hasMark(index)) {
        QRect box(0, 0, spacing::iconSize, spacing::iconSize);
        box.moveCenter(rect.center());
        if (!texts.text.isEmpty()) box.moveLeft(rect.left());
        paintMark(*painter, box, static_cast<Mark>(index.data(MarkRole).toInt()), option);
        rect.setLeft(box.right() + gap);
    }
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
