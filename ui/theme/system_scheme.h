// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDBusVariant>
#include <QObject>

namespace hone::ui {

// What the desktop prefers, by the settings portal (org.freedesktop.appearance color-scheme). Asked
// without waiting: until it answers, and where there is no portal, `dark` is what it said last
// time, else the lightness of the palette the platform gave.
class SystemScheme : public QObject {
    Q_OBJECT
public:
    explicit SystemScheme(QObject* parent = nullptr);
    bool dark() const { return dark_; }

signals:
    void changed();

private slots:
    void settingChanged(const QString& group, const QString& key, const QDBusVariant& value);

private:
    void ask();
    void set(uint portalValue);
    bool dark_ = false;
};

}  // namespace hone::ui
