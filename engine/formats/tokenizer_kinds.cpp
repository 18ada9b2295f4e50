// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/tokenizer_kinds.h"

#include <algorithm>
#include <array>

namespace hone {

std::span<const TokenizerKind> tokenizer_kinds() {
    using enum TextCut;
    static constexpr std::array kKinds{
        TokenizerKind{"gpt-2", gpt2, false, false},
        TokenizerKind{"phi-2", gpt2, false, false},
        TokenizerKind{"mpt", gpt2, false, false},
        TokenizerKind{"olmo", gpt2, false, false},
        TokenizerKind{"jais", gpt2, false, false},
        TokenizerKind{"trillion", gpt2, false, false},
        TokenizerKind{"granite-docling", gpt2, false, false},
        TokenizerKind{"gigachat", gpt2, false, false},
        TokenizerKind{"exaone4", gpt2, false, false},
        TokenizerKind{"a.x-4.0", gpt2, false, false},
        TokenizerKind{"mellum", gpt2, false, false},
        TokenizerKind{"smollm", smollm, false, false},
        TokenizerKind{"starcoder", smollm, false, false},
        TokenizerKind{"refact", smollm, false, false},
        TokenizerKind{"command-r", smollm, false, false},
        TokenizerKind{"codeshell", smollm, false, false},
        TokenizerKind{"exaone", smollm, false, false},
        TokenizerKind{"minerva-7b", smollm, false, false},
        TokenizerKind{"mellum2", smollm, false, false},
        TokenizerKind{"llama-bpe", llama3, true, true},
        TokenizerKind{"llama3", llama3, true, true},
        TokenizerKind{"llama-v3", llama3, true, true},
        TokenizerKind{"falcon3", llama3, true, true},
        TokenizerKind{"falcon-h1", llama3, true, true},
        TokenizerKind{"pixtral", llama3, true, true},
        TokenizerKind{"midm-2.0", llama3, true, true},
        TokenizerKind{"lfm2", llama3, true, true},
        TokenizerKind{"jina-v5-nano", llama3, true, true},
        TokenizerKind{"smaug-bpe", llama3, false, false},
        TokenizerKind{"dbrx", llama3, false, false},
        TokenizerKind{"qwen2", qwen2, false, false},
        TokenizerKind{"deepseek-r1-qwen", qwen2, false, false},
        TokenizerKind{"megrez", qwen2, false, false},
        TokenizerKind{"stablelm2", qwen2, false, false},
        TokenizerKind{"default", standard, false, false},
    };
    return kKinds;
}

const TokenizerKind* tokenizer_kind(std::string_view name) {
    const std::span<const TokenizerKind> kinds = tokenizer_kinds();
    const auto found = std::find_if(kinds.begin(), kinds.end(), [name](const TokenizerKind& kind) {
        return kind.name == name;
    });
    return found == kinds.end() ? nullptr : &*found;
}

std::string tokenizer_kind_names() {
    std::string names;
    for (const TokenizerKind& kind : tokenizer_kinds())
        names += (names.empty() ? "" : ", ") + std::string(kind.name);
    return names;
}

}  // namespace hone
