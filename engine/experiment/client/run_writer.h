// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "engine/experiment/client/client.h"
#include "engine/experiment/protocol/messages/plans.h"
#include "engine/experiment/protocol/messages/steps.h"
#include "profiler/statistics/metrics.h"
#include "profiler/store/store.h"

namespace hone {

// One run being measured: keeps what arrives, stores it at once, and computes the metrics at the
// end.
class RunWriter {
public:
    RunWriter(profiler::Store& store, const profiler::NewRun& run);

    std::int64_t id() const { return id_; }
    bool ended() const { return ended_; }

    void predicted(const messages::PredictReply& reply);
    void prepared(const messages::PrepareReply& reply);  // load time, size, notes
    LiveSample repetition(Side side, bool warmup, int index,
                          const messages::RepetitionReply& reply);
    void own_step(
        const messages::AttentionMassReply& reply);  // one apart from the timed repetitions
    // The events that the worker spooled. Throws Error where they are not what the reply says.
    void trace(const messages::TraceReply& reply, const std::string& spool);
    LiveAccuracy window(Side side, int index, int windows, const messages::AccuracyReply& reply);
    void note(const std::string& text);
    void fact(profiler::RunFact fact,
              const std::string& note);  // what decides, and the same for people

    // Values of one metric over the timed repetitions, and over the warm-up, in order.
    std::vector<double> repetition_values(profiler::Role role) const;
    std::vector<double> warmup_values(profiler::Role role) const;

    // Writes the metrics of whatever was measured, and the ending. Further calls do nothing.
    void finish(const std::string& status, const std::string& reason);

private:
    void write_speed();
    void write_accuracy();
    void note_each_text();
    void note_what_did_not_engage();
    double slowdown(const messages::TraceReply& reply) const;
    void set(const std::string& metric, double value, double low, double high, std::int64_t n);

    profiler::Store& store_;
    nlohmann::json workload_, target_;
    std::int64_t id_;
    double started_;
    std::map<std::string, messages::Engagement> engaged_;  // of the last repetition
    bool ended_ = false, any_repetition_ = false;
    std::map<std::string, std::vector<double>> values_, warmup_;
    std::map<std::string, std::int64_t> memory_;  // of the repetition with the largest peak
    profiler::WindowTotals windows_;
    std::vector<std::pair<std::string, profiler::WindowTotals>>
        texts_;  // the same by text, in their order
};

}  // namespace hone
