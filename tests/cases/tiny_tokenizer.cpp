// SPDX-License-Identifier: Apache-2.0
#include "tests/cases/tiny_tokenizer.h"

#include <algorithm>
#include <fstream>

#include "engine/formats/hugging_face/pre_tokenizers.h"
#include "engine/formats/hugging_face/tokenizer.h"
#include "engine/formats/tokenizer_defaults.h"
#include "engine/tokenizer/byte_pair_encoder.h"
#include "tests/formats/gguf_bytes.h"

namespace hone {

using Json = nlohmann::json;

TinyTokenizer::TinyTokenizer() {
    for (const char* control : {"<|endoftext|>", "<|im_start|>", "<|im_end|>"}) {
        add(control, 3);
        added.push_back({{"id", tokens.size() - 1}, {"content", control}, {"special", true}});
    }
    for (int byte = 0; byte < 256; ++byte) add(printable_byte(static_cast<unsigned char>(byte)));
    merge("t", "h");
    merge("h", "e");
    merge("th", "e");
    merge("Ġ", "the");
}

void TinyTokenizer::add(const std::string& token, std::int32_t type) {
    tokens.push_back(token);
    types.push_back(type);
}

void TinyTokenizer::add_added(const std::string& token, const Json& flags) {
    Json entry{{"id", tokens.size()}, {"content", token}};
    entry.update(flags);
    added.push_back(entry);
    add(token, flags.value("special", false) ? 3 : 4);
}

void TinyTokenizer::merge(const std::string& left, const std::string& right) {
    merges.push_back(left + " " + right);
    if (std::find(tokens.begin(), tokens.end(), left + right) == tokens.end()) add(left + right);
}

Checkpoint TinyTokenizer::gguf(const std::string& pre) const {
    Checkpoint checkpoint;
    checkpoint.source = "tiny.gguf";
    checkpoint.metadata["tokenizer.ggml.model"] = std::string("gpt2");
    if (!pre.empty()) checkpoint.metadata["tokenizer.ggml.pre"] = pre;
    checkpoint.metadata["tokenizer.ggml.tokens"] = MetadataArray(tokens);
    checkpoint.metadata["tokenizer.ggml.token_type"] = MetadataArray(types);
    checkpoint.metadata["tokenizer.ggml.merges"] = MetadataArray(merges);
    checkpoint.metadata["general.architecture"] = std::string("llama");
    checkpoint.metadata["llama.context_length"] = std::uint32_t{64};
    return checkpoint;
}

Json TinyTokenizer::json(const std::string& pre) const {
    Json vocabulary = Json::object();
    for (std::size_t i = 0; i < tokens.size(); ++i) vocabulary[tokens[i]] = i;
    const TokenizerKind* kind = tokenizer_kind(pre);
    return {{"added_tokens", added},
            {"pre_tokenizer", hf::pre_tokenizer_of(kind->cut)},
            {"decoder", {{"type", "ByteLevel"}}},
            {"model",
             {{"type", "BPE"},
              {"vocab", vocabulary},
              {"merges", merges},
              {"ignore_merges", kind->whole_words}}}};
}

Checkpoint answered(Checkpoint checkpoint) {
    answer_tokenizer_defaults(checkpoint);
    return checkpoint;
}

Checkpoint read_tokenizer_folder(const Json& tokenizer, const Json& settings,
                                 std::int64_t n_vocab) {
    const TestFolder folder;
    std::ofstream(folder.path() / "tokenizer.json") << tokenizer.dump();
    if (!settings.is_null())
        std::ofstream(folder.path() / "tokenizer_config.json") << settings.dump();
    Checkpoint checkpoint;
    checkpoint.source = folder.path().string();
    checkpoint.metadata["general.architecture"] = std::string("llama");
    checkpoint.metadata["llama.context_length"] = std::uint32_t{64};
    if (n_vocab == 0) n_vocab = std::ssize(tokenizer["model"]["vocab"]);
    hf::read_tokenizer(folder.path(), hf::JsonObject::parse("{}", "config.json", "file"), n_vocab,
                       checkpoint.metadata, checkpoint.notes);
    return checkpoint;
}

Checkpoint through_a_folder(const Checkpoint& checkpoint) {
    const auto files = hf::write_tokenizer(checkpoint);
    return read_tokenizer_folder(Json::parse(files.at("tokenizer.json")),
                                 Json::parse(files.at("tokenizer_config.json")),
                                 std::ssize(*checkpoint.texts("tokenizer.ggml.tokens")));
}

std::vector<TokenId> ids(const Checkpoint& checkpoint, std::string_view text,
                         SpecialTokens specials) {
    return Tokenizer::from_checkpoint(checkpoint).encode(text, specials);
}

std::vector<TokenId> byte_ids(std::string_view bytes) {
    std::vector<TokenId> ids;
    for (const char byte : bytes) ids.push_back(static_cast<unsigned char>(byte) + 3);
    return ids;
}

bool has_note(const Checkpoint& checkpoint, std::string_view words) {
    return std::any_of(
        checkpoint.notes.begin(), checkpoint.notes.end(),
        [words](const std::string& note) { return note.find(words) != std::string::npos; });
}

}  // namespace hone
