// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/drop_overlay.h"

#include <QFileInfo>
#include <QMimeData>
#include <QPainter>
#include <QUrl>

#include "ui/theme/theme.h"

namespace hone::ui {

DropOverlay::DropOverlay(QWidget* parent) : QWidget(parent) {
    setAttribute(Qt::WA_TransparentForMouseEvents);
    hide();
}

QString DropOverlay::fileIn(const QMimeData* data) {
    const QList<QUrl> urls = data->urls();
    return urls.size() == 1 && urls.first().isLocalFile() ? urls.first().toLocalFile() : QString();
}

void DropOverlay::showFor(const QString& file) {
    text_ = tr("Drop to open %1").arg(QFileInfo(file).fileName());
    setGeometry(parentWidget()->rect());
    raise();
    show();
}

void DropOverlay::paintEvent(QPaintEvent*) {
    const Theme& theme = Theme::instance();
    const Palette& p = theme.palette();
    QPainter painter(this);
    QColor veil = p.window;
    veil.setAlpha(225);
    painter.fillRect(rect(), veil);
    painter.setRenderHint(QPainter::Antialiasing);
    QPen pen(p.accent, 2);
    pen.setDashPattern({5, 4});
    painter.setPen(pen);
    const QRect box = rect().adjusted(spacing::page, spacing::page, -spacing::page, -spacing::page);
    painter.drawRoundedRect(box, spacing::radius, spacing::radius);
    painter.setFont(theme.font(TextStyle::pageTitle));
    painter.setPen(p.text);
    painter.drawText(box, Qt::AlignCenter, text_);
}

}  // namespace hone::ui
