// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hone {

// A token that is looked for in a text before the text is cut: `AddedToken` of Hugging Face's
// tokenizers.
struct AddedToken {
    std::string text;
    std::int32_t id = 0;
    bool control = false;       // found only where control tokens are parsed
    bool strips_left = false;   // takes the white space before it
    bool strips_right = false;  // takes the white space after it
    bool single_word = false;   // only where no letter, digit or mark stands beside it
    bool normalized = false;    // looked for after those that are not
};

// Finds added tokens as Hugging Face's tokenizers do (added_vocabulary.rs): from the left, the
// longest at each place.
class AddedTokens {
public:
    // `change`: what is done to a text between the search for tokens that are not normalized and
    // that for those that are; tokens' texts are changed, too. Empty: nothing.
    using Change = std::function<std::string(std::string_view)>;
    explicit AddedTokens(std::vector<AddedToken> tokens, Change change = {});

    // Calls `token` for each one found and `plain` for what is between, in order. A control token
    // that is not to be parsed is plain text as a whole: nothing is looked for within it.
    void split(std::string_view text, bool parse_controls,
               const std::function<void(std::string_view)>& plain,
               const std::function<void(std::int32_t)>& token) const;

private:
    // The texts of some tokens, as a tree by byte.
    class Tree {
    public:
        void add(std::string_view text, std::size_t token);
        // The longest token that `text` begins with, by its index; −1 for none.
        std::int64_t longest(std::string_view text) const;
        bool empty() const { return tokens_.empty(); }

    private:
        std::array<bool, 256> starts_{};
        std::unordered_map<std::uint64_t, std::uint32_t> next_;  // node and byte → node
        std::vector<std::int64_t> tokens_;                       // of each node; −1 for none
    };
    void split_by(const Tree& tree, std::string_view text, bool parse_controls,
                  const std::function<void(std::string_view)>& plain,
                  const std::function<void(std::int32_t)>& token) const;

    std::vector<AddedToken> tokens_;
    Change change_;
    Tree first_, normalized_;
};

}  // namespace hone
