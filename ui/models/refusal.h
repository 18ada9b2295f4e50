// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json.hpp>
#include <optional>

#include "engine/core/error.h"

namespace hone::ui {

// Why an experiment would be refused although memory holds it, from its prediction; nothing where
// it would run.
std::optional<ErrorDetails> refusalOf(const nlohmann::json& prediction);

}  // namespace hone::ui
