// SPDX-License-Identifier: Apache-2.0
#include "tests/report/measured_runs.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <cmath>

namespace hone::profiler {
namespace {

constexpr std::array kNoise{1.003, 0.994, 1.008, 0.998, 0.991, 1.005, 1.001};
constexpr std::array kWindowNats{2.9, 3.2, 3.0, 2.7, 3.4, 3.1};
constexpr double kScored = 255;

}  // namespace

MeasuredRuns::MeasuredRuns() {
    // In memory where that is possible: every write waits for the disk otherwise.
    const std::filesystem::path memory = "/dev/shm";
    const bool usable = ::access(memory.c_str(), W_OK) == 0;
    std::string pattern =
        ((usable ? memory : std::filesystem::temp_directory_path()) / "hone-report-XXXXXX")
            .string();
    folder_ = ::mkdtemp(pattern.data());
    store_.emplace(folder_ / "runs.sqlite");
}

MeasuredRuns::~MeasuredRuns() {
    store_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

NewRun MeasuredRuns::what(const std::string& label) {
    NewRun run;
    run.model_name = "Tiny";
    run.model_source = "tiny.gguf";
    run.model_hash = "3f9a";
    run.model = {{"architecture", "llama"}, {"config", {{"n_vocab", 259}}}};
    run.recipe = nlohmann::json::array();
    if (label != "baseline")
        run.recipe.push_back({{"technique", "quantize_weights"}, {"options", {{"scheme", label}}}});
    run.recipe_label = label;
    run.workload = {{"prompt_tokens", 128}, {"generated_tokens", 64}, {"concurrency", 1},
                    {"text", "bundled"},    {"text_hash", "77"},      {"protocol", "windows"},
                    {"context", 512},       {"stride", 256}};
    run.target = {{"device", "cpu"}, {"threads", 2}};
    run.environment = {{"hostname", "bench-1"},
                       {"cpu", "Example CPU"},
                       {"isa", "AVX2"},
                       {"logical_cores", 4},
                       {"load_average", {0.5, 0.4, 0.3}},
                       {"governor", "performance"},
                       {"build_type", "Release"},
                       {"compiler", "GNU 12.2.0"},
                       {"kernel", "6.1.0"},
                       {"libraries", {{"fmt", "9.1.0"}, {"glibc", "2.36"}}},
                       {"hone_version", "0.1.0"},
                       {"commit", "0123456789ab"}};
    run.side = label == "baseline" ? "baseline" : "candidate";
    return run;
}

std::int64_t MeasuredRuns::add(const NewRun& what, double speed, double nats, double kl,
                               std::int64_t peak) {
    const std::int64_t run = store_->begin_run(what);
    store_->add_sample(run, {0, "warmup", {{"decode_tokens_per_second", 1}}, nullptr});
    std::vector<double> decode;
    for (std::size_t i = 0; i < kNoise.size(); ++i) {
        // Baseline and candidate do not have the same noise.
        const double noise = kNoise[(i + static_cast<std::size_t>(run)) % kNoise.size()];
        decode.push_back(100 * speed * noise);
        store_->add_sample(run, {static_cast<int>(i),
                                 "repetition",
                                 {{"decode_tokens_per_second", decode.back()}},
                                 {{"memory", {{"peak_resident", peak}}}}});
    }
    const Summary summary = summarize(decode);
    store_->set_metric(run, "decode_tokens_per_second",
                       {summary.mean, summary.low, summary.high, summary.n, "tok/s"});
    const double bytes = static_cast<double>(peak);
    store_->set_metric(run, "peak_memory", {bytes, bytes, bytes, 7, "bytes"});
    store_->set_metric(run, "model_bytes", {bytes / 2, bytes / 2, bytes / 2, 1, "bytes"});
    store_->set_metric(run, "load_seconds", {0.5 * speed, 0.5 * speed, 0.5 * speed, 1, "s"});
    std::vector<double> nll, scored;
    for (std::size_t i = 0; i < kWindowNats.size(); ++i) {
        nll.push_back(kScored * (kWindowNats[i] + nats));
        scored.push_back(kScored);
        store_->add_sample(run, {static_cast<int>(i),
                                 "accuracy",
                                 {{"nll_sum", nll.back()},
                                  {"scored", kScored},
                                  {"kl_sum", kScored * kl * (1 + 0.01 * kWindowNats[i])},
                                  {"top1_agreeing", 240}},
                                 {{"compared", kl > 0}}});
    }
    const Estimate e = perplexity(nll, scored);
    store_->set_metric(run, "perplexity", {e.value, e.low, e.high, e.n, ""});
    if (kl > 0) {
        store_->set_metric(run, "kl_divergence", {kl, kl, kl, 6, "nats"});
        store_->set_metric(run, "top1_agreement", {240 / kScored, 0.9, 1, 6, "share"});
    }
    store_->set_memory(run, {{"weights", peak / 2}, {"peak_resident", peak}});
    store_->finish_run(run, "done", "", 12.5);
    return run;
}

ComparedMetric metric(const Comparison& comparison, const std::string& id) {
    for (const ComparedMetric& found : comparison.metrics)
        if (found.id == id) return found;
    ADD_FAILURE() << "no " << id;
    return {};
}

bool has_metric(const Comparison& comparison, const std::string& id) {
    for (const ComparedMetric& found : comparison.metrics)
        if (found.id == id) return true;
    return false;
}

}  // namespace hone::profiler
