// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <nlohmann/json_fwd.hpp>

#include "engine/techniques/schema/schema.h"

namespace hone::ui {

// "Quantise weights"; the id itself where this version does not know it.
QString techniqueTitle(const std::string& id, const Registry& registry);

// What a run counted of a technique: "int8 products: 13,504, KV blocks: 12".
QString countedText(const std::string& technique, const nlohmann::json& evidence,
                    const Registry& registry);

// "engaged", "did not engage", or nothing where that cannot be said: the options are the
// baseline's, or nothing was recorded.
QString engagedText(const nlohmann::json& evidence);

}  // namespace hone::ui
