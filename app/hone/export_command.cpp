// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "app/hone/arguments.h"
#include "app/hone/command.h"
#include "app/hone/experiment_options.h"
#include "app/hone/interrupt.h"
#include "app/hone/terminal.h"
#include "engine/base/printable.h"
#include "engine/core/dtype.h"
#include "engine/experiment/client/client.h"

namespace hone::cli {
namespace {

struct ExportOptions {
    ExperimentOptions common;
    ExportRequest request;
};

std::string joined(const std::vector<std::string>& list) {
    std::string text;
    for (const std::string& item : list) text += (text.empty() ? "" : ", ") + item;
    return text;
}

// A store that was named is looked at before anything is written; without one the usual store may
// be unusable, and the model is written all the same.
void require_usable(const std::filesystem::path& named) {
    if (named.empty()) return;
    const profiler::StoreInfo info = profiler::Store(named).info();
    if (info.read_only)
        throw Error(ErrorDetails{.message = {},
                                 .file = info.path.string(),
                                 .field = "--store",
                                 .found = "a store that can only be read",
                                 .expected = "one that can be written",
                                 .fault = Fault::argument});
}

messages::ExportResult exported(const ExportRequest& request, const Interrupt& interrupt) {
    try {
        return export_checkpoint(request, {}, progress_observer(false), interrupt.token());
    } catch (const Error& error) {
        rethrow_naming("--out", error);
    }
}

int export_command(const ExportOptions& options) {
    ExportRequest request = options.request;
    request.checkpoint = options.common.checkpoint;
    request.recipe = options.common.recipe();
    request.target = options.common.target();
    require_usable(options.common.store_file);
    const Interrupt interrupt;
    messages::ExportResult result = exported(request, interrupt);
    record_export(store_path(options.common.store_file), request, result);
    clear_progress();
    const bool passed = !result.verify || result.verify->passed;
    if (options.common.json) {
        print_json(messages::write(result));
        return passed ? kDone : kFailed;
    }
    if (passed)
        print(fmt::format("{}: {}\n", printable(result.model.path),
                          bytes_text(static_cast<double>(result.model.bytes))));
    else
        print(fmt::format(
            "{}: not written, because what was written beside it failed its verification\n",
            printable(result.model.path)));
    if (!result.model.left_out.empty())
        print(fmt::format("left out, as they configure a run and not the weights: {}\n",
                          joined(result.model.left_out)));
    for (const std::string& note : result.model.notes) print(printable(note) + "\n");
    if (result.verify)
        print(
            fmt::format("{}: KL divergence from the recipe in memory {} nats (limit {}), "
                        "perplexity {} and {}\n",
                        passed ? "verified" : "NOT VERIFIED", number(result.verify->kl_divergence),
                        number(result.verify->limit), number(result.verify->perplexity_artifact),
                        number(result.verify->perplexity_in_memory)));
    return passed ? kDone : kFailed;
}

std::vector<std::string> exported_types() {
    std::vector<std::string> ids{"keep"};
    for (const DTypeInfo& type : all_dtypes()) {
        if (!type.exported.empty()) ids.emplace_back(type.id);
    }
    return ids;
}

}  // namespace

void add_export(CLI::App& app, Commands& commands) {
    const auto options = std::make_shared<ExportOptions>();
    CLI::App* command = add_command(
        app, "export", "Write the optimised weights as a file or folder other programs load");
    options->common.add_to(*command);
    add_choice(*command, "--format", options->request.format, {"gguf", "safetensors"},
               "gguf: one file; safetensors: a Hugging Face folder, in f32, f16 or bf16")
        .shows_default();
    add_choice(*command, "--type,--dtype", options->request.dtype, exported_types(),
               "Type of the matrices; keep leaves them as the recipe made them")
        .shows_default();
    add_path(*command, "--out", options->request.path,
             "The file, or for safetensors the folder, to write")
        .required()
        .shown_as("PATH");
    add_switch(*command, "--overwrite", options->request.overwrite,
               "Replace the file or folder if it exists");
    add_switch(*command, "--verify", options->request.verify,
               "Load what was written in a fresh worker and compare it with the recipe in "
               "memory, before it "
               "takes its place");
    commands.push_back({command, [options] { return export_command(*options); }});
}

}  // namespace hone::cli
