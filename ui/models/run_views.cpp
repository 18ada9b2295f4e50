// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_views.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QSettings>
#include <algorithm>

namespace hone::ui {

namespace {

const QString key = QStringLiteral("compare/views");

RunView viewOf(const QJsonObject& object) {
    RunView view;
    view.name = object[QLatin1String("name")].toString();
    view.filter = object[QLatin1String("filter")].toString();
    view.sortColumn = object[QLatin1String("sort")].toString();
    view.descending = object[QLatin1String("descending")].toBool(true);
    view.groupBy = object[QLatin1String("group")].toString();
    view.tickedOnly = object[QLatin1String("tickedOnly")].toBool();
    for (const QJsonValue& column : object[QLatin1String("columns")].toArray())
        view.columns.append(column.toString());
    return view;
}

QJsonObject objectOf(const RunView& view) {
    return {{QLatin1String("name"), view.name},
            {QLatin1String("filter"), view.filter},
            {QLatin1String("sort"), view.sortColumn},
            {QLatin1String("descending"), view.descending},
            {QLatin1String("group"), view.groupBy},
            {QLatin1String("tickedOnly"), view.tickedOnly},
            {QLatin1String("columns"), QJsonArray::fromStringList(view.columns)}};
}

void write(const std::vector<RunView>& views) {
    QJsonArray all;
    for (const RunView& view : views) all.append(objectOf(view));
    QSettings().setValue(key, QJsonDocument(all).toJson(QJsonDocument::Compact));
}

}  // namespace

std::vector<RunView> savedViews() {
    std::vector<RunView> views;
    const QJsonDocument stored = QJsonDocument::fromJson(QSettings().value(key).toByteArray());
    for (const QJsonValue& each : stored.array())
        if (RunView view = viewOf(each.toObject()); !view.name.isEmpty())
            views.push_back(std::move(view));
    std::sort(views.begin(), views.end(), [](const RunView& a, const RunView& b) {
        return QString::localeAwareCompare(a.name, b.name) < 0;
    });
    return views;
}

void saveView(const RunView& view) {
    removeView(view.name);
    std::vector<RunView> views = savedViews();
    views.push_back(view);
    write(views);
}

void removeView(const QString& name) {
    std::vector<RunView> views = savedViews();
    std::erase_if(views, [&name](const RunView& view) { return view.name == name; });
    write(views);
}

}  // namespace hone::ui
