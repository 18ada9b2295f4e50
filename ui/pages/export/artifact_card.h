// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/session.h"
#include "ui/widgets/card.h"

namespace hone::ui {

class FactList;

// The file that was exported last: its size, its figures beside those of the recipe in memory, and
// what to do with it.
class ArtifactCard : public Card {
    Q_OBJECT
public:
    explicit ArtifactCard(Session& session, QWidget* parent = nullptr);
    void showResult(const messages::ExportResult& result);

private:
    Session& session_;
    TextLabel* advice_;
    TextLabel* verdict_;
    FactList* facts_;
    QWidget* buttons_;
    QString path_;
};

}  // namespace hone::ui
