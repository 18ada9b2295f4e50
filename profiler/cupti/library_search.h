// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace hone::profiler {

// Where a library of CUDA's is looked for, in order: what the environment's `variable` names alone,
// where it is set; else `file` in the loader's folders, in `beside` and, where that is one of
// NVIDIA's PyPI packages, in `package`'s beside it ("nccl"; null: in none), and in an installed
// toolkit.
std::vector<std::string> library_candidates(const char* variable, const std::string& file,
                                            const std::string& beside,
                                            const char* package = nullptr);

// Opens the first of them that can be. Null where none can: `problem` is what the loader said of
// the first. Never closed again, as CUDA's libraries do not like to be unloaded.
void* open_library(const std::vector<std::string>& candidates, std::string& problem);

}  // namespace hone::profiler
