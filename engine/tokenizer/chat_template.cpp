// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/chat_template.h"

namespace hone {
namespace {

constexpr std::string_view kChatml =
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] "
    "+ "
    "'<|im_end|>' + "
    "'\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

// As SmolLM2-135M-Instruct's GGUF file has it: line breaks are real ones inside the quotes.
constexpr std::string_view kSmollm2 =
    "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ "
    "'<|im_start|>system\n"
    "You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}{% endif "
    "%}{{'<|im_start|>' + "
    "message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if "
    "add_generation_prompt %}{{ "
    "'<|im_start|>assistant\n' }}{% endif %}";

// Files differ in whether a line break in a quoted string is written out or escaped; both mean the
// same.
std::string unescaped(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i, 2) == "\\n") {
            result += '\n';
            ++i;
        } else {
            result += text[i];
        }
    }
    return result;
}

std::string turn(std::string_view role, std::string_view text) {
    return "<|im_start|>" + std::string(role) + "\n" + std::string(text) + "<|im_end|>\n";
}

}  // namespace

ChatTemplate recognise_chat_template(const Checkpoint& checkpoint) {
    const std::string text = unescaped(checkpoint.text_or("tokenizer.chat_template", ""));
    if (text.empty()) return ChatTemplate::none;
    if (text == unescaped(kChatml)) return ChatTemplate::chatml;
    if (text == unescaped(kSmollm2)) return ChatTemplate::chatml_smollm2;
    return ChatTemplate::unknown;
}

std::string apply_chat_template(ChatTemplate which, std::string_view user_text) {
    switch (which) {
        case ChatTemplate::none:
        case ChatTemplate::unknown:
            return std::string(user_text);
        case ChatTemplate::chatml:
            return turn("user", user_text) + "<|im_start|>assistant\n";
        case ChatTemplate::chatml_smollm2:
            break;
    }
    return turn("system", "You are a helpful AI assistant named SmolLM, trained by Hugging Face") +
           turn("user", user_text) + "<|im_start|>assistant\n";
}

}  // namespace hone
