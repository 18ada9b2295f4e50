// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/protocol/message_codec.h"

#include "engine/base/bounded_json.h"

namespace hone::messages {

Document::Document() = default;
Document::Document(nlohmann::json json)
    : json_(json.is_null() ? nullptr : std::make_unique<nlohmann::json>(std::move(json))) {}
Document::Document(const Document& other) : Document(other.get()) {}
Document::Document(Document&& other) noexcept = default;
Document& Document::operator=(const Document& other) {
    *this = Document(other.get());
    return *this;
}
Document& Document::operator=(Document&& other) noexcept = default;
Document::~Document() = default;

const nlohmann::json& Document::get() const {
    static const nlohmann::json kNull;
    return json_ == nullptr ? kNull : *json_;
}

nlohmann::json& Document::get() {
    if (json_ == nullptr) json_ = std::make_unique<nlohmann::json>();
    return *json_;
}

std::string Where::path() const {
    std::string text = outer == nullptr ? std::string() : outer->path();
    if (index >= 0) return text + "[" + std::to_string(index) + "]";
    if (!text.empty() && !key.empty()) text += '.';
    return text + std::string(key);
}

void refuse(const Where& where, const nlohmann::json& found, const std::string& expected) {
    const std::string path = where.path();
    throw Error(
        ErrorDetails{"", "", path.empty() ? "message" : path, json_excerpt(found), expected});
}

void refuse_missing(const Where& where, const std::string& expected) {
    throw Error(ErrorDetails{"", "", where.path(), "nothing", expected});
}

void refuse_document() {
    throw Error(ErrorDetails{"", "", "message", "a field that is missing or of another type",
                             "a message of docs/protocol.md"});
}

const nlohmann::json* Reader::take(std::string_view key) {
    taken_.push_back(key);
    const auto found = object_.find(key);
    return found == object_.end() ? nullptr : &*found;
}

void Reader::figures(std::initializer_list<std::string_view> names,
                     std::map<std::string, double>& into, std::string_view help) {
    into.clear();
    for (const std::string_view name : names) (*this)(name, into[std::string(name)], help);
    for (const auto& [key, value] : object_.items()) {
        if (!value.is_number() || std::find(taken_.begin(), taken_.end(), key) != taken_.end())
            continue;
        into[key] = value.get<double>();
    }
    for (const auto& [key, value] : into) taken_.push_back(key);
}

Document Reader::rest() const {
    nlohmann::json rest;
    for (const auto& [key, value] : object_.items())
        if (std::find(taken_.begin(), taken_.end(), key) == taken_.end()) rest[key] = value;
    return rest;
}

void write_rest(const Document& more, nlohmann::json& object) {
    if (more.get().is_object()) object.update(more.get());
}

}  // namespace hone::messages
