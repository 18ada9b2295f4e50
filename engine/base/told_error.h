// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

#include "engine/base/printable.h"

namespace hone {

// What went wrong below engine/core, as Error says it: a sentence for people, what they can do
// about it, and which file and fact it was. The text is all three, printable.
class ToldError : public std::runtime_error {
public:
    ToldError(const std::string& summary, const std::string& action, const std::string& detail)
        : std::runtime_error(printable(summary + (action.empty() ? "" : " " + action) +
                                       (detail.empty() ? "" : " " + detail))),
          summary_(printable(summary)),
          action_(printable(action)),
          detail_(printable(detail)) {}

    const std::string& summary() const { return summary_; }
    const std::string& action() const { return action_; }  // empty where there is none
    const std::string& detail() const { return detail_; }  // "PATH: …"

private:
    std::string summary_, action_, detail_;
};

}  // namespace hone
