// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/conversation.h"

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "engine/core/error.h"
#include "tests/protocol/example_messages.h"

namespace hone::fuzz {
namespace {

using namespace messages;
using nlohmann::json;

constexpr std::int64_t kAnId = 7;

void require(bool same, const std::string& name) {
    if (!same) throw std::logic_error("not the same again: " + name);
}

class Conversation {
public:
    void hear(std::string_view text) {
        const std::optional<Line> line = parse_line(text);
        if (!line) return;
        Events::each([&]<class Event>() {
            if (line->type == Event::kType)
                check<Event>(*line, std::string(Event::kType),
                             [](const Event& event) { return event_line(kAnId, event); });
        });
        Requests::each([&]<class Request>() {
            if (line->type == kResult && asks_for<Request>(asked_)) check_reply<Request>(*line);
            if (!asks_for<Request>(*line)) return;
            check<Request>(*line, name_of<Request>(),
                           [](const Request& request) { return request_line(kAnId, request); });
        });
        if (line->type != kResult) asked_ = *line;
    }

    std::set<std::string> understood;

private:
    template <class Request>
    void check_reply(const Line& line) {
        using Reply = typename Request::Reply;
        check<Reply>(line, reply_name_of<Request>(),
                     [](const Reply& reply) { return result_line(kAnId, reply); });
        // What a client tells of an export has other fields than what its worker says.
        if constexpr (std::same_as<Request, Export>)
            check<ExportResult>(line, std::string(kExportResult), [](const ExportResult& result) {
                return result_line(kAnId, result);
            });
    }

    template <class Message, class ToLine>
    void check(const Line& line, const std::string& name, ToLine to_line) {
        std::optional<Message> message;
        try {
            message = read<Message>(line.fields.get());
        } catch (const Error&) {
            return;
        }
        understood.insert(name);
        const json written = write(*message);
        require(write(read<Message>(written)) == written, name);
        const std::optional<Line> again = parse_line(to_line(*message));
        require(again && again->id == kAnId && again->type == line.type &&
                    again->kind == line.kind && again->fields.get() == written,
                name + ", in a line");
    }

    Line asked_;
};

}  // namespace

std::set<std::string> read_conversation(std::string_view lines) {
    Conversation conversation;
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        conversation.hear(lines.substr(0, end));
        lines.remove_prefix(std::min(end + 1, lines.size()));
    }
    return conversation.understood;
}

std::vector<std::string> example_conversations() {
    std::string events;
    Events::each([&]<class Event>() { events += event_line(kAnId, filled<Event>()); });
    std::vector<std::string> conversations{events};
    Requests::each([&]<class Request>() {
        conversations.push_back(request_line(kAnId, filled<Request>()) +
                                result_line(kAnId, filled<typename Request::Reply>()));
    });
    conversations.push_back(request_line(kAnId, filled<Export>()) +
                            result_line(kAnId, filled<ExportResult>()));
    return conversations;
}

}  // namespace hone::fuzz
