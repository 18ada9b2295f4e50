// SPDX-License-Identifier: Apache-2.0
// Long words against the definition: join the pair with the lowest rank, the leftmost of them,
// until none is left.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/tokenizer/byte_pair_encoder.h"

namespace hone {
namespace {

// Merges in any order, so that what a join makes may be joined before what it was made of; several
// merges make the same token.
struct Vocabulary {
    explicit Vocabulary(std::uint32_t seed) {
        std::mt19937 random(seed);
        constexpr std::size_t kLetters = 3, kTokens = 24, kLongest = 9;
        for (std::size_t i = 0; i < kLetters; ++i)
            tokens.emplace_back(1, static_cast<char>('a' + i));
        std::set<std::string> pairs;
        while (tokens.size() < kTokens) {
            const std::string &left = tokens[random() % tokens.size()],
                              &right = tokens[random() % tokens.size()];
            const std::string joined = left + right;
            if (joined.size() > kLongest || !pairs.insert(left + " " + right).second) continue;
            if (std::find(tokens.begin(), tokens.end(), joined) == tokens.end())
                tokens.push_back(joined);
        }
        merges.assign(pairs.begin(), pairs.end());
        std::shuffle(merges.begin(), merges.end(), random);
    }

    std::vector<std::string> by_definition(const std::string& text) const {
        std::vector<std::string> word;
        for (const char letter : text) word.emplace_back(1, letter);
        for (;;) {
            std::size_t best = merges.size(), at = 0;
            for (std::size_t i = 0; i + 1 < word.size(); ++i) {
                const auto rank = static_cast<std::size_t>(
                    std::find(merges.begin(), merges.end(), word[i] + " " + word[i + 1]) -
                    merges.begin());
                if (rank < best) {
                    best = rank;
                    at = i;
                }
            }
            if (best == merges.size()) return word;
            word[at] += word[at + 1];
            word.erase(word.begin() + static_cast<std::ptrdiff_t>(at) + 1);
        }
    }

    std::vector<std::string> tokens, merges;
};

std::vector<std::string> encoded(const Vocabulary& vocabulary, const std::string& text) {
    std::unordered_map<std::string_view, TokenId> ids;
    for (std::size_t i = 0; i < vocabulary.tokens.size(); ++i)
        ids.emplace(vocabulary.tokens[i], static_cast<TokenId>(i));
    std::vector<TokenId> found;
    BytePairEncoder(vocabulary.merges, ids, "test").encode(text, found);
    std::vector<std::string> word;
    for (const TokenId id : found) word.push_back(vocabulary.tokens[static_cast<std::size_t>(id)]);
    return word;
}

TEST(BytePairs, OfLongWordsAreJoinedAsDefined) {
    for (std::uint32_t seed = 1; seed <= 60; ++seed) {
        const Vocabulary vocabulary(seed);
        std::mt19937 random(seed);
        for (const std::size_t length :
             {40U, 49U, 60U, 250U}) {  // short words are joined in another way
            std::string text(length, 'a');
            EXPECT_EQ(encoded(vocabulary, text), vocabulary.by_definition(text))
                << "seed " << seed << ", a run of " << length;
            for (char& letter : text) letter = static_cast<char>('a' + random() % 3);
            EXPECT_EQ(encoded(vocabulary, text), vocabulary.by_definition(text))
                << "seed " << seed << ": " << text;
        }
    }
}

}  // namespace
}  // namespace hone
