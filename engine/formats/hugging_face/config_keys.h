// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/families/family.h"
#include "engine/formats/hugging_face/json_file.h"

namespace hone::hf {

// The family of model_type. Throws Error (Fault::unsupported) where Hone has none of that type.
const Family& family_of(const JsonObject& config);

// Throws Error for a config.json that describes anything but a plain model of that family: another
// class, and every key that is known to change what a decoder computes, with a value other than the
// one that changes nothing. Keys that nobody knows are named in a note.
void check_keys(const JsonObject& config, const Family& family, std::vector<std::string>& notes);

// "config.json does not say rms_norm_eps: 1e-06, transformers' default, is used".
void note_default(std::vector<std::string>& notes, std::string_view key, const std::string& value);

}  // namespace hone::hf
