// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/log_panel.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QPainter>
#include <QTime>
#include <QVBoxLayout>

#include "ui/theme/theme.h"
#include "ui/widgets/buttons.h"
#include "ui/widgets/text_label.h"

namespace hone::ui {

namespace {

constexpr int keptLines = 5000;

}  // namespace

LogPanel::LogPanel(QWidget* parent) : QWidget(parent), view_(new QPlainTextEdit) {
    view_->setReadOnly(true);
    view_->setMaximumBlockCount(keptLines);
    view_->setFont(Theme::instance().font(TextStyle::mono));
    view_->setFrameShape(QFrame::NoFrame);
    view_->setAccessibleName(tr("Log"));
    view_->setPlaceholderText(tr("Nothing has been logged yet. Workers and jobs report here."));
    view_->setTabChangesFocus(true);
    QToolButton* copy = iconButton(QStringLiteral("copy"), tr("Copy the log"));
    QToolButton* clear = iconButton(QStringLiteral("delete"), tr("Clear the log"));
    connect(copy, &QToolButton::clicked, this,
            [this] { QApplication::clipboard()->setText(text()); });
    connect(clear, &QToolButton::clicked, view_, &QPlainTextEdit::clear);
    QToolButton* close = iconButton(QStringLiteral("cancel"), tr("Close the log"));
    connect(close, &QToolButton::clicked, this, &LogPanel::closed);
    auto* head = new QHBoxLayout;
    head->setSpacing(4);
    head->addWidget(new TextLabel(tr("Log"), TextStyle::strong));
    head->addStretch();
    for (QToolButton* button : {copy, clear, close}) head->addWidget(button);
    head->setContentsMargins(4, 0, 0, 0);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(spacing::page - 4, 6, spacing::group, spacing::inside);
    layout->setSpacing(2);
    layout->addLayout(head);
    layout->addWidget(view_, 1);
    connect(&Theme::instance(), &Theme::changed, this, qOverload<>(&QWidget::update));
}

void LogPanel::paintEvent(QPaintEvent*) {
    const Palette& p = Theme::instance().palette();
    QPainter painter(this);
    painter.fillRect(rect(), p.surface);
    painter.fillRect(QRect(0, 0, width(), 1), p.border);
}

void LogPanel::append(const QString& line) {
    view_->appendPlainText(QTime::currentTime().toString(QStringLiteral("hh:mm:ss  ")) + line);
}

}  // namespace hone::ui
