// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/forms/schema_text.h"

#include "ui/theme/plain_text.h"

namespace hone::ui {

QString text(std::string_view utf8) {
    return QString::fromUtf8(utf8.data(), static_cast<qsizetype>(utf8.size()));
}

QString wrappedTip(const QString& text) {
    return plainTip(text);
}

}  // namespace hone::ui
