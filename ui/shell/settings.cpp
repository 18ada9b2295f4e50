// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/settings.h"

#include <QSettings>

namespace hone::ui::settings {

namespace {

const QString schemeKey = QStringLiteral("appearance/scheme");
const QString recentKey = QStringLiteral("models/recent");
const QString lastKey = QStringLiteral("models/last");
const QString pageKey = QStringLiteral("window/page");
const QString storeKey = QStringLiteral("store/path");
constexpr int keptRecent = 8;

}  // namespace

Scheme scheme() {
    const QString name = QSettings().value(schemeKey).toString();
    if (name == QLatin1String("light")) return Scheme::light;
    if (name == QLatin1String("dark")) return Scheme::dark;
    return Scheme::system;
}

void setScheme(Scheme scheme) {
    QSettings().setValue(schemeKey, scheme == Scheme::light  ? QStringLiteral("light")
                                    : scheme == Scheme::dark ? QStringLiteral("dark")
                                                             : QStringLiteral("system"));
}

QStringList recentCheckpoints() {
    return QSettings().value(recentKey).toStringList();
}

void addRecentCheckpoint(const QString& checkpoint) {
    QStringList recent = recentCheckpoints();
    recent.removeAll(checkpoint);
    recent.prepend(checkpoint);
    QSettings().setValue(recentKey, QStringList(recent.mid(0, keptRecent)));
}

QString lastCheckpoint() {
    return QSettings().value(lastKey).toString();
}
void setLastCheckpoint(const QString& checkpoint) {
    QSettings().setValue(lastKey, checkpoint);
}

QString store() {
    return QSettings().value(storeKey).toString();
}
void setStore(const QString& path) {
    QSettings().setValue(storeKey, path);
}

QString page() {
    return QSettings().value(pageKey).toString();
}
void setPage(const QString& page) {
    QSettings().setValue(pageKey, page);
}

QByteArray bytes(const QString& key) {
    return QSettings().value(key).toByteArray();
}
void setBytes(const QString& key, const QByteArray& value) {
    QSettings().setValue(key, value);
}

}  // namespace hone::ui::settings
