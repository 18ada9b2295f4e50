// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>
#include <vector>

namespace hone::ui {

// The data of a chart as a table: what the table view, the clipboard and CSV show. Figures are
// exact, with a point as decimal separator whatever the locale.
struct ChartTable {
    QStringList columns;  // "decode (tok/s)"
    std::vector<QStringList> rows;

    static QString figure(double value);  // empty where not finite
    QString csv() const;                  // RFC 4180, with a header line
    QString tabSeparated() const;
};

}  // namespace hone::ui
