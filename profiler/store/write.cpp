// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "profiler/store/client_process.h"
#include "profiler/store/connection.h"

namespace hone::profiler {
namespace {

// The id of the row that holds exactly these values, added where there is none.
template <typename... Values>
std::int64_t row_with(SQLite::Database& database, const char* select, const char* insert,
                      const Values&... values) {
    SQLite::Statement found(database, select);
    int index = 0;
    (found.bind(++index, values), ...);
    if (found.executeStep()) return found.getColumn(0).getInt64();
    execute(database, insert, values...);
    return database.getLastInsertRowid();
}

std::int64_t json_row(SQLite::Database& database, const std::string& table,
                      const nlohmann::json& details) {
    return row_with(database, ("SELECT id FROM " + table + " WHERE details = ?").c_str(),
                    ("INSERT INTO " + table + "(details) VALUES (?)").c_str(), json_text(details));
}

void require_run(int changed, std::int64_t run) {
    if (changed == 0) throw no_such_run(run);
}

void require_stored(SQLite::Database& database, std::int64_t run) {
    SQLite::Statement found(database, "SELECT 1 FROM run WHERE id = ?");
    found.bind(1, run);
    require_run(found.executeStep() ? 1 : 0, run);
}

void set_removed(Connection& connection, const std::vector<std::int64_t>& runs, int removed) {
    connection.write([&](SQLite::Database& database) {
        for (const std::int64_t run : runs)
            require_run(execute(database, "UPDATE run SET removed = ? WHERE id = ?", removed, run),
                        run);
    });
}

}  // namespace

Series Store::begin_series(const nlohmann::json& swept) {
    return impl_->connection.write([&](SQLite::Database& database) {
        execute(database, "INSERT INTO series(swept) VALUES (?)", json_text(swept));
        return Series{database.getLastInsertRowid(), swept};
    });
}

std::int64_t Store::begin_run(const NewRun& run) {
    return impl_->connection.write([&](SQLite::Database& database) {
        const std::int64_t model = row_with(
            database,
            "SELECT id FROM model WHERE hash = ? AND name = ? AND source = ? AND details = ?",
            "INSERT INTO model(hash, name, source, details) VALUES (?, ?, ?, ?)", run.model_hash,
            run.model_name, run.model_source, json_text(run.model));
        const std::int64_t recipe =
            row_with(database, "SELECT id FROM recipe WHERE label = ? AND steps = ?",
                     "INSERT INTO recipe(label, steps) VALUES (?, ?)", run.recipe_label,
                     json_text(run.recipe));
        const std::int64_t environment = json_row(database, "environment", run.environment);
        const std::int64_t workload = json_row(database, "workload", run.workload);
        const ClientProcess client = this_process();
        execute(database,
                "INSERT INTO run(model_id, environment_id, workload_id, recipe_id, target, side, "
                "client_pid, "
                "client_started, client_host) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                model, environment, workload, recipe, json_text(run.target), run.side, client.pid,
                client.started, client.host);
        const std::int64_t id = database.getLastInsertRowid();
        if (run.paired_with) {
            require_stored(database, *run.paired_with);
            execute(database, "UPDATE run SET paired_with = ? WHERE id = ?", *run.paired_with, id);
        }
        if (run.series)
            execute(database, "UPDATE run SET series_id = ? WHERE id = ?", run.series->id, id);
        return id;
    });
}

void Store::set_resolved(std::int64_t run, const nlohmann::json& workload,
                         const nlohmann::json& target) {
    impl_->connection.write([&](SQLite::Database& database) {
        const std::int64_t row = json_row(database, "workload", workload);
        require_run(execute(database, "UPDATE run SET workload_id = ?, target = ? WHERE id = ?",
                            row, json_text(target), run),
                    run);
    });
}

void Store::add_sample(std::int64_t run, const Sample& sample) {
    impl_->connection.write([&](SQLite::Database& database) {
        require_stored(database, run);
        execute(
            database,
            "INSERT INTO sample(run_id, kind, position, figures, detail) VALUES (?, ?, ?, ?, ?)",
            run, sample.kind, sample.index, json_text(sample.values), json_text(sample.detail));
    });
}

void Store::set_metric(std::int64_t run, const std::string& id, const MetricValue& value) {
    impl_->connection.write([&](SQLite::Database& database) {
        require_stored(database, run);
        execute(database,
                "INSERT OR REPLACE INTO metric(run_id, id, value, low, high, n, unit) VALUES (?, "
                "?, ?, ?, ?, "
                "?, ?)",
                run, id, value.value, value.low, value.high, value.n, value.unit);
    });
}

void Store::set_memory(std::int64_t run,
                       const std::map<std::string, std::int64_t>& bytes_by_class) {
    impl_->connection.write([&](SQLite::Database& database) {
        require_stored(database, run);
        execute(database, "DELETE FROM memory WHERE run_id = ?", run);
        for (const auto& [name, bytes] : bytes_by_class)
            execute(database, "INSERT INTO memory(run_id, class, bytes) VALUES (?, ?, ?)", run,
                    name, bytes);
    });
}

void Store::set_prediction(std::int64_t run, const std::map<std::string, double>& metrics) {
    impl_->connection.write([&](SQLite::Database& database) {
        require_stored(database, run);
        execute(database, "DELETE FROM prediction WHERE run_id = ?", run);
        for (const auto& [id, value] : metrics)
            execute(database, "INSERT INTO prediction(run_id, id, value) VALUES (?, ?, ?)", run, id,
                    value);
    });
}

void Store::add_run_note(std::int64_t run, const std::string& text) {
    impl_->connection.write([&](SQLite::Database& database) {
        require_stored(database, run);
        execute(database, "INSERT INTO note(run_id, author, text) VALUES (?, 'run', ?)", run, text);
    });
}

void Store::set_fact(std::int64_t run, RunFact fact) {
    const char* sql = fact == RunFact::unstable_warmup
                          ? "UPDATE run SET unstable_warmup = 1 WHERE id = ?"
                          : "UPDATE run SET measured_apart = 1 WHERE id = ?";
    impl_->connection.write(
        [&](SQLite::Database& database) { require_run(execute(database, sql, run), run); });
}

void Store::finish_run(std::int64_t run, const std::string& status, const std::string& reason,
                       double duration_seconds) {
    impl_->connection.write([&](SQLite::Database& database) {
        require_run(
            execute(database,
                    "UPDATE run SET status = ?, reason = ?, duration_seconds = ? WHERE id = ?",
                    status, reason, duration_seconds, run),
            run);
    });
}

int Store::close_interrupted_runs() {
    const auto gone = impl_->connection.read([](SQLite::Database& database) {
        std::vector<std::int64_t> runs;
        SQLite::Statement running(
            database,
            "SELECT id, client_pid, client_started, client_host FROM run WHERE status = 'running'");
        while (running.executeStep())
            if (!is_running({running.getColumn(1).getInt64(), running.getColumn(2).getString(),
                             running.getColumn(3).getString()}))
                runs.push_back(running.getColumn(0).getInt64());
        return runs;
    });
    if (gone.empty()) return 0;
    return impl_->connection.write([&](SQLite::Database& database) {
        int closed = 0;
        // Another process may have closed it in between.
        for (const std::int64_t run : gone)
            closed += execute(
                database,
                "UPDATE run SET status = 'interrupted', reason = 'the program that measured ended "
                "before the run did' WHERE id = ? AND status = 'running'",
                run);
        return closed;
    });
}

void Store::remove(const std::vector<std::int64_t>& runs) {
    set_removed(impl_->connection, runs, 1);
}
void Store::restore(const std::vector<std::int64_t>& runs) {
    set_removed(impl_->connection, runs, 0);
}

void Store::purge() {
    impl_->connection.write([](SQLite::Database& database) {
        execute(database, "DELETE FROM run WHERE removed = 1");
        for (const std::string table : {"model", "environment", "workload", "recipe"})
            database.exec("DELETE FROM " + table + " WHERE id NOT IN (SELECT " + table +
                          "_id FROM run)");
        execute(database,
                "DELETE FROM series WHERE id NOT IN (SELECT series_id FROM run WHERE series_id IS "
                "NOT NULL)");
    });
}

void Store::set_note(std::int64_t run, const std::string& note) {
    impl_->connection.write([&](SQLite::Database& database) {
        require_stored(database, run);
        execute(database, "DELETE FROM note WHERE run_id = ? AND author = 'user'", run);
        if (!note.empty())
            execute(database, "INSERT INTO note(run_id, author, text) VALUES (?, 'user', ?)", run,
                    note);
    });
}

void Store::set_tags(std::int64_t run, const std::vector<std::string>& tags) {
    impl_->connection.write([&](SQLite::Database& database) {
        require_stored(database, run);
        execute(database, "DELETE FROM tag WHERE run_id = ?", run);
        for (const std::string& tag : std::set<std::string>(tags.begin(), tags.end()))
            execute(database, "INSERT INTO tag(run_id, tag) VALUES (?, ?)", run, tag);
    });
}

void Store::set_starred(std::int64_t run, bool starred) {
    impl_->connection.write([&](SQLite::Database& database) {
        require_run(
            execute(database, "UPDATE run SET starred = ? WHERE id = ?", starred ? 1 : 0, run),
            run);
    });
}

}  // namespace hone::profiler
