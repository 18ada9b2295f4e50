// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/hugging_face/post_processor.h"

#include <fmt/format.h>

namespace hone::hf {
namespace {

using Json = nlohmann::json;

constexpr const char* kField = "post_processor";
constexpr const char* kExpected =
    "ByteLevel, or a template with one token before and one after a text";

// Null where it is absent, or `json` no object.
const Json& field(const Json& json, const char* name) {
    static const Json kNull;
    const auto found = json.is_object() ? json.find(name) : json.end();
    return json.is_object() && found != json.end() ? *found : kNull;
}

class PostProcessor {
public:
    PostProcessor(const JsonObject& tokenizer, std::int64_t n_vocab)
        : tokenizer_(tokenizer), n_vocab_(n_vocab) {}

    void read(const Json& processor) {
        const Json& type = field(processor, "type");
        if (type == "ByteLevel") return;  // moves offsets, adds nothing
        if (type == "Sequence" && field(processor, "processors").is_array()) {
            for (const Json& part : field(processor, "processors")) read(part);
        } else if (type == "TemplateProcessing" && field(processor, "single").is_array()) {
            read_template(processor);
        } else {
            tokenizer_.fail(kField, excerpt(processor), kExpected);
        }
    }
    const TokensAround& around() const { return around_; }

private:
    void read_template(const Json& processor) {
        bool text_seen = false;
        for (const Json& piece : field(processor, "single")) {
            if (const Json& special = field(piece, "SpecialToken"); special.is_object()) {
                std::optional<std::int64_t>& place = text_seen ? around_.after : around_.before;
                if (place) tokenizer_.fail(kField, excerpt(field(processor, "single")), kExpected);
                place = id_of(processor, special);
            } else {
                text_seen = true;
            }
        }
    }

    std::int64_t id_of(const Json& processor, const Json& special) const {
        const Json& name = field(special, "id");
        const Json& ids =
            name.is_string()
                ? field(field(field(processor, "special_tokens"), name.get<std::string>().c_str()),
                        "ids")
                : name;
        if (!ids.is_array() || ids.size() != 1 || !ids[0].is_number_unsigned() ||
            !std::in_range<std::int64_t>(ids[0].get<std::uint64_t>()) ||
            ids[0].get<std::int64_t>() >= n_vocab_)
            tokenizer_.fail(
                "post_processor.special_tokens", excerpt(field(processor, "special_tokens")),
                fmt::format("one id below {} for each token of the template", n_vocab_));
        return ids[0].get<std::int64_t>();
    }

    const JsonObject& tokenizer_;
    std::int64_t n_vocab_;
    TokensAround around_;
};

}  // namespace

TokensAround tokens_around(const JsonObject& tokenizer, std::int64_t n_vocab) {
    const Json* found = tokenizer.find(kField);
    if (found == nullptr) return {};
    PostProcessor processor(tokenizer, n_vocab);
    processor.read(*found);
    return processor.around();
}

}  // namespace hone::hf
