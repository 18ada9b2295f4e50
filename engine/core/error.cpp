// SPDX-License-Identifier: Apache-2.0
#include "engine/core/error.h"

#include <string_view>
#include <utility>

#include "engine/core/printable.h"

namespace hone {
namespace {

struct FaultText {
    std::string_view summary, action;
};

FaultText fault_text(Fault fault) {
    switch (fault) {
        case Fault::other:
            break;
        case Fault::cut_off:
            return {"The file is cut off.", "Download or copy it again."};
        case Fault::damaged:
            return {"The file is damaged, or was not written as its format asks.",
                    "Download or convert it again."};
        case Fault::not_a_model:
            return {"This is not a model that Hone can read.", "Open a GGUF file or a Hugging Face folder."};
        case Fault::unsupported:
            return {"Hone cannot run this model yet.", ""};
        case Fault::missing:
            return {"Nothing that can be read is there.", "Check the path and the rights to read it."};
        case Fault::changed:
            return {"The file was changed while it was in use.", "Start again."};
        case Fault::argument:
            return {"This cannot be done as it was asked.", ""};
        case Fault::not_written:
            return {"The file could not be written.", ""};
        case Fault::no_memory:
            return {"There is not enough memory.", ""};
        case Fault::internal:
            return {"Hone made a mistake.", "Please report it, with the log."};
    }
    return {"", ""};
}

std::string own_sentence(const ErrorDetails& details) {
    if (!details.file.empty()) {
        const std::size_t slash = details.file.find_last_of('/', details.file.size() - 2);
        return details.file.substr(slash == std::string::npos ? 0 : slash + 1) + " cannot be used.";
    }
    return details.field.empty() ? std::string() : "The value of " + details.field + " cannot be used.";
}

void append(std::string& text, std::string_view part) {
    if (part.empty()) return;
    if (!text.empty()) text += ' ';
    text += part;
}

ErrorDetails completed(ErrorDetails details) {
    if (!details.message.empty()) {
        details.message = printable(details.message);
        if (details.summary.empty()) details.summary = details.message;
        return details;
    }
    const FaultText text = fault_text(details.fault);
    if (details.summary.empty()) {
        details.summary = text.summary.empty() ? own_sentence(details) : std::string(text.summary);
        if (details.action.empty()) details.action = text.action;
    }
    details.summary = printable(details.summary);
    details.action = printable(details.action);
    details.message = details.summary;
    append(details.message, details.action);
    append(details.message, detail(details));
    return details;
}

}  // namespace

std::string detail(const ErrorDetails& details) {
    if (details.field.empty() && details.found.empty() && details.expected.empty()) return {};
    std::string text;
    if (!details.file.empty()) text += details.file + ": ";
    if (!details.field.empty()) text += details.field + ": ";
    if (!details.found.empty()) text += "found " + details.found;
    if (!details.expected.empty())
        text += (details.found.empty() ? "expected " : ", expected ") + details.expected;
    return printable(text);
}

Error::Error(std::string message) : Error(ErrorDetails{std::move(message), {}, {}, {}, {}}) {}

Error::Error(ErrorDetails details) : Error(Completed{completed(std::move(details))}) {}

Error::Error(Completed completed)
    : std::runtime_error(completed.details.message), details_(std::move(completed.details)) {}

nlohmann::json to_json(const ErrorDetails& details) {
    return {{"message", details.message},  {"summary", details.summary}, {"action", details.action},
            {"file", details.file},        {"field", details.field},     {"found", details.found},
            {"expected", details.expected}};
}

ErrorDetails error_details_from_json(const nlohmann::json& json) {
    const auto text = [&json](const char* key) {
        const auto it = json.find(key);
        return it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
    };
    ErrorDetails details{text("message"), text("file"), text("field"), text("found"), text("expected")};
    details.summary = text("summary");
    details.action = text("action");
    return details;
}

}  // namespace hone
