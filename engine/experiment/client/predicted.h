// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "engine/experiment/protocol/messages/plans.h"

namespace hone {

// What a prediction foresees, by metric id: its times, and of the other metrics those that it has.
std::map<std::string, double> predicted_metrics(const messages::PredictReply& reply);

}  // namespace hone
