// SPDX-License-Identifier: GPL-3.0-or-later
#include <QCoreApplication>

#include "ui/shell/page_host.h"

namespace hone::ui {

std::vector<PageEntry> pageEntries() {
#define HONE_PAGE(Name, id, title, within)                                                        \
    {QStringLiteral(id), QCoreApplication::translate("Pages", QT_TRANSLATE_NOOP("Pages", title)), \
     QStringLiteral(id), QStringLiteral(within), make##Name##Page},
    return {
#include "ui/pages/list.inc"
    };
#undef HONE_PAGE
}

}  // namespace hone::ui
