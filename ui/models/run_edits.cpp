// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_edits.h"

#include <QUndoCommand>
#include <algorithm>
#include <utility>

#include "ui/theme/theme.h"

namespace hone::ui {

QString tagsText(const std::vector<std::string>& tags) {
    QStringList list;
    for (const std::string& tag : tags) list.append(QString::fromStdString(tag));
    return list.join(QStringLiteral(", "));
}

std::vector<std::string> tagsOf(const QString& text) {
    std::vector<std::string> tags;
    for (const QString& part : text.split(QLatin1Char(','), Qt::SkipEmptyParts)) {
        const std::string tag = part.trimmed().toStdString();
        if (!tag.empty() && std::find(tags.begin(), tags.end(), tag) == tags.end())
            tags.push_back(tag);
    }
    std::sort(tags.begin(), tags.end());  // as the store keeps them
    return tags;
}

// A change that could not be written is none: it leaves the stack.
class StoredChange : public QUndoCommand {
public:
    StoredChange(RunEdits& edits, const QString& what, RunEdits::Write change, RunEdits::Write back)
        : QUndoCommand(what), edits_(edits), change_(std::move(change)), back_(std::move(back)) {}

    void redo() override { write(change_); }
    void undo() override { write(back_); }

private:
    void write(const RunEdits::Write& what) {
        if (!edits_.attempt(what)) setObsolete(true);
    }
    RunEdits& edits_;
    RunEdits::Write change_, back_;
};

RunEdits::RunEdits(profiler::Store& store, QObject* parent) : QObject(parent), store_(store) {}

bool RunEdits::attempt(const Write& write) {
    try {
        write();
        return true;
    } catch (const std::exception& error) {
        emit failed(details_of(error));
        return false;
    }
}

bool RunEdits::push(const QString& what, Write change, Write back) {
    const int before = undo_.index();
    undo_.push(new StoredChange(*this, what, std::move(change), std::move(back)));
    return undo_.index() > before;
}

bool RunEdits::setNote(const profiler::RunRecord& run, const std::string& note) {
    if (note == run.note) return true;
    const auto write = [this, id = run.id](const std::string& text) {
        store_.set_note(id, text);
        emit edited(id);
    };
    return push(
        tr("editing the note of run %1").arg(run.id), [write, note] { write(note); },
        [write, old = run.note] { write(old); });
}

bool RunEdits::setTags(const profiler::RunRecord& run, const std::vector<std::string>& tags) {
    if (tags == run.tags) return true;
    const auto write = [this, id = run.id](const std::vector<std::string>& now) {
        store_.set_tags(id, now);
        emit edited(id);
    };
    return push(
        tr("tagging run %1").arg(run.id), [write, tags] { write(tags); },
        [write, old = run.tags] { write(old); });
}

bool RunEdits::setStarred(const profiler::RunRecord& run, bool starred) {
    if (starred == run.starred) return true;
    const auto write = [this, id = run.id](bool now) {
        store_.set_starred(id, now);
        emit edited(id);
    };
    return push((starred ? tr("starring run %1") : tr("removing the star of run %1")).arg(run.id),
                [write, starred] { write(starred); }, [write, starred] { write(!starred); });
}

bool RunEdits::remove(const std::vector<std::int64_t>& runs) {
    if (runs.empty()) return true;
    const auto write = [this, runs](bool removed) {
        removed ? store_.remove(runs) : store_.restore(runs);
        emit removedOrRestored();
    };
    return push(
        tr("deleting %1")
            .arg(counted(static_cast<qint64>(runs.size()), tr("%1 run"), tr("%1 runs"))),
        [write] { write(true); }, [write] { write(false); });
}

}  // namespace hone::ui
