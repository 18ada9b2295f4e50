// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/tokenizer_defaults.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <type_traits>
#include <unordered_set>
#include <utility>

#include "engine/base/printable.h"
#include "engine/formats/tokenizer_kinds.h"

namespace hone {
namespace {

// tokenizer.ggml.token_type of the GGUF format.
constexpr std::int32_t kNormal = 1, kControl = 3;
constexpr std::int64_t kNone = -1;
constexpr std::int64_t kDefaultId = 11;  // llama.cpp's for BOS and EOS of byte-level BPE: Falcon's
constexpr const char* kPre = "tokenizer.ggml.pre";
constexpr const char* kBos = "tokenizer.ggml.bos_token_id";
constexpr const char* kEos = "tokenizer.ggml.eos_token_id";
constexpr const char* kEnds = "tokenizer.ggml.eos_token_ids";
constexpr const char* kAddBos = "tokenizer.ggml.add_bos_token";
constexpr const char* kTypes = "tokenizer.ggml.token_type";

// Texts of tokens that end a generation, and are control tokens, whatever a file says of them.
constexpr std::string_view kEndTexts[] = {"<|eot_id|>",
                                          "<|im_end|>",
                                          "<|end|>",
                                          "<|return|>",
                                          "<|call|>",
                                          "<|calls|>",
                                          "<|flush|>",
                                          "<end_of_turn>",
                                          "<|endoftext|>",
                                          "</s>",
                                          "<|eom_id|>",
                                          "<EOT>",
                                          "_<EOT>",
                                          "[EOT]",
                                          "[EOS]",
                                          "<eos>",
                                          "<|end_of_text|>",
                                          "<turn|>",
                                          "<end_of_utterance>",
                                          "<｜end▁of▁sentence｜>",
                                          "[e~[",
                                          "<|tool_response>"};

// Keys of tokens that end a generation too, and the texts that stand in where a key is absent.
struct EndKey {
    const char* key;
    std::array<std::string_view, 5> texts;
};
constexpr EndKey kEndKeys[] = {
    {"tokenizer.ggml.eot_token_id", {}},
    {"tokenizer.ggml.eom_token_id", {}},
    {"tokenizer.ggml.fim_pad_token_id",
     {"<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<PAD>", "[PAD]"}},
    {"tokenizer.ggml.fim_rep_token_id",
     {"<|fim_repo|>", "<|repo_name|>", "<fim-repo>", "<REPO>", "<reponame>"}},
    {"tokenizer.ggml.fim_sep_token_id", {"<|file_sep|>"}},
};

// Keys of single tokens, beside BOS and EOS: none where the vocabulary does not have them.
constexpr const char* kOtherIds[] = {
    "tokenizer.ggml.unknown_token_id", "tokenizer.ggml.seperator_token_id",
    "tokenizer.ggml.padding_token_id", "tokenizer.ggml.mask_token_id",
    "tokenizer.ggml.eot_token_id",     "tokenizer.ggml.eom_token_id",
    "tokenizer.ggml.fim_pre_token_id", "tokenizer.ggml.fim_suf_token_id",
    "tokenizer.ggml.fim_mid_token_id", "tokenizer.ggml.fim_pad_token_id",
    "tokenizer.ggml.fim_rep_token_id", "tokenizer.ggml.fim_sep_token_id"};

// Flags that say something which byte-level BPE does not do in llama.cpp, or that Hone does not.
struct IdleFlag {
    const char* key;
    const char* meaning;
};
constexpr IdleFlag kIdleFlags[] = {
    {"tokenizer.ggml.add_eos_token", "Hone adds no EOS to a text"},
    {"tokenizer.ggml.add_sep_token", "byte-level BPE adds no separator, in llama.cpp neither"},
    {"tokenizer.ggml.add_space_prefix",
     "byte-level BPE puts no space before a text, in llama.cpp neither"},
    {"tokenizer.ggml.remove_extra_whitespaces",
     "byte-level BPE keeps all white space, in llama.cpp too"},
};

template <typename Held>
Held* held(Checkpoint& checkpoint, std::string_view key) {
    const auto found = checkpoint.metadata.find(key);
    return found == checkpoint.metadata.end() ? nullptr : std::get_if<Held>(&found->second);
}

template <typename Element>
std::vector<Element>* array(Checkpoint& checkpoint, std::string_view key) {
    auto* found = held<MetadataArray>(checkpoint, key);
    return found == nullptr ? nullptr : std::get_if<std::vector<Element>>(found);
}

class Defaults {
public:
    explicit Defaults(Checkpoint& checkpoint)
        : checkpoint_(checkpoint),
          tokens_(*array<std::string>(checkpoint, "tokenizer.ggml.tokens")) {}

    void answer() {
        name_empty_tokens();
        answer_cut();
        answer_bos();
        answer_id(kEos, kDefaultId);
        for (const char* key : kOtherIds) answer_id(key, kNone);
        answer_ends();
        for (const IdleFlag& flag : kIdleFlags) {
            const bool* set = held<bool>(checkpoint_, flag.key);
            if (set != nullptr && *set) note("{} is true, but {}.", flag.key, flag.meaning);
        }
        if (checkpoint_.metadata_find("tokenizer.ggml.suppress_tokens") != nullptr)
            note("tokenizer.ggml.suppress_tokens is not followed: any token may be generated.");
    }

private:
    void name_empty_tokens();
    void answer_cut();
    void answer_bos();
    void answer_id(const char* key, std::int64_t instead);
    void answer_ends();
    void override_types(const std::vector<std::size_t>& controls);
    std::optional<std::int64_t> integer(const char* key) const;

    template <typename... Arguments>
    void note(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
        checkpoint_.notes.push_back(fmt::format(format, std::forward<Arguments>(arguments)...));
    }

    Checkpoint& checkpoint_;
    std::vector<std::string>& tokens_;
};

// None where the key is absent or no whole number: who uses it refuses it.
std::optional<std::int64_t> Defaults::integer(const char* key) const {
    const MetadataValue* value = checkpoint_.metadata_find(key);
    if (value == nullptr) return std::nullopt;
    return std::visit(
        [](const auto& held) -> std::optional<std::int64_t> {
            using Held = std::decay_t<decltype(held)>;
            if constexpr (std::is_integral_v<Held> && !std::is_same_v<Held, bool>) {
                return std::in_range<std::int64_t>(held) ? static_cast<std::int64_t>(held)
                                                         : std::numeric_limits<std::int64_t>::max();
            }
            return std::nullopt;
        },
        *value);
}

void Defaults::name_empty_tokens() {
    std::size_t count = 0, last = 0;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
        if (!tokens_[i].empty()) continue;
        tokens_[i] = fmt::format("[EMPTY_{}]", i);
        last = i;
        ++count;
    }
    if (count == 1)
        note("Token {} has no text: it is named {}, as in llama.cpp.", last, tokens_[last]);
    if (count > 1)
        note(
            "{} tokens have no text, the last of them {}: they are named {} and so on, as in "
            "llama.cpp.",
            count, last, tokens_[last]);
}

void Defaults::answer_cut() {
    const bool absent = checkpoint_.metadata_find(kPre) == nullptr;
    const std::string* name = held<std::string>(checkpoint_, kPre);
    if (absent || (name != nullptr && name->empty())) {
        checkpoint_.metadata[kPre] = std::string("default");
        note(
            "The file does not say how its texts are cut into words (tokenizer.ggml.pre): they are "
            "cut in "
            "llama.cpp's "
            "default way, which may not be the one that the model was trained with.");
    } else if (name != nullptr && *name == "default") {
        note(
            "The file names llama.cpp's default way of cutting texts into words "
            "(tokenizer.ggml.pre), which "
            "may not be the "
            "one that the model was trained with.");
    }
}

// BOS is looked for only where texts begin with one.
void Defaults::answer_bos() {
    const std::string* name = held<std::string>(checkpoint_, kPre);
    const TokenizerKind* kind = name == nullptr ? nullptr : tokenizer_kind(*name);
    if (kind == nullptr) return;
    if (checkpoint_.metadata_find(kAddBos) == nullptr) {
        checkpoint_.metadata[kAddBos] = kind->adds_bos;
        note(
            "The file does not say whether texts begin with a BOS token ({}): they {}, as in "
            "llama.cpp for "
            "'{}'.",
            kAddBos, kind->adds_bos ? "do" : "do not", kind->name);
    }
    const bool* adds = held<bool>(checkpoint_, kAddBos);
    if (adds != nullptr && *adds)
        answer_id(kBos, kDefaultId);
    else
        answer_id(kBos, kNone);
}

void Defaults::answer_id(const char* key, std::int64_t instead) {
    const bool absent = checkpoint_.metadata_find(key) == nullptr;
    const std::optional<std::int64_t> id = integer(key);
    if (!absent && (!id || (*id >= 0 && *id < std::ssize(tokens_)))) return;
    if (instead >= std::ssize(tokens_)) instead = kNone;
    if (absent && instead == kNone) return;
    const std::string what =
        absent ? fmt::format("{} is absent", key)
               : fmt::format("{} is {}, and the vocabulary ends before", key, *id);
    if (instead != kNone) {
        checkpoint_.metadata[key] = static_cast<std::uint32_t>(instead);
        note("{}: token {}, '{}', is used, as in llama.cpp.", what, instead,
             printable(tokens_[static_cast<std::size_t>(instead)]));
    } else {
        checkpoint_.metadata.erase(checkpoint_.metadata.find(key));
        note("{}: there is no such token, as in llama.cpp.", what);
    }
}

void Defaults::answer_ends() {
    std::unordered_set<std::string_view> texts(std::begin(kEndTexts), std::end(kEndTexts));
    std::vector<std::int32_t> ends;
    if (const auto* several = array<std::int32_t>(checkpoint_, kEnds)) ends = *several;
    const auto add = [&ends](std::int64_t id) {
        if (std::find(ends.begin(), ends.end(), id) == ends.end())
            ends.push_back(static_cast<std::int32_t>(id));
    };
    if (const auto eos = integer(kEos)) add(*eos);
    for (const EndKey& group : kEndKeys) {
        if (const auto id = integer(group.key))
            add(*id);
        else
            texts.insert(group.texts.begin(), group.texts.end());
    }
    std::vector<std::size_t> found;
    for (std::size_t i = 0; i < tokens_.size(); ++i) {
        if (tokens_[i].empty() || !texts.contains(tokens_[i])) continue;
        add(static_cast<std::int64_t>(i));
        found.push_back(i);
    }
    override_types(found);
    if (ends.size() > 1 &&
        (checkpoint_.metadata_find(kEnds) == nullptr || array<std::int32_t>(checkpoint_, kEnds)))
        checkpoint_.metadata[kEnds] = MetadataArray(std::move(ends));
}

void Defaults::override_types(const std::vector<std::size_t>& controls) {
    if (controls.empty()) return;
    const bool absent = checkpoint_.metadata_find(kTypes) == nullptr;
    if (absent)
        checkpoint_.metadata[kTypes] =
            MetadataArray(std::vector<std::int32_t>(tokens_.size(), kNormal));
    auto* types = array<std::int32_t>(checkpoint_, kTypes);
    if (types == nullptr || types->size() != tokens_.size()) return;
    std::string names;
    for (const std::size_t i : controls) {
        if ((*types)[i] == kControl) continue;
        names += fmt::format("{}'{}'", names.empty() ? "" : ", ", printable(tokens_[i]));
        (*types)[i] = kControl;
    }
    if (!names.empty())
        note(
            "tokenizer.ggml.token_type {}; these are taken as control tokens, as in llama.cpp: {}.",
            absent ? "is absent" : "says otherwise", names);
}

}  // namespace

void answer_tokenizer_defaults(Checkpoint& checkpoint) {
    const std::string* model = held<std::string>(checkpoint, "tokenizer.ggml.model");
    const auto* tokens = array<std::string>(checkpoint, "tokenizer.ggml.tokens");
    if (model == nullptr || *model != "gpt2" || tokens == nullptr || tokens->empty()) return;
    if (!std::in_range<std::int32_t>(tokens->size())) return;
    std::set<std::string, std::less<>> said;
    for (const auto& [key, value] : checkpoint.metadata) said.insert(key);
    Defaults(checkpoint).answer();
    for (const auto& [key, value] : checkpoint.metadata)
        if (!said.contains(key)) checkpoint.answered.insert(key);
}

}  // namespace hone
