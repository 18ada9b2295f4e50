// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/store_watch.h"

#include <QFileInfo>

namespace hone::ui {

namespace {

// Milliseconds. A measurement elsewhere writes a sample every few moments: looking is put off until
// the file rests, but not for ever, since regularly_ goes on.
constexpr int pause = 200, interval = 3000;

}  // namespace

StoreWatch::StoreWatch(const profiler::Store& store, QObject* parent)
    : QObject(parent), store_(store), seen_(read()) {
    soon_.setSingleShot(true);
    soon_.setInterval(pause);
    regularly_.setInterval(interval);
    connect(&soon_, &QTimer::timeout, this, &StoreWatch::look);
    connect(&regularly_, &QTimer::timeout, this, &StoreWatch::look);
    const auto later = [this] {
        if (!soon_.isActive()) soon_.start();
    };
    connect(&files_, &QFileSystemWatcher::fileChanged, this, later);
    connect(&files_, &QFileSystemWatcher::directoryChanged, this, later);
    watchFiles();
    regularly_.start();
}

// The write-ahead log comes and goes, and a file that was replaced is watched no more.
void StoreWatch::watchFiles() {
    const QString path = QString::fromStdString(store_.info().path.string());
    for (const QString& file : {path, path + QStringLiteral("-wal"), QFileInfo(path).path()})
        if (!files_.files().contains(file) && !files_.directories().contains(file) &&
            QFileInfo::exists(file))
            files_.addPath(file);
}

std::string StoreWatch::read() const {
    try {
        return store_.fingerprint();
    } catch (const std::exception&) {
        return {};
    }
}

void StoreWatch::look() {
    watchFiles();
    std::string now = read();
    if (now.empty() || now == seen_) return;
    seen_ = std::move(now);
    emit changed();
}

}  // namespace hone::ui
