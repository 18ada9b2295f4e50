// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

#include "ui/models/session.h"

class QActionGroup;
class QMenu;

namespace hone::ui {

class Chip;
class ElidedLabel;

// What the window is about, above every page: the open model, the target, the pinned baseline.
class ModelBar : public QWidget {
    Q_OBJECT
public:
    explicit ModelBar(Session& session, QWidget* parent = nullptr);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void showModel();
    void showTarget();
    void showBaseline();
    QString otherModelOf(std::int64_t run) const;
    void chooseTarget();
    void addDevices(QMenu& menu);
    void addThreads(QMenu& menu);
    void addChoice(QMenu& menu, QActionGroup* group, const QString& text, const Target& target,
                   bool chosen);

    Session& session_;
    ElidedLabel* name_;
    Chip* architecture_;
    Chip* type_;
    Chip* size_;
    Chip* problem_;
    Chip* target_;
    Chip* baseline_;
};

}  // namespace hone::ui
