// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/pages/optimise/notes_card.h"

#include "ui/models/engaged_text.h"

namespace hone::ui {

NotesCard::NotesCard(Session& session, QWidget* parent)
    : Card({}, parent), session_(session), notes_(new TextLabel) {
    notes_->setWordWrap(true);
    notes_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    body()->addWidget(notes_);
    hide();
}

// What shows that a technique acted; one that did not is among the run's notes.
QStringList NotesCard::engagedLines(const profiler::RunRecord& run) const {
    QStringList lines;
    const auto stored = session_.store().load(run.id);
    if (!stored || !stored->engaged.is_object()) return lines;
    for (const auto& [id, evidence] : stored->engaged.items()) {
        if (!evidence.is_object() || evidence.value("engaged", nlohmann::json()) != true) continue;
        lines.append(tr("%1 engaged · %2")
                         .arg(techniqueTitle(id, session_.registry()),
                              countedText(id, evidence, session_.registry())));
    }
    return lines;
}

void NotesCard::show(const std::optional<profiler::RunRecord>& run,
                     const std::optional<messages::PredictReply>& prediction) {
    QStringList lines;
    if (run) {
        setTitle(tr("What the run says"));
        lines = engagedLines(*run);
        for (const std::string& note : run->notes_from_run)
            lines.append(QString::fromStdString(note));
    } else if (prediction) {
        setTitle(tr("What the recipe will do"));
        for (const std::string& note : prediction->notes)
            lines.append(QString::fromStdString(note));
    }
    for (QString& line : lines) line.prepend(QStringLiteral("• "));
    notes_->setText(lines.join(QLatin1Char('\n')));
    setVisible(!lines.isEmpty());
}

}  // namespace hone::ui
