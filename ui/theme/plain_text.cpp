// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/plain_text.h"

#include <QStringList>

#include "engine/core/printable.h"

namespace hone::ui {

QString plainLine(std::string_view text) {
    return QString::fromStdString(printable(text));
}

QString plainLine(const QString& text) {
    return plainLine(text.toStdString());
}

QString plainTip(const QString& text) {
    if (text.isEmpty()) return {};
    QStringList lines;
    for (const QString& line : text.split(QLatin1Char('\n'))) {
        QString shown = plainLine(line).toHtmlEscaped();
        // An indentation is kept; further spaces may wrap.
        qsizetype spaces = 0;
        while (spaces < shown.size() && shown[spaces] == QLatin1Char(' ')) ++spaces;
        lines.append(QStringLiteral("&nbsp;").repeated(spaces) + shown.mid(spaces));
    }
    return QStringLiteral("<qt>%1</qt>").arg(lines.join(QLatin1String("<br>")));
}

}  // namespace hone::ui
