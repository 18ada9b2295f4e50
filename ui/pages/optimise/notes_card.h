// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "engine/experiment/protocol/messages/plans.h"
#include "ui/models/session.h"
#include "ui/widgets/card.h"

namespace hone::ui {

// What a run says of its recipe or, before one, what the recipe will do. Hidden where neither says
// anything.
class NotesCard : public Card {
    Q_OBJECT
public:
    explicit NotesCard(Session& session, QWidget* parent = nullptr);
    // Throws StoreError.
    void show(const std::optional<profiler::RunRecord>& run,
              const std::optional<messages::PredictReply>& prediction);

private:
    QStringList engagedLines(const profiler::RunRecord& run) const;
    Session& session_;
    TextLabel* notes_;
};

}  // namespace hone::ui
