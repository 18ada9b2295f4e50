// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/pages/page.h"

class QPushButton;

namespace hone::ui {

class Banner;
class ModelsCard;

// Where a session begins: open a model, see what lies on this disk, what this machine is, and what
// was run last.
class StartPage : public Page {
    Q_OBJECT
public:
    explicit StartPage(Session& session, QWidget* parent = nullptr);
    void shown() override;
    QWidget* entry() override;

private:
    QWidget* makeDropZone();
    void trySample();
    void trySynthetic();
    void showSamples();
    QString syntheticShape();
    void showError(const ErrorDetails& error);

    Banner* banner_;
    ModelsCard* models_;
    QPushButton *sample_ = nullptr, *synthetic_ = nullptr;
    bool scanned_ = false;
};

}  // namespace hone::ui
