// SPDX-License-Identifier: Apache-2.0
// Every message of the protocol with a value in each field.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/experiment/protocol/envelope.h"
#include "engine/experiment/protocol/message_values.h"
#include "engine/experiment/protocol/messages/list.h"

namespace hone::messages {

// Gives each field a value of its own; what is left out where it is empty gets one, too.
class Filler {
public:
    template <class T>
    void operator()(std::string_view, T& into, std::string_view) {
        fill(into);
    }
    template <class T>
    void optional(std::string_view, T& into, std::string_view) {
        fill(into);
    }
    void figures(std::initializer_list<std::string_view> names, std::map<std::string, double>& into,
                 std::string_view) {
        fill(into);
        for (const std::string_view name : names) fill(into[std::string(name)]);
    }

private:
    void fill(bool& into) { into = ++count_ % 2 == 0; }
    template <Number T>
    void fill(T& into) {
        into = static_cast<T>(++count_);
    }
    template <Named T>
    void fill(T& into) {
        into = static_cast<T>(static_cast<std::size_t>(++count_) % names_of(T{}).size());
    }
    void fill(double& into) { into = ++count_ + 0.25; }
    void fill(std::string& into) { into = "text " + std::to_string(++count_); }
    void fill(Document& into) { into = nlohmann::json{{"document", ++count_}}; }
    void fill(Experiment& into) {
        into.checkpoint = "synthetic:tiny";
        fill(into.target);
        fill(into.workload);
        fill(into.recipe);
    }
    void fill(Target& into) { into.threads = ++count_; }
    void fill(Workload& into) { into.prompt_tokens = ++count_; }
    void fill(Recipe& into) {
        into = {};
        add_setting(into, "kv_cache.dtype=int8", builtin_registry());
    }
    void fill(ErrorDetails& into) {
        into = {"message " + std::to_string(++count_),
                "file",
                "field",
                "found",
                "expected",
                Fault::damaged};
    }
    template <class T>
    void fill(std::optional<T>& into) {
        fill(into.emplace());
    }
    template <class T>
    void fill(std::vector<T>& into) {
        into.resize(2);
        for (T& item : into) fill(item);
    }
    template <class T>
    void fill(std::map<std::string, T>& into) {
        for (const char* key : {"one", "two"}) fill(into[key]);
    }
    template <Described T>
    void fill(T& into) {
        T::fields(into, *this);
    }

    int count_ = 0;
};

template <class Message>
Message filled() {
    Message message;
    Filler filler;
    Message::fields(message, filler);
    return message;
}

template <class Request>
std::string name_of() {
    const std::string kind(kind_of<Request>());
    return std::string(Request::kType) + (kind.empty() ? "" : " " + kind);
}
template <class Request>
std::string reply_name_of() {
    return "reply to " + name_of<Request>();
}
inline constexpr std::string_view kExportResult = "result of an export";

// Calls visit<Message>(name) for each request, reply and event.
template <class Visit>
void each_message(Visit&& visit) {
    Requests::each([&]<class Request>() {
        visit.template operator()<Request>(name_of<Request>());
        visit.template operator()<typename Request::Reply>(reply_name_of<Request>());
    });
    visit.template operator()<ExportResult>(std::string(kExportResult));
    Events::each(
        [&]<class Event>() { visit.template operator()<Event>(std::string(Event::kType)); });
}

}  // namespace hone::messages
