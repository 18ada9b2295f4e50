// SPDX-License-Identifier: Apache-2.0
// What reads, writes and explains the fields of a message. Only the sources that instantiate Codec
// include it.
#pragma once

#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/experiment/protocol/message.h"
#include "engine/experiment/protocol/message_values.h"

namespace hone::messages {

class Reader {
public:
    Reader(const nlohmann::json& object, const Where& where) : object_(object), where_(where) {}

    template <class T>
    void operator()(std::string_view key, T& into, std::string_view) {
        const nlohmann::json* found = take(key);
        if (found == nullptr) refuse_missing({&where_, key}, Value<T>::expected());
        Value<T>::read(*found, into, {&where_, key});
    }
    template <class T>
    void optional(std::string_view key, T& into, std::string_view) {
        if (const nlohmann::json* found = take(key)) Value<T>::read(*found, into, {&where_, key});
    }
    // Null is a value of its own there, and not the same as no field.
    template <class T>
    void optional(std::string_view key, std::optional<std::optional<T>>& into, std::string_view) {
        if (const nlohmann::json* found = take(key))
            Value<std::optional<T>>::read(*found, into.emplace(), {&where_, key});
    }
    // Figures among the other fields: those of `names`, which are required, and whatever else is a
    // number.
    void figures(std::initializer_list<std::string_view> names, std::map<std::string, double>& into,
                 std::string_view help);
    // The fields that nobody asked for; null where there are none.
    Document rest() const;

private:
    const nlohmann::json* take(std::string_view key);

    const nlohmann::json& object_;
    const Where& where_;
    std::vector<std::string_view> taken_;
};

class Writer {
public:
    explicit Writer(nlohmann::json& object) : object_(object) {}

    template <class T>
    void operator()(std::string_view key, const T& value, std::string_view) {
        object_[std::string(key)] = Value<T>::write(value);
    }
    template <class T>
    void optional(std::string_view key, const T& value, std::string_view help) {
        (*this)(key, value, help);
    }
    template <class T>
    void optional(std::string_view key, const std::optional<T>& value, std::string_view help) {
        if (value) (*this)(key, *value, help);
    }
    template <class T>
    void optional(std::string_view key, const std::vector<T>& values, std::string_view help) {
        if (!values.empty()) (*this)(key, values, help);
    }
    void optional(std::string_view key, const Document& value, std::string_view help) {
        if (!value.get().is_null()) (*this)(key, value, help);
    }
    void figures(std::initializer_list<std::string_view>,
                 const std::map<std::string, double>& values, std::string_view) {
        for (const auto& [key, value] : values) object_[key] = value;
    }

private:
    nlohmann::json& object_;
};

// What a type of values holds in its turn, as lines of the page.
template <class T>
struct Inner {
    static void add(const std::string&, std::vector<FieldText>&) {}
};

class Explainer {
public:
    Explainer(std::string prefix, std::vector<FieldText>& lines)
        : prefix_(std::move(prefix)), lines_(lines) {}

    template <class T>
    void operator()(std::string_view key, const T&, std::string_view help) {
        add<T>(key, Value<T>::type(), help);
    }
    template <class T>
    void optional(std::string_view key, const T& value, std::string_view help) {
        const nlohmann::json json = Value<T>::write(value);
        const bool shown = !json.is_structured() && json != "";
        add<T>(key, Value<T>::type() + (shown ? ", default " + json.dump() : ", optional"), help);
    }
    template <class T>
    void optional(std::string_view key, const std::optional<T>&, std::string_view help) {
        add<T>(key, Value<T>::type() + ", optional", help);
    }
    void optional(std::string_view key, const Document&, std::string_view help) {
        add<Document>(key, Value<Document>::type() + ", optional", help);
    }
    void figures(std::initializer_list<std::string_view> names,
                 const std::map<std::string, double>&, std::string_view help) {
        for (const std::string_view name : names)
            add<double>(name, Value<double>::type(), "a figure");
        add<double>("NAME", Value<double>::type() + ", optional", help);
    }

private:
    template <class T>
    void add(std::string_view key, std::string type, std::string_view help) {
        const std::string path = prefix_ + std::string(key);
        lines_.push_back({path, std::move(type), std::string(help)});
        Inner<T>::add(path, lines_);
    }

    std::string prefix_;
    std::vector<FieldText>& lines_;
};

template <Described T>
struct Inner<T> {
    static void add(const std::string& path, std::vector<FieldText>& lines) {
        Explainer explain(path.empty() ? path : path + ".", lines);
        const T example{};
        T::fields(example, explain);
    }
};
template <class T>
struct Inner<std::optional<T>> : Inner<T> {};
template <class T>
struct Inner<std::vector<T>> {
    static void add(const std::string& path, std::vector<FieldText>& lines) {
        Inner<T>::add(path + "[]", lines);
    }
};
template <class T>
struct Inner<std::map<std::string, T>> {
    static void add(const std::string& path, std::vector<FieldText>& lines) {
        Inner<T>::add(path + ".NAME", lines);
    }
};

void write_rest(const Document& more, nlohmann::json& object);

template <Described T>
struct Value<T> {
    static std::string type() { return "object"; }
    static std::string expected() { return "an object"; }
    static nlohmann::json write(const T& value) {
        nlohmann::json object = nlohmann::json::object();
        if constexpr (requires { value.more; }) write_rest(value.more, object);
        Writer writer(object);
        T::fields(value, writer);
        return object;
    }
    static void read(const nlohmann::json& json, T& into, const Where& where) {
        if (!json.is_object()) refuse(where, json, expected());
        Reader reader(json, where);
        T::fields(into, reader);
        if constexpr (requires { into.more; }) into.more = reader.rest();
    }
};

[[noreturn]] void refuse_document();

template <class Message>
nlohmann::json Codec<Message>::write(const Message& message) {
    return Value<Message>::write(message);
}

template <class Message>
Document Codec<Message>::document(const Message& message) {
    return write(message);
}

template <class Message>
Message Codec<Message>::read(const nlohmann::json& json) {
    Message message{};
    try {
        Value<Message>::read(json, message, {});
    } catch (const nlohmann::json::exception&) {
        refuse_document();
    }
    return message;
}

template <class Message>
std::vector<FieldText> Codec<Message>::fields() {
    std::vector<FieldText> lines;
    Inner<Message>::add("", lines);
    return lines;
}

}  // namespace hone::messages
