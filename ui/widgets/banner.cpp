// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/banner.h"

#include <QHBoxLayout>
#include <QPainter>
#include <QVBoxLayout>

#include "ui/theme/plain_text.h"
#include "ui/widgets/buttons.h"

namespace hone::ui {

Banner::Banner(QWidget* parent)
    : QFrame(parent),
      icon_(new QLabel),
      message_(new TextLabel),
      advice_(new TextLabel({}, TextStyle::body, Tone::muted)),
      detail_(new TextLabel({}, TextStyle::mono, Tone::muted)),
      button_(plainButton(QString())),
      close_(iconButton(QStringLiteral("cancel"), tr("Dismiss"))) {
    QFont small = detail_->font();
    small.setPixelSize(small.pixelSize() - 1);
    detail_->setFont(small);
    for (TextLabel* label : {message_, advice_, detail_}) {
        label->setWordWrap(true);
        label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    }
    // A path has no place to break a line at, and must not make the page wider.
    detail_->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(spacing::group, 10, spacing::inside, 10);
    layout->setSpacing(12);
    layout->addWidget(icon_, 0, Qt::AlignTop);
    auto* texts = new QVBoxLayout;
    texts->setSpacing(2);
    texts->addWidget(message_);
    texts->addWidget(advice_);
    texts->addWidget(detail_);
    layout->addLayout(texts, 1);
    layout->addWidget(button_, 0, Qt::AlignVCenter);
    layout->addWidget(close_, 0, Qt::AlignTop);
    connect(close_, &QToolButton::clicked, this, &Banner::clear);
    button_->hide();
    connect(button_, &QPushButton::clicked, this, &Banner::triggered);
    connect(&Theme::instance(), &Theme::changed, this, &Banner::recolor);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Maximum);
    hide();
}

void Banner::show(Kind kind, const QString& message, const QString& advice, const QString& action) {
    kind_ = kind;
    message_->setText(message);
    advice_->setText(advice);
    advice_->setVisible(!advice.isEmpty());
    detail_->clear();
    detail_->hide();
    button_->setText(action);
    button_->setAccessibleName(action);
    button_->setVisible(!action.isEmpty());
    setAccessibleName(message);
    recolor();
    setVisible(true);
}

void Banner::showError(const ErrorDetails& error, const QString& what, const QString& after) {
    const ErrorWords words = errorWords(error);
    const QString advice = what.isEmpty() ? words.action : words.sentences();
    show(Kind::error, what.isEmpty() ? words.summary : what,
         (advice + QLatin1Char(' ') + after).trimmed());
    detail_->setText(words.detail);
    detail_->setToolTip(plainTip(words.detail));
    detail_->setVisible(!words.detail.isEmpty());
}

void Banner::showError(const std::exception& error, const QString& what, const QString& after) {
    showError(details_of(error), what, after);
}

void Banner::setLasting() {
    close_->hide();
}

QColor Banner::color() const {
    const Palette& p = Theme::instance().palette();
    return kind_ == Kind::error ? p.worse : kind_ == Kind::warning ? p.warning : p.accent;
}

void Banner::recolor() {
    const QString name = kind_ == Kind::error     ? QStringLiteral("error")
                         : kind_ == Kind::warning ? QStringLiteral("warning")
                                                  : QStringLiteral("info");
    icon_->setPixmap(Theme::instance().pixmap(name, 18, color(), devicePixelRatioF()));
    update();
}

void Banner::paintEvent(QPaintEvent*) {
    const Palette& p = Theme::instance().palette();
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(color(), 1));
    painter.setBrush(p.surface);
    painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), spacing::radius,
                            spacing::radius);
}

}  // namespace hone::ui
