// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/hugging_face/pre_tokenizers.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace hone::hf {
namespace {

using Json = nlohmann::json;

// Llama 3's pattern, as its tokenizer.json spells it.
constexpr const char* kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

// Qwen 2's: each digit alone.
constexpr const char* kQwen2 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

constexpr const char* kGpt2 =
    R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

Json byte_level(bool with_pattern) {
    return {{"type", "ByteLevel"},
            {"add_prefix_space", false},
            {"trim_offsets", true},
            {"use_regex", with_pattern}};
}

Json split(const char* pattern) {
    return {{"type", "Split"},
            {"pattern", Json{{"Regex", pattern}}},
            {"behavior", "Isolated"},
            {"invert", false}};
}

Json digits() {
    return {{"type", "Digits"}, {"individual_digits", true}};
}

// What each part has to say for it to be the same: what is absent has the value that tokenizers
// gives it, and offsets do not matter.
Json essence(const Json& part) {
    const std::string type = part.at("type").get<std::string>();
    if (type == "ByteLevel")
        return {{"type", type},
                {"add_prefix_space", part.value("add_prefix_space", true)},
                {"use_regex", part.value("use_regex", true)}};
    if (type == "Digits")
        return {{"type", type}, {"individual_digits", part.value("individual_digits", false)}};
    return part;
}

// The parts in order, whatever sequences they are nested in.
void flatten(const Json& part, std::vector<Json>& parts) {
    if (part.at("type") != "Sequence") {
        parts.push_back(essence(part));
        return;
    }
    for (const Json& inner : part.at("pretokenizers")) flatten(inner, parts);
}

std::vector<Json> parts_of(TextCut cut) {
    switch (cut) {
        case TextCut::gpt2:
            return {byte_level(true)};
        case TextCut::smollm:
            return {digits(), byte_level(true)};
        case TextCut::llama3:
            return {split(kLlama3), byte_level(false)};
        case TextCut::qwen2:
            return {split(kQwen2), byte_level(false)};
        case TextCut::standard:
            break;
    }
    return {split(R"([\p{P}\$\+<=>\^~\|]+)"), split(kGpt2), split(R"(\p{N}+)"),
            split("[0-9][0-9][0-9]"), byte_level(false)};
}

}  // namespace

Json pre_tokenizer_of(TextCut cut) {
    std::vector<Json> parts = parts_of(cut);
    if (parts.size() == 1) return parts.front();
    return {{"type", "Sequence"}, {"pretokenizers", std::move(parts)}};
}

std::optional<TextCut> cut_of_pre_tokenizer(const Json& pre_tokenizer) {
    try {
        std::vector<Json> parts;
        flatten(pre_tokenizer, parts);
        for (const TextCut cut :
             {TextCut::gpt2, TextCut::smollm, TextCut::llama3, TextCut::qwen2, TextCut::standard}) {
            std::vector<Json> wanted;
            for (const Json& part : parts_of(cut)) wanted.push_back(essence(part));
            if (parts == wanted) return cut;
        }
    } catch (const Json::exception&) {
        return std::nullopt;  // a field that is absent or of another type
    }
    return std::nullopt;
}

}  // namespace hone::hf
