// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/playground.h"

#include <algorithm>

namespace hone::ui {

std::vector<std::int64_t> Playground::Answer::ids() const {
    std::vector<std::int64_t> result;
    for (const LiveToken& token : tokens)
        if (token.id >= 0) result.push_back(token.id);
    return result;
}

std::optional<double> Playground::Answer::firstTokenSeconds() const {
    if (tokens.empty()) return std::nullopt;
    return tokens.front().seconds;
}

std::optional<double> Playground::Answer::tokensPerSecond() const {
    const auto generated = static_cast<double>(ids().size());
    if (generated < 2) return std::nullopt;
    const double seconds = tokens.back().seconds - tokens.front().seconds;
    if (seconds <= 0) return std::nullopt;
    return (generated - 1) / seconds;
}

Playground::Playground(Session& session, QObject* parent) : QObject(parent), session_(session) {
    JobRunner& jobs = session.jobs();
    connect(&jobs, &JobRunner::tokensArrived, this,
            [this](int job, const std::vector<LiveToken>& tokens) {
                Answer* answer = of(job);
                if (answer == nullptr) return;
                answer->tokens.insert(answer->tokens.end(), tokens.begin(), tokens.end());
                emit changed();
            });
    connect(&jobs, &JobRunner::jobProgress, this, &Playground::follow);
    connect(&jobs, &JobRunner::generated, this, &Playground::finish);
    // Another model's answers would stand under the names of this one's.
    connect(&session, &Session::modelChanged, this, [this] {
        cancel();
        baseline_ = candidate_ = {};
        emit changed();
    });
}

QString Playground::chatTemplate(const Session& session) {
    const auto& model = session.model();
    return model ? QString::fromStdString(model->chat_template) : QStringLiteral("none");
}

void Playground::ask(const Settings& settings) {
    cancel();
    baseline_ = candidate_ = {};
    if (session_.checkpoint().isEmpty()) return;
    start(baseline_, {}, settings);
    if (!session_.recipe().steps.empty()) start(candidate_, session_.recipe(), settings);
    emit changed();
}

void Playground::start(Answer& answer, const Recipe& recipe, const Settings& settings) {
    GenerateRequest request;
    request.experiment = session_.experiment();
    request.experiment.recipe = recipe;
    request.prompt = settings.prompt.toStdString();
    request.chat = settings.chat;
    request.max_tokens = settings.maxTokens;
    request.temperature = settings.temperature;
    request.seed = settings.seed;
    answer.recipe = QString::fromStdString(label(recipe, session_.registry()));
    answer.state = State::waiting;
    answer.job = session_.jobs().generate(tr("Answering with %1").arg(answer.recipe), request);
}

void Playground::cancel() {
    // The last first: else it would start once the first is gone.
    for (Answer* answer : {&candidate_, &baseline_})
        if (answer->active()) session_.jobs().cancel(answer->job);
}

Playground::Answer* Playground::of(int job) {
    for (Answer* answer : {&baseline_, &candidate_})
        if (answer->state != State::none && answer->job == job) return answer;
    return nullptr;
}

void Playground::follow(const JobInfo& job) {
    Answer* answer = of(job.id);
    if (answer == nullptr) return;
    answer->doing = job.detail;
    if (job.state == JobState::running) answer->state = State::running;
    if (job.state == JobState::done) answer->state = State::done;
    if (job.state == JobState::cancelled) answer->state = State::cancelled;
    if (job.state == JobState::failed) {
        answer->state = State::failed;
        answer->error = job.error;
    }
    emit changed();
}

void Playground::finish(int job, const Generated& result) {
    Answer* answer = of(job);
    if (answer == nullptr) return;
    answer->ended = result.answer.stop == messages::Stop::end;
    answer->promptTokens = result.answer.prompt_tokens;
}

std::optional<TokenDifference> Playground::difference() const {
    if (candidate_.tokens.empty()) return std::nullopt;
    const std::vector<std::int64_t> second = candidate_.ids();
    std::vector<std::int64_t> first = baseline_.ids();
    // While the second still comes, what it has not reached yet is no difference.
    if (candidate_.active() && first.size() > second.size()) first.resize(second.size());
    TokenDifference difference = tokenDifference(first, second);
    difference.first.resize(baseline_.ids().size(), false);
    return difference;
}

}  // namespace hone::ui
