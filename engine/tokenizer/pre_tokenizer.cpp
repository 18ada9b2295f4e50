// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/pre_tokenizer.h"

#include <string>

#include "engine/core/error.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace hone {
namespace {

// GPT-2's pattern (Radford et al. 2019, encoder.py): contractions, words, numbers and punctuation each with a space in front,
// white space without the one that belongs to the next word.
constexpr std::string_view kGpt2 =
    R"('(?:[stmd]|re|ve|ll)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

// With digits cut out first, a run of white space before a digit ends its piece: it is taken whole, as at the end of a text, and
// a digit takes no space with it.
constexpr std::string_view kSmollm =
    R"('(?:[stmd]|re|ve|ll)|\p{N}| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?=\p{N})|\s+(?!\S)|\s+)";

// Llama 3's (its tokenizer.json): contractions in either case, words with one other character in front, up to three digits, and
// line breaks apart from other white space.
constexpr std::string_view kLlama3 =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

struct FreeCode {
    void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct FreeMatch {
    void operator()(pcre2_match_data* match) const { pcre2_match_data_free(match); }
};

std::unique_ptr<pcre2_code, FreeCode> compile(std::string_view pattern) {
    int error = 0;
    PCRE2_SIZE offset = 0;
    std::unique_ptr<pcre2_code, FreeCode> code(pcre2_compile(
        reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
        PCRE2_UTF | PCRE2_UCP | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C, &error, &offset, nullptr));
    if (!code) throw Error("the pre-tokeniser's pattern does not compile");
    pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);  // without a JIT it is slower and the same
    return code;
}

}  // namespace

struct PreTokenizer::Impl {
    std::unique_ptr<pcre2_code, FreeCode> code;
};

PreTokenizer::PreTokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PreTokenizer::~PreTokenizer() = default;

std::unique_ptr<PreTokenizer> PreTokenizer::named(std::string_view name) {
    std::string_view pattern;
    if (name == "smollm") pattern = kSmollm;
    if (name == "gpt-2" || name == "default") pattern = kGpt2;
    if (name == "llama-bpe") pattern = kLlama3;
    if (pattern.empty()) return nullptr;
    auto impl = std::make_unique<Impl>();
    impl->code = compile(pattern);
    return std::unique_ptr<PreTokenizer>(new PreTokenizer(std::move(impl)));
}

void PreTokenizer::split(std::string_view text, const std::function<void(std::string_view)>& piece) const {
    const std::unique_ptr<pcre2_match_data, FreeMatch> match(pcre2_match_data_create(1, nullptr));
    const auto single_bytes = [&](std::size_t begin, std::size_t end) {
        for (; begin < end; ++begin) piece(text.substr(begin, 1));
    };
    std::size_t position = 0;
    while (position < text.size()) {
        const int found = pcre2_match(impl_->code.get(), reinterpret_cast<PCRE2_SPTR>(text.data()),
                                      text.size(), position, 0, match.get(), nullptr);
        if (found == PCRE2_ERROR_NOMATCH) break;
        if (found < 0)
            throw Error("the text could not be cut into words (PCRE2 error " + std::to_string(found) + ")");
        const PCRE2_SIZE* const range = pcre2_get_ovector_pointer(match.get());
        single_bytes(position, range[0]);
        piece(text.substr(range[0], range[1] - range[0]));
        position = range[1];
    }
    single_bytes(position, text.size());
}

}  // namespace hone
