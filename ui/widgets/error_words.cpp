// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/widgets/error_words.h"

#include "ui/theme/plain_text.h"

namespace hone::ui {

namespace {

QString utf8(const std::string& text) {
    return QString::fromStdString(text);
}

// The engine writes SUMMARY ACTION DETAIL into one text; taken apart again, whatever of it was
// given.
QString without(const QString& text, const QString& beginning) {
    return beginning.isEmpty() || !text.startsWith(beginning)
               ? text
               : text.mid(beginning.size()).trimmed();
}

}  // namespace

QString ErrorWords::sentences() const {
    return action.isEmpty() ? summary : summary + QLatin1Char(' ') + action;
}

ErrorWords errorWords(const ErrorDetails& error) {
    const QString whole = utf8(error.message).trimmed();
    ErrorWords words{utf8(error.summary).trimmed(), utf8(error.action).trimmed(), {}};
    if (words.summary.isEmpty()) words.summary = whole;
    words.detail = without(without(whole, words.summary), words.action);
    return words;
}

QString errorTip(const ErrorDetails& error) {
    const ErrorWords words = errorWords(error);
    QString tip = plainMarkup(words.sentences());
    if (!words.detail.isEmpty())
        tip += QStringLiteral("<br><tt>%1</tt>").arg(plainMarkup(words.detail));
    return QStringLiteral("<qt>%1</qt>").arg(tip);
}

}  // namespace hone::ui
