// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/told_error.h"
#include "profiler/trace/trace.h"

namespace hone::profiler {

struct MetricValue {
    double value = 0, low = 0, high = 0;
    std::int64_t n = 0;
    std::string unit;
};

// Candidates that were measured against one baseline in one experiment.
struct Series {
    std::int64_t id = 0;
    nlohmann::json swept;  // what differs between them: [{"technique", "option", "values": […]}]
};

// What is known when a run begins. Models, recipes and workloads are opaque JSON here.
struct NewRun {
    std::string model_name, model_source, model_hash;
    nlohmann::json model;   // architecture, parameters, bytes, types, …
    nlohmann::json recipe;  // [] is the baseline
    std::string recipe_label;
    nlohmann::json workload, target, environment;
    std::string side;                         // "baseline" or "candidate"
    std::optional<std::int64_t> paired_with;  // the baseline run it was interleaved with
    std::optional<Series> series;             // of the baseline as of its candidates
};

struct Sample {
    int index = 0;
    std::string kind;  // "warmup", "repetition", "accuracy"
    std::map<std::string, double>
        values;             // metric id → value; of windows the sums that metrics are made of
    nlohmann::json detail;  // token_times and the like
};

struct RunRecord {
    std::int64_t id = 0;
    std::string status;   // "running", "done", "failed", "cancelled", "interrupted", kUnreadable
    std::string reason;   // of a failure
    std::string created;  // ISO 8601, UTC
    double duration_seconds = 0;
    NewRun what;
    std::map<std::string, MetricValue> metrics;
    std::map<std::string, std::int64_t> memory;  // class → bytes, and "peak_resident"
    std::map<std::string, double> predicted;     // metric id → what was predicted before the run
    nlohmann::json engaged;  // {technique: {"counters", "engaged", "counter", "value"}} of the last
                             // repetition; null in list()
    std::vector<std::string> notes_from_run;  // for people: "Q4_1 tensors were expanded first"
    bool unstable_warmup = false;             // it ended before the repetitions agreed
    bool measured_apart = false;  // paired with a baseline and not interleaved with it: the two did
                                  // not fit in memory together
    std::string note;             // the user's
    std::vector<std::string> tags;
    bool starred = false;
    std::int64_t trace_events = 0;   // 0: no trace was recorded
    std::int64_t trace_dropped = 0;  // events that found no room
};

// What may be true of a run and decides how it is compared: the fields of RunRecord by the same
// names.
enum class RunFact : std::uint8_t { unstable_warmup, measured_apart };

// An exported checkpoint.
struct Artifact {
    std::int64_t id = 0;
    std::string created;     // ISO 8601, UTC
    std::string checkpoint;  // it was made from
    nlohmann::json recipe;
    std::string path, format, dtype;
    std::int64_t bytes = 0;
    std::string hash;             // of all tensor bytes
    nlohmann::json left_out;      // ids of techniques that a file cannot carry
    nlohmann::json verification;  // null where it was not verified
};

struct StoreInfo {
    std::filesystem::path path;
    std::string sqlite_version, journal_mode;
    int schema_version = 0;
    bool read_only = false;  // a newer schema, or a read-only file
};

// What went wrong with a store.
class StoreError : public ToldError {
public:
    using ToldError::ToldError;
};

// The status that a run has where its row cannot be read; `reason` says why. Its other fields are
// empty where they could not be read either.
inline constexpr const char* kUnreadable = "unreadable";

// Runs in SQLite (docs/store.md). One instance a thread; several processes may use one file. Every
// function throws StoreError (a full disk, a locked or damaged file) and leaves the stored data as
// it was. A store is as untrusted as a model's file: what one row holds costs that row at most.
class Store {
public:
    static std::filesystem::path default_path();  // $XDG_DATA_HOME/hone/runs.sqlite
    // Makes the file (0600) and its folders (0700) where they are missing. Not a path are "",
    // ":memory:" and "file:…".
    explicit Store(const std::filesystem::path& path);
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    StoreInfo info() const;

    Series begin_series(const nlohmann::json& swept);
    std::int64_t begin_run(const NewRun& run);
    // Replaces what was only known once the worker had prepared: the workload with its text's hash,
    // the target with its thread count.
    void set_resolved(std::int64_t run, const nlohmann::json& workload,
                      const nlohmann::json& target);
    void add_sample(std::int64_t run, const Sample& sample);
    void set_metric(std::int64_t run, const std::string& id, const MetricValue& value);
    void set_memory(std::int64_t run, const std::map<std::string, std::int64_t>& bytes_by_class);
    void set_prediction(std::int64_t run,
                        const std::map<std::string, double>& metrics);  // replaces it
    void add_run_note(std::int64_t run, const std::string& text);
    void set_fact(std::int64_t run, RunFact fact);
    void finish_run(std::int64_t run, const std::string& status, const std::string& reason,
                    double duration_seconds);
    // Runs left "running" by a client that is gone become "interrupted". Returns how many. Opening
    // a store does this too.
    int close_interrupted_runs();

    std::vector<RunRecord> list() const;  // newest first, without removed ones
    // Another text whenever list() would say something else, whoever wrote it: a window asks this
    // every second. Costs no figures.
    std::string fingerprint() const;
    std::optional<RunRecord> load(std::int64_t run) const;
    std::vector<Sample> samples(std::int64_t run) const;
    void remove(
        const std::vector<std::int64_t>& runs);  // hidden until purge(), so that it can be undone
    void restore(const std::vector<std::int64_t>& runs);
    void purge();  // deletes removed runs for good
    void set_note(std::int64_t run, const std::string& note);
    void set_tags(std::int64_t run, const std::vector<std::string>& tags);
    void set_starred(std::int64_t run, bool starred);

    // Replaces the run's trace, in one transaction.
    void set_trace(std::int64_t run, const Trace& trace);
    Trace trace(std::int64_t run) const;  // empty where none was recorded

    std::int64_t add_artifact(const Artifact& artifact);  // id and created are given by the store
    std::vector<Artifact> artifacts() const;              // newest first

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace hone::profiler
