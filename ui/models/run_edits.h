// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QUndoStack>
#include <functional>
#include <vector>

#include "engine/core/error.h"
#include "profiler/store/store.h"

namespace hone::ui {

// "ship, laptop" as tags in the order of the store, each once; and back.
std::vector<std::string> tagsOf(const QString& text);
QString tagsText(const std::vector<std::string>& tags);

// Changes of stored runs: written to the store at once, and each of them can be undone until the
// window closes.
class RunEdits : public QObject {
    Q_OBJECT
public:
    explicit RunEdits(profiler::Store& store, QObject* parent = nullptr);

    QUndoStack& undoStack() { return undo_; }
    // False where the store could not be written: failed() has said why.
    bool setNote(const profiler::RunRecord& run, const std::string& note);
    bool setTags(const profiler::RunRecord& run, const std::vector<std::string>& tags);
    bool setStarred(const profiler::RunRecord& run, bool starred);
    bool remove(const std::vector<std::int64_t>& runs);

signals:
    void edited(qint64 run);
    void removedOrRestored();
    void failed(const hone::ErrorDetails& error);

private:
    using Write = std::function<void()>;
    bool push(const QString& what, Write change, Write back);
    bool attempt(const Write& write);
    friend class StoredChange;

    profiler::Store& store_;
    QUndoStack undo_;
};

}  // namespace hone::ui
