// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QFileSystemWatcher>
#include <QObject>
#include <QTimer>
#include <string>

#include "profiler/store/store.h"

namespace hone::ui {

// Says when the stored runs are others than before, whoever changed them: this window, another one,
// or the command line. The store's files are watched; where nothing tells of their changes (a
// network drive) it is asked every few seconds.
class StoreWatch : public QObject {
    Q_OBJECT
public:
    explicit StoreWatch(const profiler::Store& store, QObject* parent = nullptr);

    void look();  // now; changed() where there is anything new

signals:
    void changed();

private:
    void watchFiles();
    // Empty where the store cannot be read: whoever shows the runs says why.
    std::string read() const;

    const profiler::Store& store_;
    QFileSystemWatcher files_;
    QTimer soon_, regularly_;
    std::string seen_;
};

}  // namespace hone::ui
