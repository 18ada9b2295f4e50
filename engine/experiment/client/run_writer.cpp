// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/client/run_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "engine/experiment/client/predicted.h"
#include "engine/techniques/schema/schema.h"
#include "profiler/report/shown_interval.h"
#include "profiler/statistics/metrics.h"
#include "profiler/statistics/statistics.h"

namespace hone {
namespace {

double now_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

// The metrics that come from there.
std::vector<const profiler::MetricDefinition*> metrics_from(profiler::Source source) {
    std::vector<const profiler::MetricDefinition*> result;
    for (const profiler::MetricDefinition& metric : profiler::metric_definitions())
        if (metric.source == source) result.push_back(&metric);
    return result;
}

}  // namespace

RunWriter::RunWriter(profiler::Store& store, const profiler::NewRun& run)
    : store_(store),
      workload_(run.workload),
      target_(run.target),
      id_(store.begin_run(run)),
      started_(now_seconds()) {}

void RunWriter::set(const std::string& metric, double value, double low, double high,
                    std::int64_t n) {
    const profiler::MetricDefinition* definition = profiler::find_metric(metric);
    store_.set_metric(id_, metric,
                      {value, low, high, n,
                       definition == nullptr ? std::string() : std::string(definition->unit)});
}

void RunWriter::note(const std::string& text) {
    store_.add_run_note(id_, text);
}

void RunWriter::fact(profiler::RunFact fact, const std::string& text) {
    store_.set_fact(id_, fact);
    note(text);
}

void RunWriter::predicted(const messages::PredictReply& reply) {
    store_.set_prediction(id_, predicted_metrics(reply));
}

void RunWriter::prepared(const messages::PrepareReply& reply) {
    const nlohmann::json fields = messages::write(reply);  // metrics name the figure that they are
    for (const profiler::MetricDefinition* metric : metrics_from(profiler::Source::prepared)) {
        const std::string id(metric->id);
        const double value = fields.value(id, 0.0);
        set(id, value, value, value, 1);
    }
    memory_ = reply.memory;
    if (reply.text) workload_["text_hash"] = reply.text->hash;
    target_["threads"] = reply.threads;
    store_.set_resolved(id_, workload_, target_);
    for (const std::string& text : reply.notes) note(text);
}

LiveSample RunWriter::repetition(Side side, bool warmup, int index,
                                 const messages::RepetitionReply& reply) {
    LiveSample sample;
    sample.side = side;
    sample.warmup = warmup;
    sample.index = index;
    sample.metrics = reply.metrics;
    sample.memory = reply.memory;
    sample.token_times = reply.token_times;
    nlohmann::json engaged = nlohmann::json::object();
    for (const auto& [technique, evidence] : reply.engaged)
        engaged[technique] = messages::write(evidence);
    store_.add_sample(id_, {index,
                            warmup ? "warmup" : "repetition",
                            sample.metrics,
                            {{"token_times", sample.token_times},
                             {"memory", sample.memory},
                             {"engaged", std::move(engaged)},
                             {"counters", reply.counters}}});
    if (!warmup) engaged_ = reply.engaged;
    for (const auto& [metric, value] : sample.metrics)
        (warmup ? warmup_ : values_)[metric].push_back(value);
    const auto peak = sample.memory.find("peak_resident");
    if (!warmup && peak != sample.memory.end()) {
        if (!any_repetition_ || peak->second > memory_["peak_resident"]) memory_ = sample.memory;
        any_repetition_ = true;
    }
    for (const profiler::MetricDefinition* metric : metrics_from(profiler::Source::memory)) {
        const auto found = sample.memory.find(std::string(metric->memory_class));
        if (!warmup && found != sample.memory.end())
            values_[std::string(metric->id)].push_back(static_cast<double>(found->second));
    }
    return sample;
}

void RunWriter::own_step(const messages::AttentionMassReply& reply) {
    for (const profiler::MetricDefinition* metric : metrics_from(profiler::Source::own_step)) {
        const auto found = reply.figures.find(std::string(metric->id));
        if (found == reply.figures.end()) continue;  // there was nothing to measure
        set(found->first, found->second, found->second, found->second, 1);
    }
}

// Seconds a decoded token of the traced repetition, over the median of the timed ones; 0 where
// either has none.
double RunWriter::slowdown(const messages::TraceReply& reply) const {
    std::vector<double> speeds = repetition_values(profiler::Role::speed);
    const auto tokens = static_cast<double>(reply.traced_decoded_tokens);
    if (speeds.empty() || tokens <= 0) return 0;
    const auto middle = speeds.begin() + std::ssize(speeds) / 2;
    std::nth_element(speeds.begin(), middle, speeds.end());
    return reply.traced_decode_seconds / tokens * *middle;
}

void RunWriter::trace(const messages::TraceReply& reply, const std::string& spool) {
    profiler::Trace trace = [&spool] {
        try {
            return profiler::read_spool(spool);
        } catch (const profiler::TraceError& error) {
            throw Error(details_of(error));
        }
    }();
    if (reply.events != std::ssize(trace.events))
        throw Error(ErrorDetails{"", "", "trace", "other events than the worker reported",
                                 "the same events", Fault::internal});
    trace.slowdown = slowdown(reply);
    store_.set_trace(id_, trace);
    if (trace.dropped > 0)
        note("the trace is not whole: " + std::to_string(trace.dropped) + " events found no room");
    constexpr double kNoted = 1.05;
    if (trace.slowdown > kNoted)
        note(fmt::format(
            "tracing made decoding {:.1f} % slower: the trace's times are longer than the run's",
            100 * (trace.slowdown - 1)));
    const profiler::CudaTraceFacts& facts = trace.device;
    if (!facts.problem.empty())
        note("the trace was recorded by " + facts.source + ": " + facts.problem);
    if (!facts.counters_problem.empty())
        note((facts.counters_source.empty() ? "the hardware's counters were not read: "
                                            : "not all of the hardware's counters were read: ") +
             facts.counters_problem);
}

LiveAccuracy RunWriter::window(Side side, int index, int windows,
                               const messages::AccuracyReply& reply) {
    std::map<std::string, double> values;
    for (const std::string& name : profiler::window_figures())
        if (const auto found = reply.sums.find(name); found != reply.sums.end())
            values.insert(*found);
    const bool compared = reply.compared;
    const std::string& text = reply.text;
    store_.add_sample(id_, {index, "accuracy", values, {{"compared", compared}, {"text", text}}});
    windows_.add(values, compared);
    if (texts_.empty() || texts_.back().first != text)
        texts_.emplace_back(text, profiler::WindowTotals());
    texts_.back().second.add(values, compared);
    return {side, index + 1, windows, windows_.estimates()};
}

std::vector<double> RunWriter::repetition_values(profiler::Role role) const {
    const auto found = values_.find(std::string(profiler::metric_for(role).id));
    return found == values_.end() ? std::vector<double>{} : found->second;
}

std::vector<double> RunWriter::warmup_values(profiler::Role role) const {
    const auto found = warmup_.find(std::string(profiler::metric_for(role).id));
    return found == warmup_.end() ? std::vector<double>{} : found->second;
}

void RunWriter::write_speed() {
    for (const auto& [metric, values] : values_) {
        const profiler::MetricDefinition* definition = profiler::find_metric(metric);
        if (definition == nullptr) continue;
        const profiler::Summary summary = profiler::summarize(values);
        if (definition->largest)
            set(metric, summary.max, summary.min, summary.max, summary.n);
        else
            set(metric, summary.mean, summary.low, summary.high, summary.n);
    }
    if (!memory_.empty()) store_.set_memory(id_, memory_);
}

void RunWriter::write_accuracy() {
    for (const auto& [metric, estimate] : windows_.estimates())
        set(metric, estimate.value, estimate.low, estimate.high, estimate.n);
    note_each_text();
}

// The metrics are of all windows; of several texts, one may fare worse than another.
void RunWriter::note_each_text() {
    if (texts_.size() < 2) return;
    for (const auto& [name, windows] : texts_) {
        const std::map<std::string, profiler::Estimate> estimates = windows.estimates();
        const auto of = [&estimates](profiler::Role role, int decimals) -> std::string {
            const profiler::MetricDefinition& metric = profiler::metric_for(role);
            const auto found = estimates.find(std::string(metric.id));
            if (found == estimates.end()) return {};
            const profiler::Estimate& e = found->second;
            const profiler::ShownInterval shown = profiler::shown_interval(e);
            const std::string interval =
                shown.exists
                    ? fmt::format(" ({:.{}f}–{:.{}f})", shown.low, decimals, shown.high, decimals)
                : shown.too_few ? fmt::format(" ({})", profiler::kTooFewSamples)
                                : std::string();
            return fmt::format("{} {:.{}f}{}", profiler::metric_word(metric.title), e.value,
                               decimals, interval);
        };
        std::string text = name + ": " + of(profiler::Role::accuracy, 2) +
                           fmt::format(" over {} windows", windows.windows());
        const std::string divergence = of(profiler::Role::divergence, 4);
        if (!divergence.empty()) text += ", " + divergence + " nats";
        note(text);
    }
}

void RunWriter::note_what_did_not_engage() {
    for (const auto& [technique, evidence] : engaged_) {
        if (evidence.engaged != false) continue;
        const Descriptor* known = builtin_registry().find(technique);
        note(fmt::format("{} did not engage: the count of {} stayed 0",
                         known ? known->title : std::string_view(technique),
                         counter_title(builtin_registry(), technique, evidence.counter)));
    }
}

void RunWriter::finish(const std::string& status, const std::string& reason) {
    if (ended_) return;
    ended_ = true;
    write_speed();
    write_accuracy();
    note_what_did_not_engage();
    store_.finish_run(id_, status, reason, now_seconds() - started_);
}

}  // namespace hone
