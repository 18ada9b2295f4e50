// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QByteArray>
#include <QString>
#include <QStringList>

#include "ui/theme/theme.h"

namespace hone::ui::settings {

// What the window remembers between starts (QSettings of the application).
Scheme scheme();
void setScheme(Scheme scheme);

QStringList recentCheckpoints();  // newest first
void addRecentCheckpoint(const QString& checkpoint);
QString lastCheckpoint();  // open when the window was closed; empty where none was
void setLastCheckpoint(const QString& checkpoint);

QString store();  // the chosen store's path; empty is the default one
void setStore(const QString& path);

QString page();  // that was shown last; empty where none was
void setPage(const QString& page);

QByteArray bytes(const QString& key);
void setBytes(const QString& key, const QByteArray& value);

}  // namespace hone::ui::settings
