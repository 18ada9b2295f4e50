// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/hugging_face/pre_tokenizers.h"

namespace hone::hf {
namespace {

// Llama 3's pattern, as its tokenizer.json spells it.
constexpr const char* kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

nlohmann::json byte_level(bool with_pattern) {
    return {{"type", "ByteLevel"},
            {"add_prefix_space", false},
            {"trim_offsets", true},
            {"use_regex", with_pattern}};
}

bool is_byte_level(const nlohmann::json& json, bool with_pattern) {
    return json.is_object() && json.value("type", "") == "ByteLevel" &&
           json.value("add_prefix_space", true) == false && json.value("use_regex", true) == with_pattern;
}

bool is_digits(const nlohmann::json& json) {
    return json.value("type", "") == "Digits" && json.value("individual_digits", false);
}

bool is_llama3_split(const nlohmann::json& json) {
    const auto pattern = json.find("pattern");
    return json.value("type", "") == "Split" && json.value("behavior", "") == "Isolated" &&
           json.value("invert", true) == false && pattern != json.end() &&
           *pattern == nlohmann::json{{"Regex", kLlama3}};
}

}  // namespace

nlohmann::json pre_tokenizer_named(std::string_view name) {
    using Json = nlohmann::json;
    const auto sequence = [](Json first, Json second) {
        return Json{{"type", "Sequence"},
                    {"pretokenizers", Json::array({std::move(first), std::move(second)})}};
    };
    if (name == "gpt-2" || name == "default") return byte_level(true);
    if (name == "smollm")
        return sequence(Json{{"type", "Digits"}, {"individual_digits", true}}, byte_level(true));
    if (name == "llama-bpe")
        return sequence(Json{{"type", "Split"},
                             {"pattern", Json{{"Regex", kLlama3}}},
                             {"behavior", "Isolated"},
                             {"invert", false}},
                        byte_level(false));
    return nullptr;
}

std::string name_of_pre_tokenizer(const nlohmann::json& pre_tokenizer) {
    try {
        if (is_byte_level(pre_tokenizer, true)) return "gpt-2";
        if (!pre_tokenizer.is_object() || pre_tokenizer.value("type", "") != "Sequence") return "";
        const nlohmann::json& parts = pre_tokenizer.at("pretokenizers");
        if (!parts.is_array() || parts.size() != 2) return "";
        if (is_digits(parts[0]) && is_byte_level(parts[1], true)) return "smollm";
        if (is_llama3_split(parts[0]) && is_byte_level(parts[1], false)) return "llama-bpe";
    } catch (const nlohmann::json::exception&) {
        return "";  // a field of another type
    }
    return "";
}

bool takes_whole_words(std::string_view name) {
    return name == "llama-bpe";
}

}  // namespace hone::hf
