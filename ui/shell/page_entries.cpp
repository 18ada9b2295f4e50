// SPDX-License-Identifier: GPL-3.0-or-later
#include <QCoreApplication>

#include "ui/shell/page_host.h"

namespace hone::ui {

std::vector<PageEntry> pageEntries() {
    const auto word = [](const char* text) { return QCoreApplication::translate("Pages", text); };
    return {
        {QStringLiteral("start"), word(QT_TRANSLATE_NOOP("Pages", "Start")), QStringLiteral("start"),
         makeStartPage},
        {QStringLiteral("model"), word(QT_TRANSLATE_NOOP("Pages", "Model")), QStringLiteral("model"),
         makeModelPage},
        {QStringLiteral("optimise"), word(QT_TRANSLATE_NOOP("Pages", "Optimise")), QStringLiteral("optimise"),
         makeOptimisePage},
        {QStringLiteral("measure"), word(QT_TRANSLATE_NOOP("Pages", "Measure")), QStringLiteral("measure"),
         makeMeasurePage},
        {QStringLiteral("compare"), word(QT_TRANSLATE_NOOP("Pages", "Compare")), QStringLiteral("compare"),
         makeComparePage},
        {QStringLiteral("export"), word(QT_TRANSLATE_NOOP("Pages", "Export")), QStringLiteral("export"),
         makeExportPage},
    };
}

}  // namespace hone::ui
