// SPDX-License-Identifier: Apache-2.0
#include "engine/core/error.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <new>
#include <nlohmann/json.hpp>
#include <string_view>
#include <system_error>
#include <utility>

#include "engine/base/printable.h"
#include "engine/base/told_error.h"

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
            return {"This is not a model that Hone can read.",
                    "Open a GGUF file or a Hugging Face folder."};
        case Fault::unsupported:
            return {"Hone cannot run this model yet.", ""};
        case Fault::missing:
            return {"Nothing that can be read is there.",
                    "Check the path and the rights to read it."};
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

constexpr std::array<std::string_view, 11> kFaultIds{
    "other",   "cut_off",  "damaged",     "not_a_model", "unsupported", "missing",
    "changed", "argument", "not_written", "no_memory",   "internal"};

ErrorDetails completed(ErrorDetails details);

// By the type of what was thrown; its text is shown only where Hone itself wrote it.
ErrorDetails described(const std::exception& exception) {
    if (const auto* error = dynamic_cast<const Error*>(&exception)) return error->details();
    ErrorDetails details;
    if (const auto* of_files = dynamic_cast<const std::filesystem::filesystem_error*>(&exception)) {
        details.file = of_files->path1().string();
        details.field = "file or folder";
        details.found = of_files->code().message();
        details.expected = "one that can be used";
        if (details.file.empty()) details.summary = "A path is empty or cannot be used.";
    } else if (dynamic_cast<const std::bad_alloc*>(&exception) != nullptr) {
        details.fault = Fault::no_memory;
        details.field = "memory";
    } else if (const auto* of_system = dynamic_cast<const std::system_error*>(&exception)) {
        details.summary = "The system refused something that Hone needs.";
        details.field = "system";
        details.found = of_system->code().message();
    } else if (dynamic_cast<const nlohmann::json::exception*>(&exception) != nullptr) {
        details.fault = Fault::internal;
        details.field = "document";
        details.found = "a field that is missing or of another type";
    } else if (const auto* told = dynamic_cast<const ToldError*>(&exception)) {
        details.message = told->what();
        details.summary = told->summary();
        details.action = told->action();
    } else if (dynamic_cast<const std::runtime_error*>(&exception) != nullptr) {
        details.message = exception.what();  // sentences of traces and of the like
    } else {
        details.fault = Fault::internal;
        details.field = "what happened";
        details.found = exception.what();
    }
    return completed(std::move(details));
}

std::string own_sentence(const ErrorDetails& details) {
    if (!details.file.empty()) {
        const std::size_t slash = details.file.find_last_of('/', details.file.size() - 2);
        return details.file.substr(slash == std::string::npos ? 0 : slash + 1) + " cannot be used.";
    }
    return details.field.empty() ? std::string()
                                 : "The value of " + details.field + " cannot be used.";
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

ErrorDetails details_of(const std::exception& exception) noexcept {
    try {
        return described(exception);
    } catch (...) {
        return {};  // no memory is left for words
    }
}

std::string_view fault_id(Fault fault) {
    return kFaultIds[static_cast<std::size_t>(fault)];
}

nlohmann::json to_json(const ErrorDetails& details) {
    return {{"message", details.message},   {"summary", details.summary},
            {"action", details.action},     {"file", details.file},
            {"field", details.field},       {"found", details.found},
            {"expected", details.expected}, {"fault", fault_id(details.fault)}};
}

ErrorDetails error_details_from_json(const nlohmann::json& json) {
    const auto text = [&json](const char* key) {
        const auto it = json.find(key);
        return it != json.end() && it->is_string() ? it->get<std::string>() : std::string();
    };
    ErrorDetails details{text("message"), text("file"), text("field"), text("found"),
                         text("expected")};
    details.summary = text("summary");
    details.action = text("action");
    const auto known = std::find(kFaultIds.begin(), kFaultIds.end(), text("fault"));
    if (known != kFaultIds.end()) details.fault = static_cast<Fault>(known - kFaultIds.begin());
    return details;
}

}  // namespace hone
