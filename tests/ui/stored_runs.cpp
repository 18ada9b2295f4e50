// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/stored_runs.h"

#include <QDir>
#include <QFileInfo>
#include <cmath>

#include "profiler/statistics/statistics.h"

namespace hone::ui::testing {

namespace {

using nlohmann::json;
using profiler::MetricValue;
using profiler::Store;

constexpr int warmups = 3;

// Deterministic, around 1, about one per cent wide.
double jitter(std::int64_t run, int index) {
    return 1 + 0.008 * std::sin(static_cast<double>(run) * 2.3 + index * 1.7);
}

std::vector<double> stamps(const InventedRun& run, double prompt, int tokens, double factor) {
    std::vector<double> result;
    double now = prompt / run.prefill * factor;
    for (int token = 0; token < tokens; ++token) {
        result.push_back(now);
        now += factor / run.decode * (1 + 0.0012 * token + 0.02 * std::sin(token * 0.9));
    }
    return result;
}

json memoryOf(const InventedRun& run) {
    const double rest = run.peakMegabytes - run.modelMegabytes;
    const auto bytes = [](double megabytes) { return static_cast<std::int64_t>(megabytes * 1e6); };
    return {{"weights", bytes(run.modelMegabytes)},
            {"kv_cache", bytes(rest * 0.28)},
            {"activations", bytes(rest * 0.2)},
            {"workspace", bytes(rest * 0.1)},
            {"runtime", bytes(rest * 0.3)},
            {"unaccounted", bytes(rest * 0.12)},
            {"peak_resident", bytes(run.peakMegabytes)}};
}

void addRepetitions(Store& store, std::int64_t id, const InventedRun& run, const json& workload) {
    const int repetitions = workload.value("repetitions", 5);
    const double prompt = workload.value("prompt_tokens", 128.0);
    const int tokens = workload.value("generated_tokens", 64);
    std::map<std::string, std::vector<double>> values;
    for (int i = 0; i < warmups + repetitions; ++i) {
        const bool warmup = i < warmups;
        const double factor = jitter(id, i) * (warmup ? 1.25 - 0.08 * i : 1.0);
        const auto times = stamps(run, prompt, tokens, factor);
        const std::map<std::string, double> metrics{
            {"prefill_tokens_per_second", run.prefill / factor},
            {"decode_tokens_per_second", run.decode / factor},
            {"time_to_first_token", times.front()},
            {"time_per_output_token", factor / run.decode},
            {"total_seconds", times.back()},
            {"total_tokens_per_second", tokens / times.back()}};
        store.add_sample(id, {warmup ? i : i - warmups,
                              warmup ? "warmup" : "repetition",
                              metrics,
                              {{"token_times", json::array({times})},
                               {"memory", memoryOf(run)},
                               {"counters", json::object()}}});
        if (!warmup)
            for (const auto& [metric, value] : metrics) values[metric].push_back(value);
    }
    for (const auto& [metric, all] : values) {
        const profiler::Summary s = profiler::summarize(all);
        store.set_metric(id, metric, {s.mean, s.low, s.high, s.n, ""});
    }
    const double peak = run.peakMegabytes * 1e6, size = run.modelMegabytes * 1e6;
    store.set_metric(id, "peak_memory", {peak, peak, peak, repetitions, "bytes"});
    store.set_metric(id, "model_bytes", {size, size, size, 1, "bytes"});
    store.set_memory(id, memoryOf(run).get<std::map<std::string, std::int64_t>>());
}

void addAccuracy(Store& store, std::int64_t id, const InventedRun& run, bool compared) {
    constexpr int windows = 8, scored = 255;
    std::vector<double> nll, kl, agreeing, count;
    for (int window = 0; window < windows; ++window) {
        const double spread = 1 + 0.05 * std::sin(window * 1.1);
        nll.push_back(std::log(run.perplexity) * scored * spread);
        kl.push_back(run.divergence * scored * (1 + 0.2 * std::sin(window * 2.1)));
        agreeing.push_back(
            std::floor(run.agreement * scored * (1 - 0.01 * std::abs(std::sin(window * 0.7)))));
        count.push_back(scored);
        store.add_sample(id, {window,
                              "accuracy",
                              {{"nll_sum", nll.back()},
                               {"scored", scored},
                               {"kl_sum", kl.back()},
                               {"top1_agreeing", agreeing.back()}},
                              {{"compared", compared}}});
    }
    const auto set = [&](const char* metric, const profiler::Estimate& e, const char* unit) {
        store.set_metric(id, metric, {e.value, e.low, e.high, e.n, unit});
    };
    set("perplexity", profiler::perplexity(nll, count), "");
    if (!compared) return;
    set("kl_divergence", profiler::window_mean(kl, count), "nats");
    set("top1_agreement", profiler::window_mean(agreeing, count), "share");
}

}  // namespace

QString quickFolder() {
    const QFileInfo memory(QStringLiteral("/dev/shm"));
    return (memory.isWritable() ? memory.filePath() : QDir::tempPath()) +
           QStringLiteral("/hone-test-XXXXXX");
}

std::int64_t storeRun(Store& store, const InventedRun& run, const json& workload,
                      const json& target, std::int64_t pair) {
    profiler::NewRun what;
    what.model_name = run.model == inventedModel ? "SmolLM2-135M-Instruct" : "another model";
    what.model_source = run.model;
    what.model_hash = run.model == inventedModel ? "c0ffee" : "hash of " + run.model;
    what.model = {{"architecture", "llama"},
                  {"parameters", 134515008},
                  {"bytes", 271000000},
                  {"types", {{"BF16", 269000000}, {"F32", 2000000}}}};
    what.recipe = run.recipe;
    what.recipe_label = run.label;
    what.workload = workload;
    what.target = target;
    what.environment = {{"hostname", "workbench"},
                        {"cpu", "AMD EPYC"},
                        {"logical_cores", 2},
                        {"hone_version", "0.1.0"}};
    what.side = run.recipe.empty() ? "baseline" : "candidate";
    if (pair > 0) what.paired_with = pair;
    what.series = run.series;
    const std::int64_t id = store.begin_run(what);
    if (run.status != "failed") addRepetitions(store, id, run, workload);
    if (run.status == "done") addAccuracy(store, id, run, pair > 0);
    store.finish_run(id, run.status, run.reason, 21.5);
    return id;
}

std::int64_t storeInventedRuns(Store& store, const json& workload, const json& target) {
    const auto step = [](const char* technique, json options) {
        return json::array({{{"technique", technique}, {"options", std::move(options)}}});
    };
    InventedRun plain;
    plain.label = "baseline";
    const std::int64_t baseline = storeRun(store, plain, workload, target);
    const std::vector<InventedRun> runs{
        {"KV cache off", step("kv_cache", {{"dtype", "off"}}), 1610, 8.24, 344, 271, 15.9, 0, 1,
         "done", ""},
        {"window 256 · 4 sinks", step("sparse_attention", {{"window", 256}}), 1690, 133, 352, 271,
         16.4, 0.028, 0.951, "done", ""},
        {"prune 50 %", step("prune_magnitude", {{"sparsity", 0.5}}), 1611, 131.2, 366, 271, 24.8,
         0.51, 0.62, "done", ""},
        {"int8 per channel", step("quantize_weights", {{"scheme", "int8"}}), 2010, 236, 224, 136,
         15.93, 0.0006, 0.991, "done", ""},
        {"int8 weights · int8 KV cache", step("quantize_weights", {{"scheme", "int8"}, {"kv", 8}}),
         2040, 241, 215, 136, 15.95, 0.0041, 0.973, "done", ""},
        {"int4 group 32 · int8 KV cache",
         step("quantize_weights", {{"scheme", "int4"}, {"group", 32}}), 4520, 322, 164, 76, 16.9,
         0.0461, 0.88, "done", ""},
        {"int4 group 128", step("quantize_weights", {{"scheme", "int4"}, {"group", 128}}), 0, 0, 0,
         0, 0, 0, 0, "failed", "out of memory in layer 12: 48 MB wanted, 11 MB left"},
        {"fixed batches of 8", step("batching", {{"size", 8}}), 1730, 604, 512, 271, 15.9, 0, 1,
         "cancelled", "cancelled by the user"}};
    for (const InventedRun& run : runs) {
        const std::int64_t id = storeRun(store, run, workload, target, baseline);
        if (run.label.starts_with("int4 group 32")) {
            store.set_starred(id, true);
            store.set_tags(id, {"ship", "laptop"});
            store.set_note(id, "candidate for the release");
            store.add_run_note(id, "210 of 211 matrices are int4; the output matrix stays bf16");
        }
    }
    return baseline;
}

std::int64_t storeInventedSeries(Store& store, const json& workload, const json& target,
                                 bool failed) {
    const profiler::Series series = store.begin_series({{{"technique", "quantize_weights"},
                                                         {"option", "scheme"},
                                                         {"values", {"q8_0", "q4_1", "q4_0"}}}});
    InventedRun run;
    run.label = "baseline";
    run.series = series;
    const std::int64_t baseline = storeRun(store, run, workload, target);
    const auto candidate = [&](const char* scheme, double decode, double peak, double divergence) {
        run.label = std::string("Quantise weights ") + scheme;
        run.recipe = {{{"technique", "quantize_weights"}, {"options", {{"scheme", scheme}}}}};
        run.decode = decode;
        run.peakMegabytes = peak;
        run.divergence = divergence;
        run.agreement = 0.9;
        run.status = failed && run.label.ends_with("q4_0") ? "failed" : "done";
        storeRun(store, run, workload, target, baseline);
    };
    candidate("q8_0", 230, 240, 0.001);
    candidate("q4_1", 290, 190, 0.05);  // q4_0 is faster and diverges less
    candidate("q4_0", 310, 180, 0.04);
    return baseline;
}

}  // namespace hone::ui::testing
