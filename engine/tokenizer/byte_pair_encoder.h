// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/core/progress.h"
#include "engine/tokenizer/tokenizer.h"

namespace hone {

// Byte pair encoding (Sennrich et al., arXiv 1508.07909) over bytes: repeatedly joins the
// neighbouring pair with the lowest rank, the leftmost where ranks tie. Every text encodes the same
// with and without any cache.
class BytePairEncoder {
public:
    // `merges`: pairs "left right" in order of rank, in GPT-2's printable byte alphabet; `ids`:
    // token text in that alphabet to id. Throws Error naming the merge that joins unknown tokens. A
    // byte without a token (SmolLM2 has none for some control characters) becomes `unknown`, one
    // for each such byte or, if `fuse`, for a run of them; it is dropped where there is no unknown
    // token, as Hugging Face's tokenizers and llama.cpp do.
    BytePairEncoder(const std::vector<std::string>& merges,
                    const std::unordered_map<std::string_view, TokenId>& ids,
                    const std::string& source, std::optional<TokenId> unknown = std::nullopt,
                    bool fuse = false);

    // Checks `progress` on the way where the piece is long. Throws Cancelled.
    void encode(std::string_view piece, std::vector<TokenId>& out,
                const Progress& progress = {}) const;

private:
    struct Merge {
        std::uint64_t pair = kEmpty;
        std::uint32_t rank = 0;
        TokenId joined = 0;
    };
    class MergeQueue;
    static constexpr std::uint64_t kEmpty = ~std::uint64_t{0};

    static std::uint64_t pair_of(TokenId left, TokenId right) {
        return static_cast<std::uint64_t>(static_cast<std::uint32_t>(left)) << 32U |
               static_cast<std::uint32_t>(right);
    }
    void insert(const Merge& merge);
    const Merge* find(TokenId left, TokenId right) const;
    void encode_short(std::vector<TokenId>& word) const;
    void encode_long(std::vector<TokenId>& word, const Progress& progress) const;

    std::array<TokenId, 256> byte_ids_{};
    std::optional<TokenId> unknown_;
    bool fuse_;
    std::vector<Merge> table_;  // open addressing, a power of two
    std::size_t mask_ = 0;
};

// GPT-2's printable stand-in for each byte (encoder.py, bytes_to_unicode), as UTF-8, and the bytes
// a token's text stands for; none where it is not made of such stand-ins: then the text stands for
// itself.
std::string printable_byte(unsigned char byte);
std::optional<std::string> bytes_of_printable(std::string_view text);

}  // namespace hone
