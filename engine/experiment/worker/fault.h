// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

namespace hone {

// Misfortune on purpose, so that tests can see what a client makes of it (docs/protocol.md, `fault`).
class Fault {
public:
    Fault() = default;
    explicit Fault(const nlohmann::json& description);
    // Called before each step; strikes at the step it was asked to strike at.
    void before_step();

private:
    int steps_ = 0;
    int strikes_at_ = -1;
    enum class Kind { none, signal, hang, out_of_memory } kind_ = Kind::none;
    int signal_ = 0;
};

}  // namespace hone
