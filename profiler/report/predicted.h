// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace hone::profiler {

// What the reply to `predict` (docs/protocol.md) foresees, by metric id: its times, and of the
// other metrics those that it has.
std::map<std::string, double> predicted_metrics(const nlohmann::json& reply);

}  // namespace hone::profiler
