// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/hugging_face/json_file.h"

#include <fmt/format.h>

#include <cmath>
#include <unordered_set>

#include "engine/core/error.h"
#include "engine/formats/mapped_file.h"
#include "engine/core/utf8.h"

namespace hone::hf {
namespace {

using Json = nlohmann::json;

[[noreturn]] void bad(const std::string& file, const std::string& field, const std::string& found,
                      const std::string& expected) {
    throw Error(ErrorDetails{"", file, field, found, expected});
}

// Watches a document while it is read: what the parser would take silently.
class Watch {
public:
    Watch(const std::string& file, const std::string& field) : file_(file), field_(field) {}

    bool operator()(int depth, Json::parse_event_t event, const Json& parsed) {
        using Event = Json::parse_event_t;
        if (++events_ > JsonObject::kMaxValues)
            bad(file_, field_, fmt::format("more than {} values", JsonObject::kMaxValues),
                "a document of a model");
        if (depth > JsonObject::kMaxDepth)
            bad(file_, field_, "nesting deeper than " + std::to_string(JsonObject::kMaxDepth),
                "a document of a model");
        if (event == Event::object_start) keys_.emplace_back();
        if (event == Event::object_end) keys_.pop_back();
        if (event == Event::key && !keys_.back().insert(parsed.get_ref<const std::string&>()).second)
            bad(file_, field_, "the key " + excerpt(parsed) + " twice in one object", "each key once");
        return true;
    }

private:
    const std::string &file_, &field_;
    std::size_t events_ = 0;
    std::vector<std::unordered_set<std::string>> keys_;
};

}  // namespace

std::string excerpt(const Json& json) {
    constexpr std::size_t kMost = 100;
    std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() <= kMost) return text;
    text.resize(kMost);
    text.resize(valid_utf8_prefix(text));
    return text + "…";
}

JsonObject JsonObject::parse(std::string_view text, std::string file, const std::string& field) {
    Json json;
    try {
        Watch watch(file, field);
        json = Json::parse(text.begin(), text.end(), std::ref(watch));
    } catch (const Json::exception& error) {
        const auto* parse = dynamic_cast<const Json::parse_error*>(&error);
        bad(file, field,
            parse == nullptr ? "something that is no JSON"
                             : fmt::format("something that is no JSON at byte {} of {}",
                                           std::min<std::size_t>(parse->byte, text.size()), text.size()),
            "a JSON object");
    }
    if (!json.is_object()) bad(file, field, excerpt(json), "a JSON object");
    return {std::move(json), std::move(file), ""};
}

JsonObject JsonObject::read(const std::filesystem::path& path) {
    const auto file = MappedFile::open(path, "a file of a Hugging Face model");
    const std::size_t size = file->bytes().size();
    if (size > kMaxBytes)
        bad(path.string(), "file", fmt::format("{} B", size), fmt::format("at most {} B", kMaxBytes));
    return parse({reinterpret_cast<const char*>(file->bytes().data()), size}, path.string(), "file");
}

const Json* JsonObject::find(std::string_view key) const {
    const auto found = json_.find(key);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
}

void JsonObject::fail(std::string_view key, const std::string& expected) const {
    const Json* value = find(key);
    fail(key, value == nullptr ? "nothing" : excerpt(*value), expected);
}

void JsonObject::fail(std::string_view key, const std::string& found, const std::string& expected) const {
    bad(file_, path_ + std::string(key), found, expected);
}

std::optional<JsonObject> JsonObject::object(std::string_view key) const {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_object()) fail(key, "an object");
    return JsonObject(*value, file_, path_ + std::string(key) + ".");
}

std::optional<std::string> JsonObject::text(std::string_view key) const {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_string()) fail(key, "a text");
    return value->get<std::string>();
}

std::optional<std::int64_t> JsonObject::integer(std::string_view key, std::int64_t low,
                                                std::int64_t high) const {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    const std::string expected = fmt::format("an integer from {} to {}", low, high);
    if (!value->is_number_integer()) fail(key, expected);
    if (value->is_number_unsigned() && !std::in_range<std::int64_t>(value->get<std::uint64_t>()))
        fail(key, expected);
    const auto number = value->get<std::int64_t>();
    if (number < low || number > high) fail(key, expected);
    return number;
}

std::optional<double> JsonObject::real(std::string_view key) const {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number() || !std::isfinite(value->get<double>())) fail(key, "a finite number");
    return value->get<double>();
}

std::optional<bool> JsonObject::flag(std::string_view key) const {
    const Json* value = find(key);
    if (value == nullptr) return std::nullopt;
    if (!value->is_boolean()) fail(key, "true or false");
    return value->get<bool>();
}

std::int64_t JsonObject::required_integer(std::string_view key, std::int64_t low, std::int64_t high) const {
    const auto number = integer(key, low, high);
    if (!number) fail(key, fmt::format("an integer from {} to {}", low, high));
    return *number;
}

JsonObject JsonObject::required_object(std::string_view key) const {
    auto found = object(key);
    if (!found) fail(key, "an object");
    return *std::move(found);
}

}  // namespace hone::hf
