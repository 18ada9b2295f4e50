// SPDX-License-Identifier: Apache-2.0
// How a value of each type is read, written and told.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/core/error.h"
#include "engine/experiment/protocol/experiment.h"
#include "engine/experiment/protocol/message.h"

namespace hone::messages {

// Where in a document a value stands; the path is only put together for an error.
struct Where {
    const Where* outer = nullptr;
    std::string_view key;
    std::ptrdiff_t index = -1;  // within a list
    std::string path() const;
};

[[noreturn]] void refuse(const Where& where, const nlohmann::json& found,
                         const std::string& expected);
[[noreturn]] void refuse_missing(const Where& where, const std::string& expected);

struct Nothing {
    template <class T>
    void operator()(std::string_view, T&, std::string_view) {}
    template <class T>
    void optional(std::string_view, T&, std::string_view) {}
    template <class T>
    void figures(std::initializer_list<std::string_view>, T&, std::string_view) {}
};

template <class T>
concept Described = requires(T& value, Nothing& field) {
    T::fields(value, field);
};

template <class T>
concept Number = std::integral<T> && !std::same_as<T, bool>;

// An enum with names has a function names_of(T) beside it, which gives them in its order.
template <class T>
concept Named = std::is_enum_v<T> && requires(T value) {
    names_of(value);
};

// How a type of values is read, written and told. Specialised below.
template <class T>
struct Value;

template <>
struct Value<bool> {
    static std::string type() { return "bool"; }
    static std::string expected() { return "true or false"; }
    static nlohmann::json write(bool value) { return value; }
    static void read(const nlohmann::json& json, bool& into, const Where& where) {
        if (!json.is_boolean()) refuse(where, json, expected());
        into = json.get<bool>();
    }
};

template <Number T>
struct Value<T> {
    static std::string type() { return "integer"; }
    static std::string expected() {
        return fmt::format("a whole number from {} to {}", std::numeric_limits<T>::min(),
                           std::numeric_limits<T>::max());
    }
    static nlohmann::json write(T value) { return value; }
    static void read(const nlohmann::json& json, T& into, const Where& where) {
        if (json.is_number_unsigned()) {
            const auto number = json.get<std::uint64_t>();
            if (!std::in_range<T>(number)) refuse(where, json, expected());
            into = static_cast<T>(number);
        } else if (json.is_number_integer()) {
            const auto number = json.get<std::int64_t>();
            if (!std::in_range<T>(number)) refuse(where, json, expected());
            into = static_cast<T>(number);
        } else if (json.is_number_float()) {
            // 3.0 is a whole number as well; beyond 2^53 a double does not tell which one.
            constexpr double kExact = 9007199254740992.0;
            const auto number = json.get<double>();
            if (!(std::abs(number) <= kExact) || number != std::floor(number) ||
                !std::in_range<T>(static_cast<std::int64_t>(number)))
                refuse(where, json, expected());
            into = static_cast<T>(number);
        } else {
            refuse(where, json, expected());
        }
    }
};

template <>
struct Value<double> {
    static std::string type() { return "number"; }
    static std::string expected() { return "a number"; }
    static nlohmann::json write(double value) { return value; }
    static void read(const nlohmann::json& json, double& into, const Where& where) {
        if (!json.is_number()) refuse(where, json, expected());
        into = json.get<double>();
    }
};

template <>
struct Value<std::string> {
    static std::string type() { return "text"; }
    static std::string expected() { return "a text"; }
    static nlohmann::json write(const std::string& value) { return value; }
    static void read(const nlohmann::json& json, std::string& into, const Where& where) {
        if (!json.is_string()) refuse(where, json, expected());
        into = json.get<std::string>();
    }
};

template <Named T>
struct Value<T> {
    static std::string type() {
        std::string all;
        for (const std::string_view name : names_of(T{}))
            all += (all.empty() ? "" : ", ") + fmt::format("\"{}\"", name);
        return all;
    }
    static std::string expected() { return "one of " + type(); }
    static nlohmann::json write(T value) {
        return names_of(value)[static_cast<std::size_t>(value)];
    }
    static void read(const nlohmann::json& json, T& into, const Where& where) {
        const auto names = names_of(T{});
        const auto found = json.is_string()
                               ? std::find(names.begin(), names.end(), json.get<std::string>())
                               : names.end();
        if (found == names.end()) refuse(where, json, expected());
        into = static_cast<T>(found - names.begin());
    }
};

template <>
struct Value<Document> {
    static std::string type() { return "any JSON"; }
    static std::string expected() { return "any JSON"; }
    static nlohmann::json write(const Document& value) { return value.get(); }
    static void read(const nlohmann::json& json, Document& into, const Where&) { into = json; }
};

template <class T>
struct Value<std::optional<T>> {
    static std::string type() { return Value<T>::type() + " or null"; }
    static std::string expected() { return Value<T>::expected() + ", or null"; }
    static nlohmann::json write(const std::optional<T>& value) {
        return value ? Value<T>::write(*value) : nlohmann::json();
    }
    static void read(const nlohmann::json& json, std::optional<T>& into, const Where& where) {
        into.reset();
        if (!json.is_null()) Value<T>::read(json, into.emplace(), where);
    }
};

template <class T>
struct Value<std::vector<T>> {
    static std::string type() { return "[" + Value<T>::type() + "]"; }
    static std::string expected() { return "a list"; }
    static nlohmann::json write(const std::vector<T>& values) {
        nlohmann::json list = nlohmann::json::array();
        auto& items = list.template get_ref<nlohmann::json::array_t&>();
        items.reserve(values.size());
        for (const T& value : values) items.push_back(Value<T>::write(value));
        return list;
    }
    static void read(const nlohmann::json& json, std::vector<T>& into, const Where& where) {
        if (!json.is_array()) refuse(where, json, expected());
        into.clear();
        into.reserve(json.size());
        for (const nlohmann::json& item : json) {
            T value{};
            Value<T>::read(item, value, {&where, {}, std::ssize(into)});
            into.push_back(std::move(value));
        }
    }
};

template <class T>
struct Value<std::map<std::string, T>> {
    static std::string type() { return "{name: " + Value<T>::type() + "}"; }
    static std::string expected() { return "an object"; }
    static nlohmann::json write(const std::map<std::string, T>& values) {
        nlohmann::json object = nlohmann::json::object();
        for (const auto& [key, value] : values) object[key] = Value<T>::write(value);
        return object;
    }
    static void read(const nlohmann::json& json, std::map<std::string, T>& into,
                     const Where& where) {
        if (!json.is_object()) refuse(where, json, expected());
        into.clear();
        for (const auto& [key, item] : json.items()) {
            // JSON has no infinity: a figure without a value is null, and none.
            if (std::floating_point<T> && item.is_null()) continue;
            Value<T>::read(item, into[key], {&where, key});
        }
    }
};

// Parts of an experiment have their own reading, which checks values and says what they may be.
template <class T>
struct PartOfExperiment {
    static std::string expected() { return "an object"; }
    static nlohmann::json write(const T& value) { return to_json(value); }
};
template <>
struct Value<Experiment> : PartOfExperiment<Experiment> {
    static std::string type() { return "experiment"; }
    static void read(const nlohmann::json& json, Experiment& into, const Where&) {
        into = experiment_from_json(json, builtin_registry());
    }
};
template <>
struct Value<Recipe> : PartOfExperiment<Recipe> {
    static std::string type() { return "recipe"; }
    static void read(const nlohmann::json& json, Recipe& into, const Where&) {
        into = recipe_from_json(json, builtin_registry());
    }
};
template <>
struct Value<Workload> : PartOfExperiment<Workload> {
    static std::string type() { return "workload"; }
    static void read(const nlohmann::json& json, Workload& into, const Where&) {
        into = workload_from_json(json);
    }
};
template <>
struct Value<Target> : PartOfExperiment<Target> {
    static std::string type() { return "target"; }
    static void read(const nlohmann::json& json, Target& into, const Where&) {
        into = target_from_json(json);
    }
};
template <>
struct Value<ErrorDetails> : PartOfExperiment<ErrorDetails> {
    static std::string type() { return "error"; }
    static void read(const nlohmann::json& json, ErrorDetails& into, const Where& where) {
        if (!json.is_object()) refuse(where, json, expected());
        into = error_details_from_json(json);
    }
};

}  // namespace hone::messages
