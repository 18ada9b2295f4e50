// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "engine/formats/hugging_face/json_file.h"

namespace hone::hf {

// Ids of the tokens that are put before and after a text.
struct TokensAround {
    std::optional<std::int64_t> before, after;
};

// What the `post_processor` of tokenizer.json does to a single text. Throws Error for one that does
// anything else than put one token before it and one after it, or names an id that is not below
// `n_vocab`.
TokensAround tokens_around(const JsonObject& tokenizer, std::int64_t n_vocab);

}  // namespace hone::hf
