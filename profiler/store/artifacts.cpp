// SPDX-License-Identifier: Apache-2.0
#include "profiler/store/connection.h"

namespace hone::profiler {

std::int64_t Store::add_artifact(const Artifact& artifact) {
    return impl_->connection.write([&](SQLite::Database& database) {
        execute(database,
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
            Artifact artifact;
            artifact.id = rows.getColumn(0).getInt64();
            artifact.created = rows.getColumn(1).getString();
            artifact.checkpoint = rows.getColumn(2).getString();
            artifact.recipe = nlohmann::json::parse(rows.getColumn(3).getString());
            artifact.path = rows.getColumn(4).getString();
            artifact.format = rows.getColumn(5).getString();
            artifact.dtype = rows.getColumn(6).getString();
            artifact.bytes = rows.getColumn(7).getInt64();
            artifact.hash = rows.getColumn(8).getString();
            artifact.left_out = nlohmann::json::parse(rows.getColumn(9).getString());
            artifact.verification = nlohmann::json::parse(rows.getColumn(10).getString());
            result.push_back(std::move(artifact));
        }
        return result;
    });
}

}  // namespace hone::profiler
