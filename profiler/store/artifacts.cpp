// SPDX-License-Identifier: Apache-2.0
#include "profiler/store/connection.h"
#include "profiler/store/fields.h"

namespace hone::profiler {

namespace {

Artifact read_artifact(SQLite::Statement& statement) {
    using Kind = nlohmann::json::value_t;
    Fields row(statement);
    Artifact artifact;
    artifact.id = row.integer("artifact.id");
    artifact.created = row.text("artifact.created");
    artifact.checkpoint = row.text("artifact.checkpoint");
    artifact.recipe = row.json("artifact.recipe", Kind::array);
    artifact.path = row.text("artifact.path");
    artifact.format = row.text("artifact.format");
    artifact.dtype = row.text("artifact.dtype");
    artifact.bytes = row.integer("artifact.bytes");
    artifact.hash = row.text("artifact.hash");
    artifact.left_out = row.json("artifact.left_out", Kind::array);
    artifact.verification = row.json("artifact.verification", Kind::null);
    return artifact;
}

}  // namespace

std::int64_t Store::add_artifact(const Artifact& artifact) {
    return impl_->connection.write([&](SQLite::Database& database) {
        execute(
            database,
            "INSERT INTO artifact(checkpoint, recipe, path, format, dtype, bytes, hash, left_out, "
            "verification) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            artifact.checkpoint, json_text(artifact.recipe), artifact.path, artifact.format,
            artifact.dtype, artifact.bytes, artifact.hash, json_text(artifact.left_out),
            json_text(artifact.verification));
        return static_cast<std::int64_t>(database.getLastInsertRowid());
    });
}

std::vector<Artifact> Store::artifacts() const {
    return impl_->connection.read([](SQLite::Database& database) {
        std::vector<Artifact> result;
        SQLite::Statement rows(
            database,
            "SELECT id, created, checkpoint, recipe, path, format, dtype, bytes, hash, left_out, "
            "verification FROM artifact ORDER BY id DESC");
        while (rows.executeStep()) {
            try {
                result.push_back(read_artifact(rows));
            } catch (const UnreadableRow&) {
                // A record of a file that is there or not; one that cannot be read says nothing of
                // it.
            }
        }
        return result;
    });
}

}  // namespace hone::profiler
