// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>

#include "app/hone/command.h"
#include "app/hone/experiment_options.h"
#include "app/hone/terminal.h"
#include "engine/experiment/client/client.h"
#include "profiler/store/store.h"

namespace hone::cli {
namespace {

struct DoctorOptions {
    std::filesystem::path store_file;
    bool json = false;
};

nlohmann::json store_json(const profiler::StoreInfo& info) {
    return {{"path", info.path.string()},
            {"sqlite_version", info.sqlite_version},
            {"journal_mode", info.journal_mode},
            {"schema_version", info.schema_version},
            {"read_only", info.read_only}};
}

std::string text(const nlohmann::json& environment, const char* key) {
    const auto it = environment.find(key);
    if (it == environment.end() || it->is_null()) return "unknown";
    return it->is_string() ? it->get<std::string>() : it->dump();
}

int doctor_command(const DoctorOptions& options) {
    const nlohmann::json machine = environment({});
    const profiler::StoreInfo info = profiler::Store(store_path(options.store_file)).info();
    if (options.json) {
        print_json(nlohmann::json{{"environment", machine}, {"store", store_json(info)}});
        return kDone;
    }
    print(table({{"Hone", text(machine, "hone_version") + " (" + text(machine, "commit") + ")"},
                 {"processor", text(machine, "cpu")},
                 {"kernels run with", text(machine, "isa")},
                 {"processor offers", text(machine, "cpu_features")},
                 {"cores", text(machine, "physical_cores") + " physical, " + text(machine, "logical_cores") +
                               " logical"},
                 {"memory", bytes_text(machine.value("memory_available", 0.0)) + " free of " +
                                bytes_text(machine.value("memory_total", 0.0))},
                 {"frequency governor", text(machine, "governor")},
                 {"system", text(machine, "os") + ", Linux " + text(machine, "kernel")},
                 {"store", info.path.string()},
                 {"SQLite", info.sqlite_version + ", journal mode " + info.journal_mode +
                                (info.read_only ? ", read only" : "")}}));
    return kDone;
}

}  // namespace

void add_doctor(CLI::App& app, Commands& commands) {
    const auto options = std::make_shared<DoctorOptions>();
    CLI::App* command = app.add_subcommand("doctor", "Say what this machine can do");
    command->add_option("--store", options->store_file, "Store of runs, instead of the usual one")
        ->type_name("FILE");
    command->add_flag("--json", options->json, "Print one JSON document and nothing else");
    commands.push_back({command, [options] { return doctor_command(*options); }});
}

}  // namespace hone::cli
