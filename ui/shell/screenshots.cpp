// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/shell/screenshots.h"

#include <QDir>
#include <QTimer>

#include "ui/shell/main_window.h"
#include "ui/shell/page_host.h"
#include "ui/theme/theme.h"

namespace hone::ui {

namespace {

// Time for workers to answer and for pages to settle, in ms.
constexpr int firstWait = 2500, settle = 700;

}  // namespace

Screenshots::Screenshots(MainWindow& window, QString folder, QObject* parent)
    : QObject(parent), window_(window), folder_(std::move(folder)) {}

void Screenshots::start() {
    QDir().mkpath(folder_);
    QTimer::singleShot(firstWait, this, &Screenshots::next);
}

void Screenshots::next() {
    const std::vector<PageEntry>& entries = window_.pages().entries();
    if (shot_ >= 2 * entries.size()) {
        emit finished();
        return;
    }
    const bool dark = shot_ >= entries.size();
    const PageEntry& entry = entries[shot_ % entries.size()];
    Theme::instance().apply(dark ? Scheme::dark : Scheme::light);
    window_.pages().showPage(entry.id);
    ++shot_;
    QTimer::singleShot(settle, this, [this, id = entry.id, dark] {
        window_.grab().save(QStringLiteral("%1/%2-%3.png")
                                .arg(folder_, id, dark ? QStringLiteral("dark") : QStringLiteral("light")));
        next();
    });
}

}  // namespace hone::ui
