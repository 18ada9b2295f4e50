// SPDX-License-Identifier: Apache-2.0
#include <limits>
#include <unordered_map>

#include "profiler/store/connection.h"

namespace hone::profiler {
namespace {

using Json = nlohmann::json;

// SQLite keeps NaN as NULL.
double number(const SQLite::Column& column) {
    return column.isNull() ? std::numeric_limits<double>::quiet_NaN() : column.getDouble();
}

constexpr const char* kRuns =
    "SELECT run.id, status, reason, created, duration_seconds, model.name, model.source, model.hash, "
    "model.details, recipe.steps, recipe.label, workload.details, target, environment.details, side, "
    "paired_with, "
    "starred, trace_events, trace_dropped FROM run JOIN model ON model.id = model_id JOIN recipe ON "
    "recipe.id = recipe_id "
    "JOIN workload ON workload.id = workload_id JOIN environment ON environment.id = environment_id "
    "WHERE removed = 0";

RunRecord run_of(SQLite::Statement& row) {
    RunRecord run;
    int column = 0;
    const auto text = [&] { return row.getColumn(column++).getString(); };
    const auto json = [&] { return Json::parse(row.getColumn(column++).getString()); };
    run.id = row.getColumn(column++).getInt64();
    run.status = text();
    run.reason = text();
    run.created = text();
    run.duration_seconds = row.getColumn(column++).getDouble();
    run.what.model_name = text();
    run.what.model_source = text();
    run.what.model_hash = text();
    run.what.model = json();
    run.what.recipe = json();
    run.what.recipe_label = text();
    run.what.workload = json();
    run.what.target = json();
    run.what.environment = json();
    run.what.side = text();
    if (const SQLite::Column paired = row.getColumn(column++); !paired.isNull())
        run.what.paired_with = paired.getInt64();
    run.starred = row.getColumn(column++).getInt() != 0;
    run.trace_events = row.getColumn(column++).getInt64();
    run.trace_dropped = row.getColumn(column++).getInt64();
    return run;
}

// Calls `use(run, row)` for the rows of a table that belong to the runs, whose id must be column 0.
template <typename Use>
void each_row(SQLite::Database& database, const std::string& select, const std::string& order,
              std::optional<std::int64_t> only, const std::unordered_map<std::int64_t, RunRecord*>& runs,
              Use use) {
    SQLite::Statement rows(database, select + (only ? " WHERE run_id = ?" : "") + order);
    if (only) rows.bind(1, *only);
    while (rows.executeStep())
        if (const auto run = runs.find(rows.getColumn(0).getInt64()); run != runs.end())
            use(*run->second, rows);
}

void add_figures(SQLite::Database& database, std::vector<RunRecord>& records,
                 std::optional<std::int64_t> only) {
    std::unordered_map<std::int64_t, RunRecord*> runs;
    for (RunRecord& record : records) runs[record.id] = &record;
    each_row(database, "SELECT run_id, id, value, low, high, n, unit FROM metric", "", only, runs,
             [](RunRecord& run, SQLite::Statement& row) {
                 run.metrics[row.getColumn(1).getString()] = {
                     number(row.getColumn(2)), number(row.getColumn(3)), number(row.getColumn(4)),
                     row.getColumn(5).getInt64(), row.getColumn(6).getString()};
             });
    each_row(database, "SELECT run_id, class, bytes FROM memory", "", only, runs,
             [](RunRecord& run, SQLite::Statement& row) {
                 run.memory[row.getColumn(1).getString()] = row.getColumn(2).getInt64();
             });
    each_row(database, "SELECT run_id, id, value FROM prediction", "", only, runs,
             [](RunRecord& run, SQLite::Statement& row) {
                 run.predicted[row.getColumn(1).getString()] = number(row.getColumn(2));
             });
    each_row(database, "SELECT run_id, author, text FROM note", " ORDER BY id", only, runs,
             [](RunRecord& run, SQLite::Statement& row) {
                 std::string text = row.getColumn(2).getString();
                 if (row.getColumn(1).getString() == "user")
                     run.note = std::move(text);
                 else
                     run.notes_from_run.push_back(std::move(text));
             });
    each_row(
        database, "SELECT run_id, tag FROM tag", " ORDER BY tag", only, runs,
        [](RunRecord& run, SQLite::Statement& row) { run.tags.push_back(row.getColumn(1).getString()); });
}

Json engaged(SQLite::Database& database, std::int64_t run) {
    SQLite::Statement row(database,
                          "SELECT json_extract(detail, '$.engaged') FROM sample WHERE run_id = ? AND kind = "
                          "'repetition' ORDER BY position DESC LIMIT 1");
    row.bind(1, run);
    if (!row.executeStep() || row.getColumn(0).isNull()) return nullptr;
    return Json::parse(row.getColumn(0).getString(), nullptr, false);
}

}  // namespace

std::vector<RunRecord> Store::list() const {
    return impl_->connection.read([](SQLite::Database& database) {
        std::vector<RunRecord> result;
        SQLite::Statement rows(database, std::string(kRuns) + " ORDER BY run.id DESC");
        while (rows.executeStep()) result.push_back(run_of(rows));
        add_figures(database, result, std::nullopt);
        return result;
    });
}

std::string Store::fingerprint() const {
    return impl_->connection.read([](SQLite::Database& database) {
        return database
            .execAndGet(
                "SELECT (SELECT ifnull(group_concat(id || status || starred || removed || trace_events), '') "
                "FROM run) || ';' || (SELECT count(*) FROM note) || ';' || (SELECT "
                "ifnull(group_concat(run_id || text, char(10)), '') FROM note WHERE author = 'user') || ';' "
                "|| "
                "(SELECT ifnull(group_concat(run_id || tag, char(10)), '') FROM tag) || ';' || "
                "(SELECT count(*) || ' ' || total(value) FROM metric)")
            .getString();
    });
}

std::optional<RunRecord> Store::load(std::int64_t run) const {
    return impl_->connection.read([run](SQLite::Database& database) -> std::optional<RunRecord> {
        SQLite::Statement row(database, std::string(kRuns) + " AND run.id = ?");
        row.bind(1, run);
        if (!row.executeStep()) return std::nullopt;
        std::vector<RunRecord> result{run_of(row)};
        add_figures(database, result, run);
        result.front().engaged = engaged(database, run);
        return std::move(result.front());
    });
}

std::vector<Sample> Store::samples(std::int64_t run) const {
    return impl_->connection.read([run](SQLite::Database& database) {
        std::vector<Sample> result;
        SQLite::Statement rows(
            database, "SELECT position, kind, figures, detail FROM sample WHERE run_id = ? ORDER BY id");
        rows.bind(1, run);
        while (rows.executeStep()) {
            Sample sample;
            sample.index = rows.getColumn(0).getInt();
            sample.kind = rows.getColumn(1).getString();
            // JSON has no NaN; it was written as null.
            const Json figures = Json::parse(rows.getColumn(2).getString());
            for (const auto& [id, value] : figures.items())
                sample.values[id] =
                    value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
            sample.detail = Json::parse(rows.getColumn(3).getString());
            result.push_back(std::move(sample));
        }
        return result;
    });
}

}  // namespace hone::profiler
