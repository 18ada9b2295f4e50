// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <stop_token>
#include <string_view>

#include "engine/core/error.h"
#include "kernels/cpu/pulse.h"

namespace hone {

// Handed down into long work: how to report, and how to learn that it was cancelled.
struct Progress {
    // fraction in [0, 1], or negative where unknown; `what` names the step in words.
    std::function<void(double fraction, std::string_view what)> report;
    std::stop_token stop;

    void update(double fraction, std::string_view what) const {
        check();
        if (report) report(fraction, what);
    }
    // Throws Cancelled once a stop was requested, and is a sign of life. Call at least every 100 ms
    // of work.
    void check() const {
        kernels::pulse();
        if (stop.stop_requested()) throw Cancelled();
    }
};

}  // namespace hone
