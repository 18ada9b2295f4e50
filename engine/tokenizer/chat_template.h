// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "engine/formats/checkpoint.h"

namespace hone {

// chatml_smollm2 is ChatML with SmolLM2's own system message where the conversation brings none.
enum class ChatTemplate { none, chatml, chatml_smollm2, unknown };

// `tokenizer.chat_template` is never executed: known templates are recognised by their exact text.
ChatTemplate recognise_chat_template(const Checkpoint& checkpoint);

// The text to encode (SpecialTokens::parse) for one user turn; the prompt itself for none and
// unknown.
std::string apply_chat_template(ChatTemplate which, std::string_view user_text);

}  // namespace hone
