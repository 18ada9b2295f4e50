// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string_view>

namespace hone {

// Cuts a text into the pieces that byte-level BPE never merges across.
class PreTokenizer {
public:
    // "smollm" (each digit alone, then GPT-2's pattern) or "gpt-2"/"default" (GPT-2's pattern) or "llama-bpe"
    // (Llama 3's). Null for others.
    static std::unique_ptr<PreTokenizer> named(std::string_view name);
    ~PreTokenizer();

    // Calls `piece` for consecutive parts that make up `text` in order. Bytes that are no UTF-8 come one by one.
    void split(std::string_view text, const std::function<void(std::string_view piece)>& piece) const;

private:
    struct Impl;
    explicit PreTokenizer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace hone
