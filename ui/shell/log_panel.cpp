// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/log_panel.h"

#include <QApplication>
#include <QClipboard>
#include <QHBoxLayout>
#include <QTime>
#include <QVBoxLayout>

#include "ui/theme/theme.h"
#include "ui/widgets/buttons.h"

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
    connect(copy, &QToolButton::clicked, this, [this] { QApplication::clipboard()->setText(text()); });
    connect(clear, &QToolButton::clicked, view_, &QPlainTextEdit::clear);
    auto* tools = new QVBoxLayout;
    tools->addWidget(copy);
    tools->addWidget(clear);
    tools->addStretch();
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(spacing::page - 4, 0, spacing::inside, spacing::inside);
    layout->addWidget(view_, 1);
    layout->addLayout(tools);
}

void LogPanel::append(const QString& line) {
    view_->appendPlainText(QTime::currentTime().toString(QStringLiteral("hh:mm:ss  ")) + line);
}

}  // namespace hone::ui
