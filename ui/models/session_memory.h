// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QTimer>

#include "ui/models/session.h"

namespace hone::ui {

// What of a session is there again after a restart: workload, target and tracing; of each model its
// recipe and, in each store, the pinned baseline; of each store the ticked runs. Follows the
// session and writes what changes; of models and stores the ones used last are kept.
class SessionMemory : public QObject {
    Q_OBJECT
public:
    explicit SessionMemory(Session& session, QObject* parent = nullptr);
    ~SessionMemory() override;

    // As it was when `checkpoint` was the open model, before it is open again; empty: when none
    // was.
    void restore(const QString& checkpoint);
    void stop() { restored_ = false; }  // what changes from now on is not written
    // The session's recipe is the one that was asked for: the next model that is opened keeps it.
    void keepRecipe() { keepRecipe_ = true; }

private:
    void restoreWorkload();
    void restoreRecipe(const QString& checkpoint, bool undoable);
    void restorePin(const QString& checkpoint);
    void dropPinOfAnother(const QString& checkpoint);
    void restoreTicks();
    void followModel();
    void dropMissingDevice();
    void changed();
    void write();
    void writeModel();

    Session& session_;
    QString store_;       // its path
    QString checkpoint_;  // whose recipe and pin the session has
    QTimer pause_;
    bool keepRecipe_ = false, restored_ = false;
};

}  // namespace hone::ui
