// SPDX-License-Identifier: Apache-2.0
#include "tests/store/example_runs.h"

#include <stdlib.h>
#include <unistd.h>

namespace hone::profiler {

TemporaryFolder::TemporaryFolder() {
    // In memory where that is possible: every write waits for the disk otherwise.
    const std::filesystem::path memory = "/dev/shm";
    const bool usable = ::access(memory.c_str(), W_OK) == 0;
    std::string pattern =
        ((usable ? memory : std::filesystem::temp_directory_path()) / "hone-store-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

NewRun example_run(const std::string& label) {
    NewRun run;
    run.model_name = "Tiny";
    run.model_source = "synthetic:tiny";
    run.model_hash = "3f9a";
    run.model = {{"architecture", "llama"}, {"parameters", 1'000'000}};
    run.recipe = nlohmann::json::array();
    if (label != "baseline")
        run.recipe.push_back({{"technique", "quantize_weights"}, {"options", {{"scheme", label}}}});
    run.recipe_label = label;
    run.workload = {{"prompt_tokens", 128}, {"generated_tokens", 64}};
    run.target = {{"device", "cpu"}, {"threads", 2}};
    run.environment = {{"cpu", "Example CPU"}, {"hostname", "bench-1"}};
    run.side = label == "baseline" ? "baseline" : "candidate";
    return run;
}

Sample example_repetition(int index, double tokens_per_second) {
    return {index,
            "repetition",
            {{"decode_tokens_per_second", tokens_per_second}},
            {{"token_times", {{0.1, 0.2}}}}};
}

}  // namespace hone::profiler
