// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/error.h"

namespace hone::hf {

// An object of a JSON file, and where it lies. Every error is an Error that names the file and the
// field's path. A field that is null counts as absent.
class JsonObject {
public:
    // Throws Error for what is no JSON (at which byte), UTF-8 that is none, a key twice in one
    // object, more than kMaxValues values, or nesting deeper than kMaxDepth. `field` names the text
    // within the file, for one that is a part of it.
    static JsonObject parse(std::string_view text, std::string file, const std::string& field);
    // A whole file, of at most kMaxBytes.
    static JsonObject read(const std::filesystem::path& path);
    // Each member of the object that `text` is, in order and as soon as it is read, so that only
    // one is held at a time. Throws as parse() does.
    using Visit = std::function<void(const std::string& key, const nlohmann::json& value)>;
    static void each_member(std::string_view text, const std::string& file,
                            const std::string& field, const Visit& visit);

    const nlohmann::json& json() const { return json_; }
    const std::string& file() const { return file_; }

    const nlohmann::json* find(std::string_view key) const;
    // Absent where the field is; throw where it is of another type or outside [low, high].
    std::optional<JsonObject> object(std::string_view key) const;
    std::optional<std::string> text(std::string_view key) const;
    std::optional<std::int64_t> integer(std::string_view key, std::int64_t low,
                                        std::int64_t high) const;
    std::optional<double> real(std::string_view key) const;
    std::optional<bool> flag(std::string_view key) const;
    std::int64_t required_integer(std::string_view key, std::int64_t low, std::int64_t high) const;
    JsonObject required_object(std::string_view key) const;

    // "FILE: PATH.KEY: found FOUND, expected EXPECTED"; FOUND is the value as it stands where none
    // is given.
    [[noreturn]] void fail(std::string_view key, const std::string& expected) const;
    [[noreturn]] void fail(std::string_view key, const std::string& found,
                           const std::string& expected, Fault fault = Fault::damaged) const;

    static constexpr std::size_t kMaxBytes = std::size_t{256} << 20;
    static constexpr std::size_t kMaxValues = std::size_t{1} << 24;
    static constexpr int kMaxDepth = 64;

private:
    JsonObject(nlohmann::json json, std::string file, std::string path)
        : json_(std::move(json)), file_(std::move(file)), path_(std::move(path)) {}

    nlohmann::json json_;
    std::string file_, path_;
};

// The value in a line of at most some 100 bytes, for messages.
std::string excerpt(const nlohmann::json& json);

}  // namespace hone::hf
