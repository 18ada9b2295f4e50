// SPDX-License-Identifier: Apache-2.0
#include "kernels/cuda/plugin/nccl.h"

#include <dlfcn.h>

#include <cstdio>
#include <exception>

#include "profiler/cupti/library_search.h"

namespace hone::cuda {

namespace {

// As nccl.h declares it, which no CUDA toolkit brings: this much has not changed since its first
// version. 0: success.
using GetVersion = int (*)(int* version);

void fill(const std::string& beside, LibraryFacts& facts) {
    std::string tried;
    void* const library = profiler::open_library(
        profiler::library_candidates("HONE_NCCL_LIBRARY", "libnccl.so.2", beside, "nccl"), tried);
    if (library == nullptr) {
        std::snprintf(facts.problem, sizeof facts.problem, "it cannot be loaded (%s)",
                      tried.c_str());
        return;
    }
    const auto ask = reinterpret_cast<GetVersion>(dlsym(library, "ncclGetVersion"));
    int version = 0;
    if (ask == nullptr || ask(&version) != 0 || version <= 0) {
        std::snprintf(facts.problem, sizeof facts.problem,
                      "the library that was found does not say its version");
        return;
    }
    constexpr int kOtherForm = 10000;  // 2.8.4 is 2804, 2.9.0 is 20900
    const int major = version < kOtherForm ? version / 1000 : version / 10000,
              minor = version < kOtherForm ? version % 1000 / 100 : version % 10000 / 100;
    std::snprintf(facts.version, sizeof facts.version, "%d.%d.%d", major, minor, version % 100);
}

}  // namespace

void find_nccl(const std::string& beside, LibraryFacts& facts) noexcept try {
    facts = {};
    fill(beside, facts);
} catch (const std::exception& problem) {
    std::snprintf(facts.problem, sizeof facts.problem, "looking for it: %s", problem.what());
}

}  // namespace hone::cuda
