// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/hone/arguments.h"
#include "engine/experiment/protocol/experiment.h"
#include "engine/experiment/protocol/sweep.h"

namespace hone::cli {

// What bench, eval, generate and export share: the checkpoint, the recipe and the target.
struct ExperimentOptions {
    std::string checkpoint;
    std::vector<std::string> with;
    std::filesystem::path recipe_file;
    std::string device = "cpu";
    int threads = 0;
    std::filesystem::path store_file;
    bool json = false;

    void add_to(CLI::App& app);
    // --recipe, then each --with; throws Error naming the setting.
    Sweep sweep() const;
    Recipe recipe() const;  // refuses lists of values
    Target target() const;
};

// --store FILE and --json alone, for commands that only read runs.
std::filesystem::path store_path(const std::filesystem::path& chosen);

// --threads, where this machine has so many processors. Throws Error.
void check_threads(int threads);
Argument add_threads(CLI::App& app, int& threads);

// "[--with kv_cache.dtype=off|fp32|fp16|int8]" and so on, made from the registry: the footer of
// --help.
std::string technique_help(const Registry& registry);

}  // namespace hone::cli
