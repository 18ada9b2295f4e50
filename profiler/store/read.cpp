// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string_view>

#include "profiler/store/connection.h"
#include "profiler/store/fields.h"

namespace hone::profiler {
namespace {

using Json = nlohmann::json;
using Kind = Json::value_t;

constexpr const char* kRun =
    "SELECT status, created, reason, duration_seconds, model.name, model.source, model.hash, "
    "model.details, recipe.steps, recipe.label, workload.details, target, environment.details, "
    "side, "
    "paired_with, starred, trace_events, trace_dropped, unstable_warmup, measured_apart, "
    "series_id, "
    "series.swept FROM run "
    "LEFT JOIN model ON model.id = model_id LEFT JOIN recipe ON recipe.id = recipe_id "
    "LEFT JOIN workload ON workload.id = workload_id LEFT JOIN environment ON environment.id = "
    "environment_id LEFT JOIN series ON series.id = series_id "
    "WHERE removed = 0 AND run.id = ?";

bool is_status(std::string_view text) {
    constexpr std::array<std::string_view, 5> kKnown{"running", "done", "failed", "cancelled",
                                                     "interrupted"};
    return std::find(kKnown.begin(), kKnown.end(), text) != kKnown.end();
}

// Whoever shows a run asks for these as numbers or texts.
void require_types(const Json& workload, const Json& target) {
    const auto require = [](const Json& object, const char* key, bool number) {
        const auto found = object.find(key);
        if (found == object.end() || found->is_null()) return;
        if (number ? !found->is_number() : !found->is_string())
            throw UnreadableRow(std::string(key) + ": found " + found->type_name() + ", expected " +
                                (number ? "a number" : "text"));
    };
    for (const char* key : {"prompt_tokens", "generated_tokens", "concurrency", "repetitions",
                            "seed", "context", "stride", "windows"})
        require(workload, key, true);
    for (const char* key : {"text", "protocol", "text_hash"}) require(workload, key, false);
    require(target, "device", false);
    require(target, "threads", true);
}

void read_run(SQLite::Statement& row, RunRecord& run) {
    Fields fields(row);
    const std::string status = fields.text("status");
    run.created = fields.text("created");
    if (!is_status(status))
        throw UnreadableRow("status: found '" + status + "', expected one that Hone writes");
    run.reason = fields.text("reason");
    run.duration_seconds = fields.number("duration_seconds");
    run.what.model_name = fields.text("model.name");
    run.what.model_source = fields.text("model.source");
    run.what.model_hash = fields.text("model.hash");
    run.what.model = fields.json("model.details", Kind::object);
    run.what.recipe = fields.json("recipe.steps", Kind::array);
    run.what.recipe_label = fields.text("recipe.label");
    run.what.workload = fields.json("workload.details", Kind::object);
    run.what.target = fields.json("target", Kind::object);
    require_types(run.what.workload, run.what.target);
    run.what.environment = fields.json("environment.details", Kind::object);
    run.what.side = fields.text("side");
    if (fields.is_null())
        fields.skip();
    else
        run.what.paired_with = fields.integer("paired_with");
    run.starred = fields.integer("starred") != 0;
    run.trace_events = fields.integer("trace_events");
    run.trace_dropped = fields.integer("trace_dropped");
    run.unstable_warmup = fields.integer("unstable_warmup") != 0;
    run.measured_apart = fields.integer("measured_apart") != 0;
    if (!fields.is_null()) {
        run.what.series.emplace();
        run.what.series->id = fields.integer("series_id");
        run.what.series->swept = fields.json("series.swept", Kind::array);
    }
    run.status = status;
}

// The statements that a run is read with, made once for many runs.
class RunReader {
public:
    explicit RunReader(SQLite::Database& database)
        : run_(database, kRun),
          metrics_(database, "SELECT id, value, low, high, n, unit FROM metric WHERE run_id = ?"),
          memory_(database, "SELECT class, bytes FROM memory WHERE run_id = ?"),
          predictions_(database, "SELECT id, value FROM prediction WHERE run_id = ?"),
          notes_(database, "SELECT author, text FROM note WHERE run_id = ? ORDER BY id"),
          tags_(database, "SELECT tag FROM tag WHERE run_id = ? ORDER BY tag"),
          engaged_(
              database,
              "SELECT json_extract(detail, '$.engaged') FROM sample WHERE run_id = ? AND kind = "
              "'repetition' ORDER BY position DESC LIMIT 1") {}

    // Nothing where no such run is shown. What cannot be read of it makes its status kUnreadable.
    std::optional<RunRecord> read(std::int64_t id, bool with_engaged) {
        RunRecord run;
        run.id = id;
        run.what.model = run.what.workload = run.what.target = run.what.environment =
            Json::object();
        run.what.recipe = Json::array();
        try {
            if (!step(run_, id)) return std::nullopt;
            read_run(run_, run);
            read_figures(run);
            if (with_engaged && step(engaged_, id)) run.engaged = read_engaged();
        } catch (const UnreadableRow& row) {
            give_up(run, row.what());
        } catch (const SQLite::Exception& error) {
            if (!is_of_one_row(error)) throw;
            give_up(run, error.what());
        }
        return run;
    }

private:
    static bool step(SQLite::Statement& statement, std::int64_t id) {
        statement.tryReset();  // what an earlier row ended with was said then
        statement.bind(1, id);
        return statement.executeStep();
    }

    static void give_up(RunRecord& run, const std::string& why) {
        // Half of the figures would look like all of them.
        run.metrics.clear();
        run.memory.clear();
        run.predicted.clear();
        run.status = kUnreadable;
        run.reason = "This run cannot be read from the store. " + why;
    }

    template <typename Use>
    static void each(SQLite::Statement& statement, std::int64_t id, Use use) {
        for (bool more = step(statement, id); more; more = statement.executeStep())
            use(Fields(statement));
    }

    void read_figures(RunRecord& run) {
        each(metrics_, run.id, [&run](Fields row) {
            MetricValue& metric = run.metrics[row.text("metric.id")];
            metric.value = row.number("metric.value");
            metric.low = row.number("metric.low");
            metric.high = row.number("metric.high");
            metric.n = row.integer("metric.n");
            metric.unit = row.text("metric.unit");
        });
        each(memory_, run.id, [&run](Fields row) {
            const std::string name = row.text("memory.class");
            run.memory[name] = row.integer("memory.bytes");
        });
        each(predictions_, run.id, [&run](Fields row) {
            const std::string name = row.text("prediction.id");
            run.predicted[name] = row.number("prediction.value");
        });
        each(notes_, run.id, [&run](Fields row) {
            const std::string author = row.text("note.author");
            std::string text = row.text("note.text");
            if (author == "user")
                run.note = std::move(text);
            else
                run.notes_from_run.push_back(std::move(text));
        });
        each(tags_, run.id, [&run](Fields row) { run.tags.push_back(row.text("tag")); });
    }

    Json read_engaged() {
        Fields row(engaged_);
        return row.is_null() ? Json() : row.json("sample.detail", Kind::object);
    }

    SQLite::Statement run_, metrics_, memory_, predictions_, notes_, tags_, engaged_;
};

Sample read_sample(SQLite::Statement& statement) {
    Fields row(statement);
    Sample sample;
    sample.index = static_cast<int>(row.integer("sample.position"));
    sample.kind = row.text("sample.kind");
    const Json figures = row.json("sample.figures", Kind::object);
    for (const auto& [id, value] : figures.items()) {
        // JSON has no NaN; it was written as null.
        if (!value.is_null() && !value.is_number())
            throw UnreadableRow("sample.figures: found " + std::string(value.type_name()) +
                                ", expected a number");
        sample.values[id] =
            value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
    }
    sample.detail = row.json("sample.detail", Kind::null);
    return sample;
}

}  // namespace

std::vector<RunRecord> Store::list() const {
    return impl_->connection.read([](SQLite::Database& database) {
        std::vector<RunRecord> result;
        RunReader reader(database);
        SQLite::Statement ids(database, "SELECT id FROM run WHERE removed = 0 ORDER BY id DESC");
        while (ids.executeStep())
            if (auto run = reader.read(ids.getColumn(0).getInt64(), false))
                result.push_back(std::move(*run));
        return result;
    });
}

std::string Store::fingerprint() const {
    return impl_->connection.read([](SQLite::Database& database) {
        return database
            .execAndGet(
                "SELECT (SELECT ifnull(group_concat(id || status || starred || removed || "
                "trace_events), '') "
                "FROM run) || ';' || (SELECT count(*) FROM note) || ';' || (SELECT "
                "ifnull(group_concat(run_id || text, char(10)), '') FROM note WHERE author = "
                "'user') || ';' "
                "|| "
                "(SELECT ifnull(group_concat(run_id || tag, char(10)), '') FROM tag) || ';' || "
                "(SELECT count(*) || ' ' || total(value) FROM metric)")
            .getString();
    });
}

std::optional<RunRecord> Store::load(std::int64_t run) const {
    return impl_->connection.read(
        [run](SQLite::Database& database) { return RunReader(database).read(run, true); });
}

std::vector<Sample> Store::samples(std::int64_t run) const {
    return impl_->connection.read([&](SQLite::Database& database) {
        std::vector<Sample> result;
        try {
            SQLite::Statement rows(
                database,
                "SELECT position, kind, figures, detail FROM sample WHERE run_id = ? ORDER BY id");
            rows.bind(1, run);
            while (rows.executeStep()) result.push_back(read_sample(rows));
        } catch (const UnreadableRow& row) {
            throw unreadable(impl_->connection.path(), run, row.what());
        } catch (const SQLite::Exception& error) {
            if (!is_of_one_row(error)) throw;
            throw unreadable(impl_->connection.path(), run, error.what());
        }
        return result;
    });
}

}  // namespace hone::profiler
