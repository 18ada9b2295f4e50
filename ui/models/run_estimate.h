// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <optional>
#include <vector>

#include "engine/experiment/protocol/experiment.h"
#include "engine/experiment/protocol/messages/model.h"
#include "profiler/store/store.h"

namespace hone::ui {

// About how long measuring takes, in seconds: from the newest run of the same model where there is
// one, else from its size. `candidates` are how many are measured with one baseline.
double estimateSeconds(const std::vector<profiler::RunRecord>& runs, const Experiment& experiment,
                       const std::optional<messages::InspectReply>& model,
                       std::uint64_t candidates = 1);
QString roughSeconds(double seconds);  // "about 40 s", "about 3 min"

}  // namespace hone::ui
