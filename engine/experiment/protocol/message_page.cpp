// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/protocol/message_page.h"

#include <fmt/format.h>

#include "engine/experiment/protocol/envelope.h"
#include "engine/experiment/protocol/messages/list.h"

namespace hone::messages {
namespace {

constexpr std::size_t kColumns = 100;

// Lines of at most kColumns, broken between words.
std::string wrapped(std::string_view text) {
    std::string lines;
    std::size_t column = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        if (column > 0 && column + 1 + end > kColumns) {
            lines += '\n';
            column = 0;
        } else if (column > 0) {
            lines += ' ';
            ++column;
        }
        lines += text.substr(0, end);
        column += end;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines + "\n";
}

std::string in_cell(std::string text) {
    for (std::size_t bar = text.find('|'); bar != std::string::npos; bar = text.find('|', bar + 2))
        text.insert(bar, 1, '\\');
    return text;
}

std::string table_of(const char* what, const std::vector<FieldText>& fields) {
    if (fields.empty()) return fmt::format("{}: no fields.\n", what);
    std::string table = fmt::format("| {} | | |\n| --- | --- | --- |\n", what);
    for (const FieldText& field : fields)
        table += fmt::format("| `{}` | {} | {} |\n", field.path, in_cell(field.type),
                             in_cell(field.help));
    return table;
}

template <class Request>
std::string request_section() {
    std::string title = fmt::format("`{}`", Request::kType);
    if (!kind_of<Request>().empty())
        title += fmt::format(" with `kind` \"{}\"", kind_of<Request>());
    return fmt::format("### {}\n\n{}\n{}\n{}\n", title, wrapped(Request::kHelp),
                       table_of("request", Codec<Request>::fields()),
                       table_of("reply", Codec<typename Request::Reply>::fields()));
}

}  // namespace

std::string messages_markdown() {
    std::string page = "## Requests\n\n";
    Requests::each([&]<class Request>() { page += request_section<Request>(); });
    page += "## Events\n\n";
    Events::each([&]<class Event>() {
        page += fmt::format("### `{}`\n\n{}\n{}\n", Event::kType, wrapped(Event::kHelp),
                            table_of("event", Codec<Event>::fields()));
    });
    return page;
}

}  // namespace hone::messages
