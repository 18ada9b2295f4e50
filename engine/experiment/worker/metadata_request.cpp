// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

#include "engine/base/printable.h"
#include "engine/base/utf8.h"
#include "engine/experiment/protocol/messages/model.h"
#include "engine/experiment/worker/requests.h"
#include "engine/formats/checkpoint.h"

namespace hone {
namespace {

// Enough to see what a value is; a vocabulary would fill many messages.
constexpr std::size_t kMostElements = 8, kMostBytes = 400, kMostElementBytes = 40;

template <typename Value>
std::string type_name() {
    if constexpr (std::is_same_v<Value, bool>) return "bool";
    if constexpr (std::is_same_v<Value, std::string>) return "text";
    if constexpr (std::is_floating_point_v<Value>) return fmt::format("f{}", 8 * sizeof(Value));
    return fmt::format("{}{}", std::is_signed_v<Value> ? "i" : "u", 8 * sizeof(Value));
}

// At most `most` bytes of it, whole characters, with an ellipsis where something is left out.
std::string beginning(const std::string& text, std::size_t most) {
    if (text.size() <= most) return printable(text);
    std::string_view begin = std::string_view(text).substr(0, most);
    const std::size_t valid = valid_utf8_prefix(begin);
    if (begin.size() - valid < 4) begin = begin.substr(0, valid);
    return printable(begin) + "…";
}

std::string element_text(const std::string& text) {
    std::string quoted = "\"";
    for (const char each : beginning(text, kMostElementBytes))
        quoted += each == '"' ? std::string("\\\"") : std::string(1, each);
    return quoted + "\"";
}

template <typename Number>
std::string element_text(Number number) {
    return fmt::format("{}", number);
}

struct Told {
    messages::MetadataFact& fact;

    void operator()(const std::string& text) const {
        fact.type = type_name<std::string>();
        fact.value = beginning(text, kMostBytes);
        if (text.size() > kMostBytes) fact.bytes = std::ssize(text);
    }

    void operator()(const MetadataArray& array) const {
        std::visit(
            [this](const auto& held) {
                using Element = typename std::decay_t<decltype(held)>::value_type;
                fact.type = type_name<Element>();
                fact.elements = std::ssize(held);
                for (std::size_t i = 0; i < std::min(held.size(), kMostElements); ++i)
                    fact.value +=
                        (i == 0 ? "" : ", ") + element_text(static_cast<const Element&>(held[i]));
                if (held.size() > kMostElements) fact.value += ", …";
            },
            array);
    }

    template <typename Number>
    void operator()(Number number) const {
        fact.type = type_name<Number>();
        fact.value = fmt::format("{}", number);
    }
};

}  // namespace

template <>
messages::MetadataReply answer(const messages::Metadata& request, WorkerContext&) {
    const Checkpoint checkpoint = open_checkpoint(request.checkpoint, false);
    messages::MetadataReply reply;
    for (const auto& [key, value] : checkpoint.metadata) {
        messages::MetadataFact fact{.key = key, .answered = checkpoint.answered.contains(key)};
        std::visit(Told{fact}, value);
        reply.facts.push_back(std::move(fact));
    }
    return reply;
}

}  // namespace hone
