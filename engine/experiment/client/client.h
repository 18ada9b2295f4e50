// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/core/error.h"
#include "engine/experiment/protocol/experiment.h"
#include "engine/experiment/protocol/messages/exports.h"
#include "engine/experiment/protocol/messages/steps.h"
#include "profiler/report/comparison.h"
#include "profiler/store/store.h"

namespace hone {

enum class Side : std::uint8_t { baseline, candidate };

// How far the 99 % interval of the ratio of speeds reaches to either side: of the candidate whose
// is widest, as a share of the ratio; and how far it may.
struct IntervalReach {
    double reached = 1, aim = 0;
    bool may_end = false;  // the repetitions that were asked for are done
};

struct LiveProgress {
    std::string phase;     // "calibrate", "load", "apply", "warm-up", "repetition", "accuracy",
                           // "write", "check"
    std::string detail;    // "repetition 3 of 7"
    double fraction = -1;  // of the whole job; −1 unknown
    std::optional<IntervalReach> interval{};  // while repetitions narrow it
};

struct LiveSample {
    Side side = Side::baseline;
    int candidate = 0;  // which of them, where there are several
    bool warmup = false;
    int index = 0;
    std::map<std::string, double> metrics;       // as in the protocol
    std::map<std::string, std::int64_t> memory;  // class → bytes, and "peak_resident"
    std::vector<std::vector<double>> token_times;
};

struct LiveAccuracy {
    Side side = Side::baseline;
    int window = 0, windows = 0;
    std::map<std::string, profiler::Estimate>
        metrics;  // over the windows so far, with 95 % intervals
    int candidate = 0;
};

// One token of generate() as it came.
struct LiveToken {
    std::int64_t id = -1;  // −1: text that earlier tokens left, because no more would complete it
    std::string text;      // what it completed: nothing within a character of several tokens
    double seconds = 0;    // since the answer began
};

// Called on the thread that runs the job, at most as often as things happen. Any may be empty.
struct Observer {
    std::function<void(const LiveProgress&)> progress;
    std::function<void(const LiveSample&)> sample;
    std::function<void(const LiveAccuracy&)> accuracy;
    std::function<void(std::string_view line)>
        log;  // the workers' stderr and the client's own notes
    std::function<void(Side, std::int64_t run)> run_started;
    std::function<void(const LiveToken& token)> token;  // generate()
    // Whether the interval of IntervalReach is narrow enough for who watches: repetitions beyond
    // those that were asked for end, and the runs say so.
    std::function<bool()> good_enough;
    std::function<std::string()>
        stop_reason;  // of a stop that was requested, for the run; empty: "cancelled by the user"
};

// How workers are started: the program `hone`, beside the running one unless said otherwise.
struct WorkerLaunch {
    std::filesystem::path program;  // empty: `hone` beside /proc/self/exe
    std::vector<std::string> arguments{"worker"};
    // Without a reply or heartbeat. Heartbeats come only where the work goes on: see
    // kernels/cpu/pulse.h.
    double hang_limit_seconds = 5;
};

struct MeasureRequest {
    Experiment experiment;
    std::vector<Recipe>
        candidates;        // of the experiment instead of its own recipe; empty: that one alone
    nlohmann::json swept;  // what differs between them (profiler::Series); null: they are no series
    enum class Against : std::uint8_t { nothing, baseline, stored_run } against = Against::baseline;
    std::int64_t stored_run = 0;
    bool accuracy_only = false;  // `hone eval`
    int most_repetitions = 300;  // where the noise asks for more than the workload's
    bool trace = false;          // record one more repetition of each side, after what is timed
    bool calibrate = false;      // the machine, where it was not yet, so that times are predicted
    nlohmann::json fault;        // tests only, for a candidate's worker
    std::size_t faulty = 0;      // which candidate's
};

struct MeasureResult {
    std::vector<std::int64_t> runs;  // baseline first, then the candidates in their order
    std::string status;  // "done" where every run is, "cancelled", or "failed" where any run is
    std::optional<ErrorDetails> error;  // of the first run that failed
    std::vector<profiler::Comparison>
        comparisons;  // of each candidate that is done, in their order
};

// Runs one experiment in worker processes, and stores runs as they go. Candidates are interleaved
// with the baseline, as many of them at a time as fit into memory beside it; one that does not is
// measured apart. Failure, crash and cancel are results (stored with their reason), not exceptions.
// A candidate that fails costs its own run; where the baseline fails, or the last candidate, all
// end. Throws Error only for unusable input found before a run began. A recipe without steps
// measured against the baseline measures the model against itself.
MeasureResult measure(const MeasureRequest& request, profiler::Store& store,
                      const WorkerLaunch& launch, const Observer& observer, std::stop_token stop);

// What measures a stored run once more: its model, recipe, workload and target, against a fresh
// baseline where it had one. Throws Error where this version does not know its recipe.
MeasureRequest rerun_request(const profiler::RunRecord& run, const Registry& registry);
// What measures a stored series once more, as a series: its candidates in their order against one
// fresh baseline where it had one. Throws Error as rerun_request(), or where no candidate is stored
// any more.
MeasureRequest rerun_series_request(const profiler::Store& store, std::int64_t series,
                                    const Registry& registry);

struct GenerateRequest {
    Experiment experiment;
    std::string prompt;
    bool chat = true;
    std::int64_t max_tokens = 128;
    double temperature = 0;
    std::uint64_t seed = 1;
};
// The answer, and what is to be known of the model that gave it.
struct Generated {
    messages::GenerateReply answer;
    std::vector<std::string> notes;
};
// With the answer's fields and "notes": what `hone generate --json` prints.
nlohmann::json to_json(const Generated& generated);
Generated generate(const GenerateRequest& request, const WorkerLaunch& launch,
                   const Observer& observer, std::stop_token stop);

struct ExportRequest {
    std::string checkpoint;
    Recipe recipe;
    Target target;
    std::string format = "gguf",
                dtype = "keep";  // format: "gguf" (a file) or "safetensors" (a folder)
    std::filesystem::path path;
    bool overwrite = false;
    bool verify = false;
    std::string text = "bundled";
    std::int64_t windows = 4;
};
// What export_checkpoint would write, without writing.
struct PredictedExport {
    std::int64_t file_bytes = 0;
    std::vector<std::string> notes, left_out;  // left_out: ids of techniques
};
PredictedExport predict_export(const ExportRequest& request, const WorkerLaunch& launch,
                               std::stop_token stop);

// With verify, what failed the verification was removed, and the target is as it was. Notes say
// where something is kept that appeared at the target meanwhile.
messages::ExportResult export_checkpoint(const ExportRequest& request, const WorkerLaunch& launch,
                                         const Observer& observer, std::stop_token stop);

// Keeps what export_checkpoint(request) returned in the store, as an artifact. Throws StoreError.
void store_artifact(profiler::Store& store, const ExportRequest& request,
                    const messages::ExportResult& result);
// As store_artifact(), once the model is written: a store that cannot keep the record costs the
// record, and a note in `result` says so. Nothing is kept where no model was written.
void record_export(const std::filesystem::path& store, const ExportRequest& request,
                   messages::ExportResult& result);

}  // namespace hone
