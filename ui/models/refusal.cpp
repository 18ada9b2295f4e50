// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/refusal.h"

namespace hone::ui {

std::optional<ErrorDetails> refusalOf(const nlohmann::json& prediction) {
    const auto it = prediction.find("refusal");
    if (it == prediction.end() || !it->is_object()) return std::nullopt;
    return error_details_from_json(*it);
}

}  // namespace hone::ui
