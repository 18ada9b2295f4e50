// SPDX-License-Identifier: Apache-2.0
// The worker protocol (docs/protocol.md) as structs. Each message says once what its fields are:
//
//     struct Tokenize {
//         static constexpr std::string_view kType = "tokenize", kHelp = "Turns a text into token
//         ids."; using Reply = TokenizeReply; std::string checkpoint; bool bench = false; Document
//         more{};
//
//         template <class Self, class Field>
//         static void fields(Self& self, Field& field) {
//             field("checkpoint", self.checkpoint, "a path");
//             field.optional("bench", self.bench, "measures the speed, too");
//         }
//     };
//
// Reading, writing and the page of the protocol follow from that. A std::optional that is required
// may be null; one that is optional is left out where it has no value, and so is an optional list
// that is empty. `more` keeps fields that this version does not know.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace hone::messages {

// JSON that a message carries as it is; null where nothing was set. A value that needs the forward
// header only.
class Document {
public:
    Document();
    Document(nlohmann::json json);  // NOLINT(google-explicit-constructor): a document is its JSON
    Document(const Document& other);
    Document(Document&& other) noexcept;
    Document& operator=(const Document& other);
    Document& operator=(Document&& other) noexcept;
    ~Document();

    const nlohmann::json& get() const;
    nlohmann::json& get();

private:
    std::unique_ptr<nlohmann::json> json_;  // null: JSON's null
};

// One line of the page of a message. `path`: "config.n_layers", "devices[].name".
struct FieldText {
    std::string path, type, help;
};

// What turns a message into JSON and back. Each group's source instantiates it for its messages.
template <class Message>
struct Codec {
    static nlohmann::json write(const Message& message);
    static Document document(
        const Message& message);  // the same, for those who need no JSON of their own
    static Message read(const nlohmann::json& json);
    static std::vector<FieldText> fields();
};

// The known fields and what `more` keeps.
template <class Message>
nlohmann::json write(const Message& message);

// Throws Error naming the first field that is missing, has another type or does not fit its
// number's type; never an exception of the JSON library.
template <class Message>
Message read(const nlohmann::json& json);

template <class Message>
nlohmann::json write(const Message& message) {
    return Codec<Message>::write(message);
}

template <class Message>
Message read(const nlohmann::json& json) {
    return Codec<Message>::read(json);
}

// Messages of a kind, so that code can go through them.
template <class... Messages>
struct List {
    // Calls visit.template operator()<Message>() for each.
    template <class Visit>
    static void each(Visit&& visit) {
        (visit.template operator()<Messages>(), ...);
    }
};

template <class... Lists>
struct Joined;
template <class... A>
struct Joined<List<A...>> {
    using Type = List<A...>;
};
template <class... A, class... B, class... Rest>
struct Joined<List<A...>, List<B...>, Rest...> {
    using Type = typename Joined<List<A..., B...>, Rest...>::Type;
};

}  // namespace hone::messages
