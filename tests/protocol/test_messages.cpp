// SPDX-License-Identifier: Apache-2.0
// Every message of the protocol: written and read again it is the same, and what does not fit is
// named.
#include <gmock/gmock.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "engine/experiment/protocol/envelope.h"
#include "engine/experiment/protocol/message_page.h"
#include "engine/experiment/protocol/messages/list.h"
#include "tests/paths/paths.h"
#include "tests/protocol/example_messages.h"

namespace hone::messages {
namespace {

using nlohmann::json;
using testing::HasSubstr;

class RequiredKeys {
public:
    template <class T>
    void operator()(std::string_view key, T&, std::string_view) {
        keys.emplace_back(key);
    }
    template <class T>
    void optional(std::string_view, T&, std::string_view) {}
    void figures(std::initializer_list<std::string_view> names, std::map<std::string, double>&,
                 std::string_view) {
        keys.insert(keys.end(), names.begin(), names.end());
    }
    std::vector<std::string> keys;
};

// The same for tests, which name the message where they fail.
template <class Visit>
void trace_each(Visit&& visit) {
    each_message([&]<class Message>(const std::string& name) {
        SCOPED_TRACE(name);
        visit.template operator()<Message>(name);
    });
}

template <class Message>
std::optional<ErrorDetails> refusal(const json& written) {
    try {
        (void)read<Message>(written);
    } catch (const Error& error) {
        return error.details();
    }
    return std::nullopt;
}

TEST(Messages, AreTheSameOnceReadAgain) {
    trace_each([]<class Message>(const std::string&) {
        const json written = write(filled<Message>());
        EXPECT_EQ(write(read<Message>(written)), written);
        EXPECT_EQ(write(read<Message>(json::parse(written.dump()))), written);
        const json empty = write(Message());
        if (!refusal<Message>(empty)) {
            EXPECT_EQ(write(read<Message>(empty)), empty);
        }
    });
}

TEST(Messages, KeepFieldsThatAreNotKnown) {
    trace_each([]<class Message>(const std::string&) {
        json written = write(filled<Message>());
        written["from the future"] = {{"a", 1}};
        const auto message = read<Message>(written);
        EXPECT_EQ(message.more.get(), (json{{"from the future", {{"a", 1}}}}));
        EXPECT_EQ(write(message), written);
    });
}

TEST(Messages, NameARequiredFieldThatIsMissing) {
    trace_each([]<class Message>(const std::string&) {
        const json written = write(filled<Message>());
        RequiredKeys required;
        Message message;
        Message::fields(message, required);
        for (const std::string& key : required.keys) {
            json without = written;
            without.erase(key);
            const auto error = refusal<Message>(without);
            ASSERT_TRUE(error) << key;
            EXPECT_EQ(error->field, key);
            EXPECT_EQ(error->found, "nothing");
            EXPECT_NE(error->expected, "");
        }
    });
}

// Every value of a message in turn, replaced by each of others: it is read, or refused by name.
template <class Message>
void replace_each(json& whole, json& part, const std::string& path, int& refused) {
    static const std::vector<json> kOthers{nullptr,
                                           true,
                                           -1,
                                           1e300,
                                           18446744073709551615U,
                                           "text",
                                           json::array(),
                                           {1, "a"},
                                           {{"k", {{"k", 1}}}}};
    const json kept = part;
    for (const json& other : kOthers) {
        part = other;
        try {
            (void)write(read<Message>(whole)).dump();
        } catch (const Error& error) {
            ++refused;
            EXPECT_NE(error.details().field, "") << path;
            EXPECT_NE(error.details().expected, "") << path << ": " << error.what();
        } catch (const std::exception& error) {
            ADD_FAILURE() << path << " = " << other << ": " << error.what();
        }
    }
    part = kept;
    if (!part.is_structured()) return;
    for (auto& [key, value] : part.items())
        replace_each<Message>(whole, value, path + "/" + key, refused);
}

TEST(Messages, NameAFieldOfAnotherType) {
    trace_each([]<class Message>(const std::string& name) {
        json written = write(filled<Message>());
        int refused = 0;
        replace_each<Message>(written, written, "", refused);
        EXPECT_GE(refused, 5) << name;
        const auto error = refusal<Message>(json::array());
        ASSERT_TRUE(error);
        EXPECT_EQ(error->expected, "an object");
    });
}

TEST(Messages, NameANumberThatDoesNotFit) {
    const auto of = [](const json& bins) {
        return refusal<TensorStats>({{"checkpoint", "a"}, {"tensor", "b"}, {"bins", bins}});
    };
    EXPECT_FALSE(of(80));
    EXPECT_FALSE(of(80.0)) << "a whole number";
    for (const json& bins :
         {json(80.5), json(3e9), json(-3000000000), json(18446744073709551615U), json("80")}) {
        const auto error = of(bins);
        ASSERT_TRUE(error) << bins;
        EXPECT_EQ(error->field, "bins");
        EXPECT_EQ(error->expected, "a whole number from -2147483648 to 2147483647");
    }
}

TEST(Messages, NameWhereInADocumentAFieldIs) {
    json written = write(filled<InspectReply>());
    written["tensors"][1]["shape"][0] = "wide";
    const auto error = refusal<InspectReply>(written);
    ASSERT_TRUE(error);
    EXPECT_EQ(error->field, "tensors[1].shape[0]");
    EXPECT_EQ(error->found, "\"wide\"");
}

TEST(Messages, TellNullFromNothing) {
    CudaDevice device;
    EXPECT_FALSE(write(device).contains("memory_free"));
    device.memory_free.emplace();
    ASSERT_TRUE(write(device).contains("memory_free"));
    EXPECT_TRUE(write(device)["memory_free"].is_null());
    EXPECT_TRUE(read<CudaDevice>(write(device)).memory_free);
    EXPECT_FALSE(*read<CudaDevice>(write(device)).memory_free);
}

TEST(Lines, HaveTheirEnvelope) {
    const std::string text = request_line(7, TensorStats{.checkpoint = "a", .tensor = "b"});
    EXPECT_EQ(
        text,
        "{\"bins\":80,\"checkpoint\":\"a\",\"id\":7,\"tensor\":\"b\",\"type\":\"tensor_stats\"}\n");
    const auto line = parse_line(text);
    ASSERT_TRUE(line);
    EXPECT_EQ(line->id, 7);
    EXPECT_TRUE(asks_for<TensorStats>(*line));
    EXPECT_FALSE(asks_for<Inspect>(*line));
    EXPECT_EQ(read<TensorStats>(line->fields.get()).tensor, "b");
    EXPECT_EQ(event_line({}, Heartbeat{.resident = 3}),
              "{\"resident\":3,\"type\":\"heartbeat\"}\n");
}

TEST(Lines, WithoutATypeAreNone) {
    for (const char* text : {"", "[1, 2]", "{}", "{\"type\":3}", "{\"id\":1", "3"})
        EXPECT_FALSE(parse_line(text)) << text;
    EXPECT_FALSE(parse_line("{\"type\":\"hello\",\"id\":\"one\"}")->id);
}

// Whoever copies or prints a document of such depth needs as much of the stack.
TEST(Lines, DoNotNestWithoutEnd) {
    const auto nested = [](std::size_t depth) {
        return "{\"type\":\"hello\",\"id\":1,\"odd\":" + std::string(depth, '[') +
               std::string(depth, ']') + "}";
    };
    ASSERT_TRUE(parse_line(nested(60)));
    EXPECT_EQ(write(read<Hello>(parse_line(nested(60))->fields.get())).at("odd").size(), 1U);
    EXPECT_FALSE(parse_line(nested(70)));
    EXPECT_FALSE(parse_line(nested(1'000'000)));
}

TEST(Lines, AreUtf8) {
    try {
        (void)request_line(1, Inspect{.checkpoint = "a\xff"});
        FAIL() << "it was written";
    } catch (const Error& error) {
        EXPECT_THAT(error.details().summary, HasSubstr("UTF-8"));
    }
    EXPECT_THAT(event_line(1, Progress{.text = "a\xff"}), HasSubstr("a\xef\xbf\xbd"));
}

TEST(Requests, HaveATypeEach) {
    std::set<std::string> types;
    Requests::each([&]<class Request>() {
        EXPECT_TRUE(
            types.insert(std::string(Request::kType) + " " + std::string(kind_of<Request>()))
                .second)
            << Request::kType;
        EXPECT_TRUE(Request::kHelp.ends_with('.')) << Request::kType;
    });
}

// With HONE_UPDATE_DOCS set the page's part is written instead of compared.
TEST(Messages, PageIsMadeFromTheDescriptions) {
    const std::string path = test::source_dir() + "/docs/protocol.md";
    const std::string begin = "<!-- messages: made by test_protocol -->\n",
                      end = "<!-- end of messages -->\n";
    std::stringstream text;
    text << std::ifstream(path).rdbuf();
    std::string page = text.str();
    const std::size_t first = page.find(begin), last = page.find(end);
    ASSERT_TRUE(first != std::string::npos && last != std::string::npos && first < last);
    const std::string made = "\n" + messages_markdown();
    if (std::getenv("HONE_UPDATE_DOCS") != nullptr) {
        page.replace(first + begin.size(), last - first - begin.size(), made);
        std::ofstream(path) << page;
        return;
    }
    EXPECT_EQ(page.substr(first + begin.size(), last - first - begin.size()), made)
        << "run this test with HONE_UPDATE_DOCS=1 and commit docs/protocol.md";
}

}  // namespace
}  // namespace hone::messages
