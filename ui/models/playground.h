// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>
#include <optional>
#include <vector>

#include "ui/models/session.h"
#include "ui/models/token_difference.h"

namespace hone::ui {

// One prompt answered by the baseline and then by the recipe: in turn, so that neither takes time
// from the other.
class Playground : public QObject {
    Q_OBJECT
public:
    struct Settings {
        QString prompt;
        bool chat = true;
        int maxTokens = 128;
        double temperature = 0;
        quint64 seed = 1;
    };
    enum class State { none, waiting, running, done, cancelled, failed };

    struct Answer {
        State state = State::none;
        int job = 0;
        QString recipe;  // its label
        QString doing;   // while it waits or loads
        QString error;   // of a failed one
        std::vector<LiveToken> tokens;
        bool ended = false;  // by itself, not at the most tokens asked for
        std::int64_t promptTokens = 0;

        std::vector<std::int64_t> ids() const;
        std::optional<double> firstTokenSeconds() const;
        // Tokens after the first by their time: nothing where there is no second one.
        std::optional<double> tokensPerSecond() const;
        bool active() const { return state == State::waiting || state == State::running; }
    };

    explicit Playground(Session& session, QObject* parent = nullptr);

    void ask(const Settings& settings);  // cancels what still runs of the last one
    void cancel();
    bool active() const { return baseline_.active() || candidate_.active(); }
    bool hasCandidate() const {
        return candidate_.state != State::none;
    }  // the recipe had techniques
    const Answer& baseline() const { return baseline_; }
    const Answer& candidate() const { return candidate_; }
    // How the two answers differ so far; empty before the recipe's first token.
    std::optional<TokenDifference> difference() const;
    // "chatml", "unknown" or "none": what the open model says of conversations.
    static QString chatTemplate(const Session& session);

signals:
    void changed();

private:
    void start(Answer& answer, const Recipe& recipe, const Settings& settings);
    Answer* of(int job);
    void follow(const JobInfo& job);
    void finish(int job, const Generated& result);

    Session& session_;
    Answer baseline_, candidate_;
};

}  // namespace hone::ui
