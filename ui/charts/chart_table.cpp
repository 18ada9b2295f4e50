// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/charts/chart_table.h"

#include <QLocale>
#include <cmath>

namespace hone::ui {

namespace {

QString quoted(const QString& field) {
    if (!field.contains(QLatin1Char(',')) && !field.contains(QLatin1Char('"')) &&
        !field.contains(QLatin1Char('\n')))
        return field;
    return QLatin1Char('"') + QString(field).replace(QLatin1Char('"'), QLatin1String("\"\"")) +
           QLatin1Char('"');
}

}  // namespace

QString ChartTable::figure(double value) {
    if (!std::isfinite(value)) return {};
    return QString::number(value, 'g', QLocale::FloatingPointShortest);
}

QString ChartTable::csv() const {
    QString text;
    const auto append = [&text](const QStringList& fields) {
        QStringList line;
        for (const QString& field : fields) line.append(quoted(field));
        text += line.join(QLatin1Char(',')) + QLatin1Char('\n');
    };
    append(columns);
    for (const QStringList& row : rows) append(row);
    return text;
}

QString ChartTable::tabSeparated() const {
    QString text = columns.join(QLatin1Char('\t')) + QLatin1Char('\n');
    for (const QStringList& row : rows) text += row.join(QLatin1Char('\t')) + QLatin1Char('\n');
    return text;
}

}  // namespace hone::ui
