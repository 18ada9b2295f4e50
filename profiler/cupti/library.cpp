// SPDX-License-Identifier: Apache-2.0
#include "profiler/cupti/library.h"

#include <cupti.h>
#include <dlfcn.h>

#include "profiler/cupti/library_search.h"

namespace hone::profiler {

void* CuptiLibrary::symbol(const char* name) const {
    return handle_ == nullptr ? nullptr : dlsym(handle_, name);
}

bool CuptiLibrary::open(const std::string& beside) {
    handle_ = nullptr;
    version_.clear();
    problem_.clear();
    std::string tried;
    handle_ =
        open_library(library_candidates("HONE_CUPTI_LIBRARY", "libcupti.so.13", beside), tried);
    if (handle_ == nullptr) {
        problem_ =
            "CUPTI is not there (" + tried +
            "): kernels are not seen one by one; install the CUDA toolkit's CUPTI, or name the "
            "library in HONE_CUPTI_LIBRARY";
        return false;
    }
    constexpr std::uint32_t kOldest = 130000;
    decltype(&::cuptiGetVersion) ask = nullptr;
    std::uint32_t version = 0;
    if (!find("cuptiGetVersion", ask) || ask(&version) != CUPTI_SUCCESS) {
        problem_ = "the CUPTI library that is installed does not say its version; 13.0 does";
        return false;
    }
    version_ = "CUPTI " + std::to_string(version / 10000) + "." +
               std::to_string(version / 100 % 100) + "." + std::to_string(version % 100);
    if (version >= kOldest) return true;
    problem_ = version_ + " is too old: tracing needs 13.0";
    return false;
}

std::string CuptiLibrary::failure(const char* what, int status) const {
    decltype(&::cuptiGetResultString) ask = nullptr;
    const char* text = nullptr;
    if (find("cuptiGetResultString", ask)) ask(static_cast<CUptiResult>(status), &text);
    std::string problem = version_ + ", " + what + ": " +
                          (text != nullptr ? text : "unknown error") + " (" +
                          std::to_string(status) + ")";
    if (status == CUPTI_ERROR_INSUFFICIENT_PRIVILEGES)
        problem +=
            "; NVreg_RestrictProfilingToAdminUsers=0 for the driver's module, root or "
            "CAP_SYS_ADMIN grants "
            "it";
    if (status == CUPTI_ERROR_VIRTUALIZED_DEVICE_NOT_SUPPORTED ||
        status == CUPTI_ERROR_VIRTUALIZED_DEVICE_INSUFFICIENT_PRIVILEGES)
        problem += "; the device is a virtual one, whose host must allow profiling";
    return problem;
}

}  // namespace hone::profiler
