// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QSlider>
#include <optional>

#include "engine/experiment/protocol/messages/plans.h"
#include "ui/models/session.h"
#include "ui/widgets/card.h"

class QGridLayout;
class QPushButton;
class QSpinBox;

namespace hone::ui {

// A slider over whole numbers whose steps grow with them, about an eighth of a doubling each; a
// page is a doubling.
class DoublingSlider : public QSlider {
    Q_OBJECT
public:
    explicit DoublingSlider(const QString& name, QWidget* parent = nullptr);
    void setBounds(std::int64_t low, std::int64_t high);  // emits nothing
    std::int64_t number() const;                          // that its position stands for
    void showNumber(std::int64_t number);                 // the nearest it has; emits nothing

private:
    int nearest(std::int64_t number) const;
    std::vector<std::int64_t> numbers_{1};  // of its positions
};

// Context and sequences that are looked at beside those of the workload: a prediction of them moves
// with their sliders, and what is measured stays as it is until it is told otherwise.
class WhatIfCard : public Card {
    Q_OBJECT
public:
    explicit WhatIfCard(Session& session, QWidget* parent = nullptr);

    Workload workload() const;  // that is looked at
    bool differs() const;       // from the session's
    void reset();
    // Whether memory holds it.
    void showFit(const std::optional<messages::PredictReply>& prediction);

signals:
    void changed();

private:
    struct Dial {
        DoublingSlider* slider;
        QSpinBox* box;
    };
    Dial addDial(QGridLayout& grid, const QString& name, const QString& help);
    void addFoot();
    void set(std::optional<std::int64_t>& what, std::int64_t number);
    void follow();
    void showDial(const Dial& dial, std::int64_t low, std::int64_t high, std::int64_t number);
    Session& session_;
    Dial context_, sequences_;
    class FitBar;
    FitBar* bar_;
    TextLabel *fit_, *state_;
    QPushButton *take_, *back_;
    std::optional<std::int64_t> chosenContext_, chosenSequences_;  // nothing: the workload's
    QString model_;                                                // whose they are
};

}  // namespace hone::ui
