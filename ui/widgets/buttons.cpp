// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/buttons.h"

#include "ui/theme/theme.h"

namespace hone::ui {

QPushButton* plainButton(const QString& text, const QString& icon, QWidget* parent) {
    auto* button = new QPushButton(text, parent);
    button->setAccessibleName(QString(text).remove(QLatin1Char('&')));
    button->setAutoDefault(false);
    if (!icon.isEmpty()) button->setIcon(Theme::instance().icon(icon));
    return button;
}

QPushButton* primaryButton(const QString& text, QWidget* parent) {
    QPushButton* button = plainButton(text, {}, parent);
    button->setProperty("primary", true);
    return button;
}

QToolButton* iconButton(const QString& icon, const QString& name, QWidget* parent) {
    auto* button = new QToolButton(parent);
    button->setIcon(Theme::instance().icon(icon));
    button->setIconSize(QSize(spacing::iconSize, spacing::iconSize));
    button->setAccessibleName(name);
    button->setToolTip(name);
    button->setFocusPolicy(Qt::StrongFocus);
    button->setFixedSize(spacing::controlHeight, spacing::controlHeight);
    return button;
}

QToolButton* linkButton(const QString& text, QWidget* parent) {
    auto* button = new QToolButton(parent);
    button->setText(text);
    button->setAccessibleName(text);
    button->setFocusPolicy(Qt::StrongFocus);
    button->setCursor(Qt::PointingHandCursor);
    button->setProperty("link", true);
    const auto recolor = [button] {
        QPalette colors = button->palette();
        colors.setColor(QPalette::ButtonText, Theme::instance().palette().accent);
        button->setPalette(colors);
    };
    recolor();
    QObject::connect(&Theme::instance(), &Theme::changed, button, recolor);
    return button;
}

}  // namespace hone::ui
