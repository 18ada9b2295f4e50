// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hone {

// JSON that somebody else may have written: a deep document overflows the stack wherever it is
// walked, printed or compared.
struct JsonBounds {
    int depth = 64;                              // objects and arrays within each other
    std::size_t bytes = std::size_t{16} << 20U;  // of the text
};

// What is wrong with a document, to be put behind "found": "nesting deeper than 64", "no JSON at
// byte 17", "20000000 B".
class JsonProblem : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// How deep a document nests, counted from its brackets alone, without recursion; exact for valid
// JSON.
int json_depth(std::string_view text);

// Parses `text` (UTF-8). Throws JsonProblem.
nlohmann::json parse_bounded_json(std::string_view text, const JsonBounds& bounds = {});

// A value as JSON, for messages: on one line, valid UTF-8 whatever is in it, and cut where it is
// long.
std::string json_excerpt(const nlohmann::json& value);

}  // namespace hone
