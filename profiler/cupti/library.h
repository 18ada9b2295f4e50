// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace hone::profiler {

// libcupti, found at run time: programs start and work without it. It is never closed again, since
// CUPTI does not like to be unloaded.
class CuptiLibrary {
public:
    // Opens what library_candidates("HONE_CUPTI_LIBRARY", …) finds first. False where there is
    // none, or an older one than 13.0: problem() says why.
    bool open(const std::string& beside);

    const std::string& version() const {
        return version_;
    }  // "CUPTI 13.0.1"; empty while none is open
    const std::string& problem() const { return problem_; }

    // False, and null in `function`, where the library has none of this name.
    template <typename Function>
    bool find(const char* name, Function& function) const {
        function = reinterpret_cast<Function>(symbol(name));
        return function != nullptr;
    }

    // "CUPTI 13.0.1, subscribing: its text for `status` (15)", and what grants it where rights are
    // missing.
    std::string failure(const char* what, int status) const;

private:
    void* symbol(const char* name) const;
    void* handle_ = nullptr;
    std::string version_, problem_;
};

}  // namespace hone::profiler
