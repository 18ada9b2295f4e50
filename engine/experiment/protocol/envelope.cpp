// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/protocol/envelope.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "engine/base/bounded_json.h"
#include "engine/core/error.h"

namespace hone::messages {
namespace {

constexpr int kDepth = 64;  // what copies, compares or prints a document needs stack for each level
constexpr const char *kId = "id", *kType = "type", *kKind = "kind", *kStep = "step";

std::string text_of(const nlohmann::json& fields, const char* key) {
    const auto found = fields.find(key);
    return found != fields.end() && found->is_string() ? found->get<std::string>() : std::string();
}

nlohmann::json enveloped(std::optional<std::int64_t> id, std::string_view type, Document fields) {
    nlohmann::json message = std::move(fields.get());
    if (id) message[kId] = *id;
    message[kType] = type;
    return message;
}

}  // namespace

std::optional<Line> parse_line(std::string_view text) {
    if (json_depth(text) > kDepth) return std::nullopt;
    nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) return std::nullopt;
    Line line;
    line.type = text_of(json, kType);
    if (line.type.empty()) return std::nullopt;
    if (line.type == kStep) {
        line.kind = text_of(json, kKind);
        json.erase(kKind);
    }
    if (const auto id = json.find(kId); id != json.end() && id->is_number_integer())
        line.id = id->get<std::int64_t>();
    json.erase(kId);
    json.erase(kType);
    line.fields = std::move(json);
    return line;
}

std::string request_line(std::int64_t id, std::string_view type, std::string_view kind,
                         Document fields) {
    nlohmann::json message = enveloped(id, type, std::move(fields));
    if (!kind.empty()) message[kKind] = kind;
    try {
        return message.dump() + "\n";
    } catch (const nlohmann::json::type_error&) {
        ErrorDetails details{
            "", "", "path or text", "bytes that are not UTF-8", "UTF-8", Fault::argument};
        details.summary = "A path or text is not UTF-8, and Hone keeps names as UTF-8 only.";
        details.action = "Rename the file or folder, or work in another one.";
        throw Error(std::move(details));
    }
}

std::string reply_line(std::optional<std::int64_t> id, std::string_view type, Document fields) {
    return enveloped(id, type, std::move(fields))
               .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) +
           "\n";
}

void not_understood() {
    try {
        throw;
    } catch (const Error& error) {
        ErrorDetails details = error.details();
        details.message.clear();
        details.field = "reply of the worker: " + details.field;
        details.fault = Fault::internal;
        details.summary = "The worker's reply cannot be understood.";
        details.action.clear();
        throw Error(std::move(details));
    }
}

}  // namespace hone::messages
