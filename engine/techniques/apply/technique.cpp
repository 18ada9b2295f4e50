// SPDX-License-Identifier: Apache-2.0
#include "engine/techniques/apply/technique.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "engine/techniques/apply/techniques.h"
#include "engine/techniques/schema/descriptors.h"

namespace hone {

std::span<const TechniqueRow> techniques() {
    static const std::array kRows{
#define HONE_TECHNIQUE(id) TechniqueRow{descriptors::id, implementations::id},
#include "engine/techniques/list.inc"
#undef HONE_TECHNIQUE
    };
    return kRows;
}

std::unique_ptr<const Technique> make_technique(std::string_view id,
                                                const nlohmann::json& options) {
    const auto rows = techniques();
    const auto found = std::find_if(rows.begin(), rows.end(), [id](const TechniqueRow& row) {
        return row.descriptor.id == id;
    });
    return found == rows.end() ? nullptr : found->with(options);
}

}  // namespace hone
