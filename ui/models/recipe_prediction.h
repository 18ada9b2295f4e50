// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <optional>

#include "engine/experiment/protocol/messages/plans.h"
#include "ui/models/session.h"

namespace hone::ui {

// What an experiment is predicted to take, and beside it the same model without a recipe. Once, it
// lets this machine's kernels be timed where times cannot be predicted without.
class RecipePrediction : public QObject {
    Q_OBJECT
public:
    explicit RecipePrediction(Session& session, QObject* parent = nullptr);

    // While another workload of the same is being asked for, that answer is shown first: a slider
    // that moves shows where it has been, and not nothing until it rests.
    void ask(const Experiment& experiment);
    void clear();  // no model is open
    const std::optional<messages::PredictReply>& baseline() const { return baseline_; }
    const std::optional<messages::PredictReply>& recipe() const { return recipe_; }
    bool calibrating() const { return calibrating_; }  // times will follow

signals:
    void changed();
    void failed(const hone::ErrorDetails& error);

private:
    struct Answer;
    void start();
    void end();
    void show(Answer answer);
    void calibrate();
    Session& session_;
    Experiment wanted_;
    std::optional<Experiment> asked_;  // that is being answered
    std::string baselineOf_;           // the experiment whose baseline is kept, as text
    std::optional<messages::PredictReply> baseline_, recipe_;
    bool calibrated_ = false;  // or tried to
    bool calibrating_ = false;
};

}  // namespace hone::ui
