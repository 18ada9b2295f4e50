// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/optimise/answer_view.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QScrollBar>
#include <QTextBlock>
#include <QTextEdit>
#include <QVBoxLayout>

#include "ui/widgets/elided_label.h"

namespace hone::ui {

namespace {

constexpr int textHeight = 160, dotSize = 9, dotRoom = 16;

QString asText(const LiveToken& token) {
    return QString::fromStdString(token.text);
}

}  // namespace

AnswerView::AnswerView(const QString& accessibleName, Tone tone, QWidget* parent)
    : QWidget(parent),
      tone_(tone),
      title_(new ElidedLabel({}, TextStyle::strong)),
      text_(new QTextEdit),
      rate_(new TextLabel({}, TextStyle::strong)),
      detail_(new TextLabel({}, TextStyle::caption, Tone::muted)) {
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    auto* head = new QHBoxLayout;
    head->setContentsMargins(dotRoom, 0, 0, 0);
    head->addWidget(title_, 1);
    column->addLayout(head);
    text_->setReadOnly(true);
    text_->setTabChangesFocus(true);
    text_->setAccessibleName(accessibleName);
    text_->setMinimumHeight(textHeight);
    column->addWidget(text_, 1);
    auto* foot = new QHBoxLayout;
    foot->setSpacing(spacing::inside);
    foot->addWidget(rate_);
    foot->addWidget(detail_, 1);
    detail_->setWordWrap(true);
    column->addLayout(foot);
}

void AnswerView::show(const Playground::Answer& answer, const std::vector<bool>& differs) {
    title_->setText(answer.recipe);
    showText(answer, differs);
    showFigures(answer);
    update();
}

void AnswerView::showText(const Playground::Answer& answer, const std::vector<bool>& differs) {
    QScrollBar* bar = text_->verticalScrollBar();
    const bool atEnd = bar->value() == bar->maximum();
    const int before = bar->value();
    text_->clear();
    QTextCursor cursor(text_->document());
    cursor.beginEditBlock();
    QTextCharFormat plain, marked;
    marked.setUnderlineStyle(QTextCharFormat::SingleUnderline);
    marked.setUnderlineColor(Theme::instance().palette().accent);
    std::size_t position = 0;
    for (const LiveToken& token : answer.tokens) {
        const bool differing = token.id >= 0 && position < differs.size() && differs[position];
        if (token.id >= 0) ++position;
        cursor.insertText(asText(token), differing ? marked : plain);
    }
    cursor.endEditBlock();
    bar->setValue(atEnd ? bar->maximum() : before);
}

void AnswerView::showFigures(const Playground::Answer& answer) {
    using State = Playground::State;
    QStringList details;
    const auto rate = answer.tokensPerSecond();
    rate_->setText(rate ? formatNumber(*rate, tr("tok/s")) : QString());
    rate_->setVisible(rate.has_value());
    if (const auto first = answer.firstTokenSeconds()) {
        details << tr("first after %1").arg(formatSeconds(*first));
        const std::size_t tokens = answer.ids().size();
        details << (tokens == 1 ? tr("1 token") : tr("%1 tokens").arg(tokens));
    }
    if (answer.state == State::waiting) details << tr("waits for its turn");
    if (answer.state == State::running && answer.tokens.empty())
        details << (answer.doing.isEmpty() ? tr("loading the model") : answer.doing);
    if (answer.state == State::done && !answer.ended) details << tr("cut there");
    if (answer.state == State::cancelled) details << tr("cancelled");
    if (answer.state == State::failed) details << answer.error;
    detail_->setTone(answer.state == State::failed ? Tone::worse : Tone::muted);
    detail_->setText(details.join(QStringLiteral(" · ")));
}

QString AnswerView::text() const {
    return text_->toPlainText();
}

QStringList AnswerView::underlined() const {
    QStringList runs;
    for (QTextBlock block = text_->document()->begin(); block.isValid(); block = block.next())
        for (auto it = block.begin(); !it.atEnd(); ++it)
            if (it.fragment().charFormat().underlineStyle() != QTextCharFormat::NoUnderline)
                runs << it.fragment().text();
    return runs;
}

QString AnswerView::figures() const {
    return (rate_->text() + QLatin1Char(' ') + detail_->text()).trimmed();
}

// The dot that the charts give the same run.
void AnswerView::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(toneColor(tone_));
    const QRect line = title_->geometry();
    painter.drawEllipse(QRectF(0, line.center().y() - dotSize / 2.0 + 1, dotSize, dotSize));
}

}  // namespace hone::ui
