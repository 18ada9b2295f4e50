// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/system_scheme.h"

#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QGuiApplication>
#include <QPalette>
#include <QSettings>

namespace hone::ui {

namespace {

const QString service = QStringLiteral("org.freedesktop.portal.Desktop");
const QString path = QStringLiteral("/org/freedesktop/portal/desktop");
const QString interfaceName = QStringLiteral("org.freedesktop.portal.Settings");
const QString group = QStringLiteral("org.freedesktop.appearance");
const QString key = QStringLiteral("color-scheme");
const QString remembered = QStringLiteral("appearance/systemDark");

// Read() wraps its value in a variant of its own.
uint portalValue(QVariant value) {
    while (value.userType() == qMetaTypeId<QDBusVariant>())
        value = value.value<QDBusVariant>().variant();
    return value.toUInt();
}

}  // namespace

SystemScheme::SystemScheme(QObject* parent) : QObject(parent) {
    const QPalette platform = QGuiApplication::palette();
    const bool paletteDark = platform.color(QPalette::Window).lightness() <
                             platform.color(QPalette::WindowText).lightness();
    dark_ = QSettings().value(remembered, paletteDark).toBool();
    ask();
}

void SystemScheme::ask() {
    QDBusConnection bus = QDBusConnection::sessionBus();
    if (!bus.isConnected()) return;
    bus.connect(service, path, interfaceName, QStringLiteral("SettingChanged"), this,
                SLOT(settingChanged(QString, QString, QDBusVariant)));
    QDBusMessage call =
        QDBusMessage::createMethodCall(service, path, interfaceName, QStringLiteral("Read"));
    call << group << key;
    auto* watcher = new QDBusPendingCallWatcher(bus.asyncCall(call, 2000), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this,
            [this](QDBusPendingCallWatcher* finished) {
                const QDBusPendingReply<QDBusVariant> reply = *finished;
                if (!reply.isError()) set(portalValue(reply.value().variant()));
                finished->deleteLater();
            });
}

void SystemScheme::settingChanged(const QString& changedGroup, const QString& changedKey,
                                  const QDBusVariant& value) {
    if (changedGroup == group && changedKey == key) set(portalValue(value.variant()));
}

void SystemScheme::set(uint value) {
    const bool nowDark = value == 1;  // 0 no preference, 1 dark, 2 light
    QSettings().setValue(remembered, nowDark);
    if (nowDark == dark_) return;
    dark_ = nowDark;
    emit changed();
}

}  // namespace hone::ui
