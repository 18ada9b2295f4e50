// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/recipe_prediction.h"

#include <utility>

namespace hone::ui {

namespace {

Experiment withoutRecipe(Experiment experiment) {
    experiment.recipe = {};
    return experiment;
}

std::string textOf(const Experiment& experiment) {
    return to_json(experiment).dump();
}

bool differInWorkloadOnly(Experiment one, const Experiment& other) {
    one.workload = other.workload;
    return textOf(one) == textOf(other);
}

}  // namespace

struct RecipePrediction::Answer {
    std::optional<messages::PredictReply> baseline;  // nothing: it is the one that is kept
    messages::PredictReply recipe;
};

RecipePrediction::RecipePrediction(Session& session, QObject* parent)
    : QObject(parent), session_(session) {}

void RecipePrediction::clear() {
    session_.jobs().forget(QStringLiteral("predict"));
    asked_.reset();
    baseline_.reset();
    recipe_.reset();
    baselineOf_.clear();
    emit changed();
}

void RecipePrediction::ask(const Experiment& experiment) {
    wanted_ = experiment;
    if (asked_ && differInWorkloadOnly(*asked_, wanted_)) return;
    start();
}

void RecipePrediction::start() {
    asked_ = wanted_;
    const bool known = baseline_ && baselineOf_ == textOf(withoutRecipe(wanted_));
    session_.jobs().quick(
        QStringLiteral("predict"), this,
        [experiment = wanted_, known](const WorkerLaunch& launch, const std::stop_token& stop) {
            Answer answer;
            answer.recipe = hone::ask(messages::Predict{experiment}, launch, stop);
            if (known) return answer;
            answer.baseline =
                experiment.recipe.steps.empty()
                    ? answer.recipe
                    : hone::ask(messages::Predict{withoutRecipe(experiment)}, launch, stop);
            return answer;
        },
        [this](Answer answer) { show(std::move(answer)); },
        [this](const ErrorDetails& error) {
            baseline_.reset();
            recipe_.reset();
            end();
            emit changed();
            emit failed(error);
        });
}

// The next question where what is wanted has moved on meanwhile.
void RecipePrediction::end() {
    const bool moved = textOf(*asked_) != textOf(wanted_);
    asked_.reset();
    if (moved) start();
}

void RecipePrediction::show(Answer answer) {
    if (answer.baseline) {
        baseline_ = std::move(answer.baseline);
        baselineOf_ = textOf(withoutRecipe(*asked_));
    }
    recipe_ = std::move(answer.recipe);
    end();
    if (recipe_->wants_calibration) calibrate();
    emit changed();
}

// Not beside a job, whose figures it would spoil: a job that measures does it first.
void RecipePrediction::calibrate() {
    if (calibrated_ || session_.jobs().running()) return;
    calibrated_ = calibrating_ = true;
    session_.jobs().ask(
        QStringLiteral("calibrate"), this, messages::Calibrate{.target = session_.target()},
        [this](const messages::CalibrateReply&) {
            calibrating_ = false;
            baselineOf_.clear();
            if (!wanted_.checkpoint.empty()) start();
            emit changed();
        },
        [this](const ErrorDetails& error) {
            calibrating_ = false;
            emit changed();
            emit session_.jobs().logged(QString::fromStdString(error.message));
        });
}

}  // namespace hone::ui
