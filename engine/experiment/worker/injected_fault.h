// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

namespace hone {

// Misfortune on purpose, so that tests can see what a client makes of it (docs/protocol.md,
// `fault`).
class InjectedFault {
public:
    InjectedFault() = default;
    explicit InjectedFault(const nlohmann::json& description);
    // Called before each step; strikes at the step it was asked to strike at.
    void before_step();
    // Where passes are to be slowed down: keeps the processor busy for that share of what the pass
    // took.
    bool slows_down() const { return slow_down_ > 0; }
    void after_pass(double seconds) const;

private:
    int steps_ = 0;
    int strikes_at_ = -1;
    enum class Kind { none, signal, hang, stall, out_of_memory } kind_ = Kind::none;
    int signal_ = 0;
    double slow_down_ = 0;
};

}  // namespace hone
