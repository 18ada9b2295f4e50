// SPDX-License-Identifier: Apache-2.0
#include "profiler/cupti/library_search.h"

#include <dlfcn.h>

#include <cstdlib>

namespace hone::profiler {

std::vector<std::string> library_candidates(const char* variable, const std::string& file,
                                            const std::string& beside, const char* package) {
    const char* const chosen = std::getenv(variable);
    if (chosen != nullptr && *chosen != '\0') return {chosen};
    std::vector<std::string> paths{file};
    if (!beside.empty()) paths.push_back(beside + "/" + file);
    // nvidia/cu13/lib and nvidia/nccl/lib are neighbours.
    if (!beside.empty() && package != nullptr)
        paths.push_back(beside + "/../../" + package + "/lib/" + file);
    for (const char* const toolkit : {"CUDA_HOME", "CUDA_PATH"}) {
        const char* const root = std::getenv(toolkit);
        if (root != nullptr && *root != '\0') paths.push_back(std::string(root) + "/lib64/" + file);
    }
    paths.push_back("/usr/local/cuda/lib64/" + file);
    return paths;
}

void* open_library(const std::vector<std::string>& candidates, std::string& problem) {
    problem.clear();
    for (const std::string& path : candidates) {
        void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (handle != nullptr) return handle;
        if (problem.empty()) problem = dlerror();
    }
    return nullptr;
}

}  // namespace hone::profiler
