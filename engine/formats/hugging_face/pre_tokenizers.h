// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "engine/formats/tokenizer_kinds.h"

namespace hone::hf {

// The `pre_tokenizer` of tokenizer.json that cuts texts like that.
nlohmann::json pre_tokenizer_of(TextCut cut);

// Which cut that is; none for any other.
std::optional<TextCut> cut_of_pre_tokenizer(const nlohmann::json& pre_tokenizer);

}  // namespace hone::hf
