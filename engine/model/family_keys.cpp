// SPDX-License-Identifier: Apache-2.0
#include "engine/model/family_keys.h"

#include <fmt/format.h>

#include <optional>
#include <string_view>

#include "engine/core/error.h"
#include "engine/formats/file_kind.h"

namespace hone {
namespace {

std::optional<double> number(const MetadataValue& value) {
    return std::visit(
        [](const auto& held) -> std::optional<double> {
            using Held = std::decay_t<decltype(held)>;
            if constexpr (std::is_arithmetic_v<Held>) return static_cast<double>(held);
            return std::nullopt;
        },
        value);
}

bool is_neutral(const MetadataValue& value, Neutral neutral) {
    if (neutral == Neutral::anything) return true;
    const auto found = number(value);  // a flag is 0 or 1
    if (!found) return false;
    switch (neutral) {
        case Neutral::zero:
        case Neutral::no:
            return *found == 0;
        case Neutral::one:
        case Neutral::yes:
            return *found == 1;
        case Neutral::zero_or_one:
            return *found == 0 || *found == 1;
        case Neutral::anything:
        case Neutral::nothing:
            break;
    }
    return false;
}

const char* expected(Neutral neutral) {
    switch (neutral) {
        case Neutral::zero:
            return "0: nothing else is supported";
        case Neutral::one:
            return "1: nothing else is supported";
        case Neutral::zero_or_one:
            return "1: nothing else is supported";
        case Neutral::yes:
            return "true: nothing else is supported";
        case Neutral::no:
            return "false: nothing else is supported";
        case Neutral::anything:
        case Neutral::nothing:
            break;
    }
    return "no such key: it is not supported";
}

[[noreturn]] void unsupported(const Checkpoint& checkpoint, std::string_view key, std::string found,
                              std::string wanted) {
    throw Error(ErrorDetails{"", checkpoint.source, checkpoint.metadata_field(key),
                             std::move(found), std::move(wanted), Fault::unsupported});
}

// LoRA adapters and projectors carry their base model's architecture.
void require_model(const Checkpoint& checkpoint) {
    const std::string type = checkpoint.text_or("general.type", "model");
    if (type == "model") return;
    ErrorDetails details{"",
                         checkpoint.source,
                         checkpoint.metadata_field("general.type"),
                         "'" + shortened(type) + "'",
                         "'model'",
                         Fault::not_a_model};
    details.summary = type == "adapter" ? "This file is an adapter (LoRA), not a model."
                                        : "This file is a part of a model, not a model.";
    if (type == "adapter") details.action = "Merge it into its base model first.";
    throw Error(std::move(details));
}

}  // namespace

std::vector<std::string> check_keys(const Checkpoint& checkpoint, const Family& family) {
    const std::string prefix = family.key("");
    require_model(checkpoint);
    std::vector<std::string> unknown;
    for (auto at = checkpoint.metadata.lower_bound(prefix);
         at != checkpoint.metadata.end() && at->first.starts_with(prefix); ++at) {
        const KeyRow* known = gguf_key(std::string_view(at->first).substr(prefix.size()));
        if (known == nullptr)
            unknown.push_back(shortened(at->first));
        else if (!is_neutral(at->second, known->neutral))
            unsupported(checkpoint, at->first, value_text(at->second), expected(known->neutral));
    }
    if (unknown.empty()) return {};
    constexpr std::size_t kNamed = 8;
    const std::size_t more = unknown.size() > kNamed ? unknown.size() - kNamed : 0;
    unknown.resize(unknown.size() - more);
    return {fmt::format("the file has keys that Hone does not know and does not use: {}{}",
                        fmt::join(unknown, ", "),
                        more > 0 ? fmt::format(" and {} more", more) : "")};
}

}  // namespace hone
