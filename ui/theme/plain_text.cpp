// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/plain_text.h"

#include <QStringList>

#include "engine/base/printable.h"

namespace hone::ui {

QString plainLine(std::string_view text) {
    return QString::fromStdString(printable(text));
}

QString plainLine(const QString& text) {
    return plainLine(text.toStdString());
}

QString plainEntry(const QString& text) {
    return plainLine(text).replace(QLatin1Char('&'), QLatin1String("&&"));
}

QString plainMarkup(const QString& text) {
    QStringList lines;
    for (const QString& line : text.split(QLatin1Char('\n'))) {
        QString shown = plainLine(line).toHtmlEscaped();
        // One space of several may wrap.
        shown.replace(QLatin1String("  "), QLatin1String("&nbsp; "));
        if (shown.startsWith(QLatin1Char(' '))) shown.replace(0, 1, QLatin1String("&nbsp;"));
        lines.append(shown);
    }
    return lines.join(QLatin1String("<br>"));
}

QString plainTip(const QString& text) {
    return text.isEmpty() ? QString() : QStringLiteral("<qt>%1</qt>").arg(plainMarkup(text));
}

}  // namespace hone::ui
