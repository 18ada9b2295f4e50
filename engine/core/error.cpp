// SPDX-License-Identifier: Apache-2.0
#include "engine/core/error.h"

#include <utility>

namespace hone {
namespace {

std::string sentence(const ErrorDetails& details) {
    if (!details.message.empty()) return details.message;
    std::string text;
    if (!details.file.empty()) text += details.file + ": ";
    if (!details.field.empty()) text += details.field + ": ";
    if (!details.found.empty()) text += "found " + details.found;
    if (!details.expected.empty())
        text += (details.found.empty() ? "expected " : ", expected ") + details.expected;
    return text;
}

}  // namespace

Error::Error(std::string message) : Error(ErrorDetails{std::move(message), {}, {}, {}, {}}) {}

Error::Error(ErrorDetails details) : std::runtime_error(sentence(details)), details_(std::move(details)) {
    details_.message = what();
}

nlohmann::json to_json(const ErrorDetails& details) {
    return {{"message", details.message},
            {"file", details.file},
            {"field", details.field},
            {"found", details.found},
            {"expected", details.expected}};
}

ErrorDetails error_details_from_json(const nlohmann::json& json) {
    const auto text = [&json](const char* key) {
        const auto it = json.find(key);
        return it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
    };
    return {text("message"), text("file"), text("field"), text("found"), text("expected")};
}

}  // namespace hone
