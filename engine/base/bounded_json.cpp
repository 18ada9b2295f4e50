// SPDX-License-Identifier: Apache-2.0
#include "engine/base/bounded_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/text_width.h"

namespace hone {

int json_depth(std::string_view text) {
    int depth = 0, deepest = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (in_string) {
            if (c == '\\')
                ++i;  // whatever is escaped ends no string
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            deepest = std::max(deepest, ++depth);
        } else if (c == ']' || c == '}') {
            --depth;
        }
    }
    return deepest;
}

nlohmann::json parse_bounded_json(std::string_view text, const JsonBounds& bounds) {
    if (text.size() > bounds.bytes)
        throw JsonProblem(fmt::format("{} B, more than {}", text.size(), bounds.bytes));
    // Looked at before parsing: the parser itself keeps one entry a level, and what it makes is
    // walked by recursion.
    if (json_depth(text) > bounds.depth)
        throw JsonProblem(fmt::format("nesting deeper than {}", bounds.depth));
    try {
        return nlohmann::json::parse(text);
    } catch (const nlohmann::json::parse_error& error) {
        throw JsonProblem(fmt::format("no JSON at byte {}", error.byte));
    } catch (const nlohmann::json::exception&) {
        throw JsonProblem("a number that no double holds");
    }
}

std::string json_excerpt(const nlohmann::json& value) {
    constexpr std::size_t kColumns = 80;
    return shortened(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
                     kColumns);
}

}  // namespace hone
