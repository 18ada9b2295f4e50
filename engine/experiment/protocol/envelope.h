// SPDX-License-Identifier: Apache-2.0
// Lines of the protocol: a message with its `id` and `type`, and of a step its `kind`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/experiment/protocol/message.h"

namespace hone::messages {

// A line as it came, its fields not yet looked at.
struct Line {
    std::optional<std::int64_t> id;  // heartbeats have none
    std::string type, kind;          // kind: of steps
    Document fields;                 // without id, type and kind
};

// Nothing where the text is no JSON object with a type, or nests deeper than any message does.
std::optional<Line> parse_line(std::string_view text);

// One line, with its end. Throws Error where a text is not UTF-8: a path whose bytes were replaced
// would be another file's.
std::string request_line(std::int64_t id, std::string_view type, std::string_view kind,
                         Document fields);
// The same for what a worker says. Where a text is not UTF-8 its bytes are replaced, since a token
// may hold part of a character.
std::string reply_line(std::optional<std::int64_t> id, std::string_view type, Document fields);

inline constexpr std::string_view kResult = "result";

// Kinds of steps are requests of one type.
template <class Request>
constexpr std::string_view kind_of() {
    if constexpr (requires { Request::kKind; })
        return Request::kKind;
    else
        return {};
}

template <class Request>
bool asks_for(const Line& line) {
    return line.type == Request::kType && line.kind == kind_of<Request>();
}

template <class Request>
std::string request_line(std::int64_t id, const Request& request) {
    return request_line(id, Request::kType, kind_of<Request>(), Codec<Request>::document(request));
}

template <class Reply>
std::string result_line(std::int64_t id, const Reply& reply) {
    return reply_line(id, kResult, Codec<Reply>::document(reply));
}

// A line of `event`, one of Events. An error whose request cannot be told has no id.
template <class Event>
std::string event_line(std::optional<std::int64_t> id, const Event& event) {
    return reply_line(id, Event::kType, Codec<Event>::document(event));
}

// As read(), with an error that says whose mistake it is.
template <class Reply>
Reply read_reply(const nlohmann::json& fields);

[[noreturn]] void not_understood();  // what is thrown: handles the exception under way

template <class Reply>
Reply read_reply(const nlohmann::json& fields) {
    try {
        return read<Reply>(fields);
    } catch (...) {
        not_understood();
    }
}

}  // namespace hone::messages
