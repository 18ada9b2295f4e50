// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/run_estimate.h"

#include <QCoreApplication>
#include <algorithm>
#include <cmath>

#include "ui/models/metric_text.h"

namespace hone::ui {

namespace {

// Cautious figures of a laptop, for a model that was never run here.
constexpr double assumedOperations = 1e11, assumedBandwidth = 1e10;
constexpr double warmups = 4;

struct Speed {
    double prefill = 0, decode = 0, load = 0;
};

Speed measuredSpeed(const std::vector<profiler::RunRecord>& runs, const std::string& source) {
    for (const profiler::RunRecord& run : runs) {
        if (run.status != "done" || run.what.model_source != source) continue;
        const auto prefill = metricOf(run, "prefill_tokens_per_second");
        const auto decode = metricOf(run, "decode_tokens_per_second");
        const auto load = metricOf(run, "load_seconds");
        if (prefill && decode && prefill->value > 0 && decode->value > 0)
            return {prefill->value, decode->value, load ? load->value : 0};
    }
    return {};
}

Speed assumedSpeed(const std::optional<messages::InspectReply>& model) {
    if (!model || model->parameters <= 0 || model->bytes <= 0) return {};
    const auto parameters = static_cast<double>(model->parameters);
    const auto bytes = static_cast<double>(model->bytes);
    return {assumedOperations / (2 * parameters), assumedBandwidth / bytes, bytes / 1e9};
}

}  // namespace

double estimateSeconds(const std::vector<profiler::RunRecord>& runs, const Experiment& experiment,
                       const std::optional<messages::InspectReply>& model,
                       std::uint64_t candidates) {
    Speed speed = measuredSpeed(runs, experiment.checkpoint);
    if (speed.prefill <= 0) speed = assumedSpeed(model);
    if (speed.prefill <= 0) return 0;
    const Workload& w = experiment.workload;
    const double sequences = w.concurrency;
    const double repetition = sequences * static_cast<double>(w.prompt_tokens) / speed.prefill +
                              sequences * static_cast<double>(w.generated_tokens) / speed.decode;
    double seconds = speed.load + (w.repetitions + warmups) * repetition;
    if (w.text != "none")
        seconds +=
            static_cast<double>((w.windows > 0 ? w.windows : 100) * w.context) / speed.prefill;
    return seconds * (experiment.recipe.steps.empty() ? 1 : 1 + static_cast<double>(candidates));
}

QString roughSeconds(double seconds) {
    if (seconds < 55) {
        const double step = seconds < 10 ? 1 : 5;
        return QCoreApplication::translate("Estimate", "about %1 s")
            .arg(std::max(1.0, std::ceil(seconds / step) * step));
    }
    return QCoreApplication::translate("Estimate", "about %1 min")
        .arg(std::max(1.0, std::round(seconds / 60)));
}

}  // namespace hone::ui
