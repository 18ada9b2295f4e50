// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <optional>

#include "app/hone/arguments.h"
#include "app/hone/command.h"
#include "app/hone/experiment_options.h"
#include "app/hone/interrupt.h"
#include "app/hone/terminal.h"
#include "engine/base/printable.h"
#include "engine/core/error.h"
#include "engine/experiment/client/ask.h"
#include "profiler/store/store.h"

namespace hone::cli {
namespace {

struct DoctorOptions {
    std::filesystem::path store_file;
    bool json = false, refresh = false, quick = false, even_if_busy = false;
    int threads = 0;
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

std::string calibration_text(const messages::CalibrateReply& answer) {
    std::vector<std::vector<std::string>> rows{{"products", "weights read", "multiplied"}};
    for (const messages::TypeSpeed& type : answer.types)
        rows.push_back({type.type, fmt::format("{:.1f} GB/s", type.read_bytes_per_second * 1e-9),
                        fmt::format("{:.0f} GFLOP/s", type.flops_per_second * 1e-9)});
    const nlohmann::json& calibration = answer.calibration.get();
    return fmt::format("\nMeasured with {} on {} (UTC), kept in {}:\n{}",
                       counted(calibration.value("threads", 0), "thread"),
                       printable(calibration.value("created", "")), printable(answer.file),
                       table(rows));
}

std::string or_unknown(const std::optional<std::string>& text) {
    return text.value_or("unknown");
}

// What CUDA devices there are, or why none.
std::vector<std::vector<std::string>> device_rows(const messages::DevicesReply& cuda) {
    std::vector<std::vector<std::string>> rows;
    for (const messages::CudaDevice& device : cuda.devices)
        rows.push_back({device.id.value_or(""),
                        fmt::format("{}, compute capability {}, {}, driver for CUDA {}{}",
                                    device.name, device.compute_capability,
                                    bytes_text(static_cast<double>(device.memory)), device.driver,
                                    device.mig ? ", an instance of a divided device (MIG)" : "")});
    if (rows.empty()) rows.push_back({"CUDA devices", "none: " + or_unknown(cuda.problem)});
    const std::optional<messages::DeviceLibrary> nccl = cuda.nccl.value_or(std::nullopt);
    if (nccl)
        rows.push_back({"NCCL", nccl->version.value_or("none: " + or_unknown(nccl->problem)) +
                                    "; not used yet: it is for a model over several devices"});
    return rows;
}

int doctor_command(const DoctorOptions& options) {
    check_threads(options.threads);
    const nlohmann::json machine = ask(messages::Hello(), {}).environment.get();
    const messages::DevicesReply cuda = ask(messages::Devices{.open = true}, {});
    const profiler::StoreInfo info = profiler::Store(store_path(options.store_file)).info();
    std::optional<messages::CalibrateReply> calibrated;
    std::optional<ErrorDetails> problem;
    if (!options.quick) {
        const Interrupt interrupt;
        try {
            calibrated = ask(messages::Calibrate{.target = {"cpu", options.threads},
                                                 .refresh = options.refresh,
                                                 .even_if_busy = options.even_if_busy},
                             {}, interrupt.token(), progress_observer(false));
        } catch (const Error& error) {  // the rest is worth being told all the same
            if (error.details().field == "threads") throw;
            problem = error.details();
        }
        clear_progress();
    }
    const int status = !problem || !options.refresh ? kDone : kFailed;
    if (options.json) {
        print_json(nlohmann::json{
            {"environment", machine},
            {"cuda", messages::write(cuda)},
            {"store", store_json(info)},
            {"calibration", calibrated ? messages::write(*calibrated) : nlohmann::json()},
            {"calibration_problem", problem ? to_json(*problem) : nlohmann::json()}});
        return status;
    }
    std::vector<std::vector<std::string>> rows{
        {"Hone", text(machine, "hone_version") + " (" + text(machine, "commit") + ")"},
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
                       (info.read_only ? ", read only" : "")}};
    const auto of_devices = device_rows(cuda);
    rows.insert(rows.end(), of_devices.begin(), of_devices.end());
    print(table(rows));
    if (calibrated) print(calibration_text(*calibrated));
    if (problem) print("\n" + problem->message + "\n");
    return status;
}

}  // namespace

void add_doctor(CLI::App& app, Commands& commands) {
    const auto options = std::make_shared<DoctorOptions>();
    CLI::App* command = add_command(
        app, "doctor", "Say what this machine can do, and measure how fast its kernels are");
    add_path(*command, "--store", options->store_file, "Store of runs, instead of the usual one");
    add_threads(*command, options->threads);
    const Argument refresh = add_switch(*command, "--refresh", options->refresh,
                                        "Measure again, instead of taking what is kept");
    add_switch(*command, "--even-if-busy", options->even_if_busy,
               "Measure although other programs use the processors: figures are then theirs, too");
    add_switch(*command, "--quick", options->quick, "Measure nothing").rules_out(refresh);
    add_switch(*command, "--json", options->json, "Print one JSON document and nothing else");
    commands.push_back({command, [options] { return doctor_command(*options); }});
}

}  // namespace hone::cli
