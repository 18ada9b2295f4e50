// SPDX-License-Identifier: Apache-2.0
#include <SQLiteCpp/SQLiteCpp.h>

#include <array>
#include <utility>

#include "profiler/store/store.h"
#include "tests/fuzz/memory_file.h"
#include "tests/fuzz/target.h"

namespace hone::fuzz {
namespace {

using profiler::Store;
using profiler::StoreError;

// Columns that hold text which somebody else may have written.
constexpr std::array kColumns{std::pair{"model", "details"},    std::pair{"recipe", "steps"},
                              std::pair{"workload", "details"}, std::pair{"environment", "details"},
                              std::pair{"run", "target"},       std::pair{"run", "reason"},
                              std::pair{"sample", "figures"},   std::pair{"sample", "detail"},
                              std::pair{"model", "name"},       std::pair{"metric", "value"},
                              std::pair{"recipe", "label"},     std::pair{"run", "created"}};

std::filesystem::path make_store(const FixtureFolder& folder) {
    const std::filesystem::path path = folder.path() / "runs.sqlite";
    Store store(path);
    profiler::NewRun what;
    what.model_name = "tiny";
    what.model_source = "tiny.gguf";
    what.model_hash = "f00";
    what.model = what.workload = what.target = what.environment = nlohmann::json::object();
    what.recipe = nlohmann::json::array();
    what.recipe_label = what.side = "baseline";
    const std::int64_t run = store.begin_run(what);
    store.add_sample(run, {0, "repetition", {{"total_seconds", 1.0}}, nlohmann::json::object()});
    store.set_metric(run, "total_seconds", {1, 0.9, 1.1, 1, "s"});
    store.finish_run(run, "done", "", 1);
    return path;
}

// The first byte chooses the column that the rest is put into.
void run(std::string_view input) {
    if (input.empty()) return;
    static const FixtureFolder folder("tied");
    static const std::filesystem::path path = make_store(folder);
    const auto& [table, column] = kColumns[static_cast<unsigned char>(input[0]) % kColumns.size()];
    {
        SQLite::Database raw(path.string(), SQLite::OPEN_READWRITE);
        raw.exec("PRAGMA synchronous=OFF");
        SQLite::Statement change(raw, std::string("UPDATE ") + table + " SET " + column + " = ?");
        change.bind(1, std::string(input.substr(1)));
        change.exec();
    }
    try {
        const Store store(path);
        for (const profiler::RunRecord& listed : store.list()) {
            (void)store.load(listed.id);
            (void)store.samples(listed.id);
        }
    } catch (const StoreError&) {
    }
}

std::vector<std::string> seeds() {
    std::vector<std::string> inputs;
    for (char column = 0; column < static_cast<char>(kColumns.size()); ++column)
        for (const char* text : {"{}", R"([{"technique":"kv_cache","options":{"dtype":"int8"}}])",
                                 R"({"total_seconds":null})"})
            inputs.push_back(column + std::string(text));
    return inputs;
}

}  // namespace

const Target store{"store", run, seeds};

}  // namespace hone::fuzz
