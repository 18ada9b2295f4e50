// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/byte_pair_encoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <limits>
#include <queue>
#include <utility>

#include "engine/core/error.h"

namespace hone {
namespace {

constexpr TokenId kNoToken = -1;
constexpr std::uint32_t kStepsBetweenChecks = 1 << 14;
constexpr std::size_t kShortWord = 48;  // below, looking at every pair again is quicker than a heap

bool prints_as_itself(unsigned byte) {
    return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

// Code point of each byte's stand-in: itself where printable, else 256, 257, … in order.
std::array<unsigned, 256> stand_ins() {
    std::array<unsigned, 256> points{};
    unsigned next = 256;
    for (unsigned byte = 0; byte < 256; ++byte)
        points[byte] = prints_as_itself(byte) ? byte : next++;
    return points;
}

}  // namespace

std::string printable_byte(unsigned char byte) {
    static const std::array<unsigned, 256> kPoints = stand_ins();
    const unsigned point = kPoints[byte];
    if (point < 0x80) return {static_cast<char>(point)};
    return {static_cast<char>(0xC0U | point >> 6U), static_cast<char>(0x80U | (point & 0x3FU))};
}

std::optional<std::string> bytes_of_printable(std::string_view text) {
    static const std::unordered_map<std::string, char> kBytes = [] {
        std::unordered_map<std::string, char> map;
        for (unsigned byte = 0; byte < 256; ++byte)
            map.emplace(printable_byte(static_cast<unsigned char>(byte)), static_cast<char>(byte));
        return map;
    }();
    std::string bytes;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = static_cast<unsigned char>(text[i]) < 0x80 ? 1 : 2;
        const auto found = kBytes.find(std::string(text.substr(i, length)));
        if (found == kBytes.end()) return std::nullopt;
        bytes += found->second;
        i += length;
    }
    return bytes;
}

BytePairEncoder::BytePairEncoder(const std::vector<std::string>& merges,
                                 const std::unordered_map<std::string_view, TokenId>& ids,
                                 const std::string& source, std::optional<TokenId> unknown,
                                 bool fuse)
    : unknown_(unknown), fuse_(fuse) {
    for (unsigned byte = 0; byte < 256; ++byte) {
        const auto found = ids.find(printable_byte(static_cast<unsigned char>(byte)));
        byte_ids_[byte] = found == ids.end() ? kNoToken : found->second;
    }
    const std::size_t size = std::bit_ceil(merges.size() * 2 + 2);
    table_.resize(size);
    mask_ = size - 1;
    for (std::size_t rank = 0; rank < merges.size(); ++rank) {
        const std::string_view merge = merges[rank];
        const std::size_t space = merge.find(' ', 1);
        const auto left = ids.find(merge.substr(0, space));
        const auto right =
            space == std::string::npos ? ids.end() : ids.find(merge.substr(space + 1));
        const auto joined =
            space == std::string::npos
                ? ids.end()
                : ids.find(std::string(merge.substr(0, space)).append(merge.substr(space + 1)));
        if (left == ids.end() || right == ids.end() || joined == ids.end())
            throw Error(ErrorDetails{"", source, fmt::format("tokenizer.ggml.merges[{}]", rank),
                                     fmt::format("'{}'", merge),
                                     "two tokens of the vocabulary whose join is one too",
                                     Fault::damaged});
        insert({pair_of(left->second, right->second), static_cast<std::uint32_t>(rank),
                joined->second});
    }
}

void BytePairEncoder::insert(const Merge& merge) {
    std::size_t at = (merge.pair * 0x9E3779B97F4A7C15U >> 20U) & mask_;
    while (table_[at].pair != kEmpty) {
        if (table_[at].pair == merge.pair) return;  // the lower rank stays
        at = (at + 1) & mask_;
    }
    table_[at] = merge;
}

const BytePairEncoder::Merge* BytePairEncoder::find(TokenId left, TokenId right) const {
    const std::uint64_t pair = pair_of(left, right);
    std::size_t at = (pair * 0x9E3779B97F4A7C15U >> 20U) & mask_;
    while (table_[at].pair != kEmpty) {
        if (table_[at].pair == pair) return &table_[at];
        at = (at + 1) & mask_;
    }
    return nullptr;
}

// Pairs that may be joined, the one with the lowest rank first and of these the leftmost. A rank's
// places are mostly found from left to right, so that a list for each rank takes a text of any
// length in linear time, where one heap for all would sort it.
class BytePairEncoder::MergeQueue {
public:
    void add(const Merge& merge, std::uint32_t left) {
        Places& places = find(merge);
        if (places.at == places.lefts.size()) {  // nothing waits: what was taken is of no use
            places.lefts.clear();
            places.at = 0;
        } else if (places.lefts.back() > left) {
            places.sorted = false;
        }
        places.lefts.push_back(left);
        if (places.queued) return;
        places.queued = true;
        ranks_.push(merge.rank);
    }

    // Nothing once all are taken.
    std::optional<std::pair<Merge, std::uint32_t>> take() {
        while (!ranks_.empty()) {
            Places& places = by_rank_.find(ranks_.top())->second;
            if (places.at < places.lefts.size()) {
                if (!places.sorted)
                    std::sort(places.lefts.begin() + static_cast<std::ptrdiff_t>(places.at),
                              places.lefts.end());
                places.sorted = true;
                return std::pair(places.merge, places.lefts[places.at++]);
            }
            places.queued = false;
            ranks_.pop();
        }
        return std::nullopt;
    }

private:
    struct Places {
        Merge merge;
        std::vector<std::uint32_t> lefts;
        std::size_t at = 0;  // those before it are taken
        bool sorted = true, queued = false;
    };
    Places& find(const Merge& merge) {
        if (last_ == nullptr || last_->merge.rank != merge.rank) {
            last_ = &by_rank_[merge.rank];
            last_->merge = merge;
        }
        return *last_;
    }

    std::unordered_map<std::uint32_t, Places> by_rank_;
    std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ranks_;
    Places* last_ = nullptr;  // a text's pairs repeat
};

void BytePairEncoder::encode_short(std::vector<TokenId>& word) const {
    constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
    struct Rank {
        std::uint32_t rank;
        TokenId joined;
    };
    std::array<Rank, kShortWord> ranks;
    const auto rank_at = [&](std::size_t i) {
        const Merge* merge = i + 1 < word.size() ? find(word[i], word[i + 1]) : nullptr;
        return merge == nullptr ? Rank{kNone, 0} : Rank{merge->rank, merge->joined};
    };
    for (std::size_t i = 0; i < word.size(); ++i) ranks[i] = rank_at(i);
    while (word.size() > 1) {
        std::size_t best = 0;
        for (std::size_t i = 1; i + 1 < word.size(); ++i) {
            if (ranks[i].rank < ranks[best].rank) best = i;
        }
        if (ranks[best].rank == kNone) return;
        word[best] = ranks[best].joined;
        for (std::size_t i = best + 1; i + 1 < word.size(); ++i) {
            word[i] = word[i + 1];
            ranks[i] = ranks[i + 1];
        }
        word.pop_back();
        ranks[best] = rank_at(best);
        if (best > 0) ranks[best - 1] = rank_at(best - 1);
    }
}

void BytePairEncoder::encode_long(std::vector<TokenId>& word, const Progress& progress) const {
    constexpr std::uint32_t kEnd = std::numeric_limits<std::uint32_t>::max();
    const auto size = static_cast<std::uint32_t>(word.size());
    std::vector<std::uint32_t> next(size), previous(size);
    for (std::uint32_t i = 0; i < size; ++i) {
        next[i] = i + 1 < size ? i + 1 : kEnd;
        previous[i] = i > 0 ? i - 1 : kEnd;
    }
    MergeQueue queue;
    std::vector<bool> gone(size);
    std::uint32_t steps = 0;
    const auto consider = [&](std::uint32_t left) {
        if (++steps % kStepsBetweenChecks == 0) progress.check();
        if (left == kEnd || next[left] == kEnd) return;
        if (const Merge* merge = find(word[left], word[next[left]])) queue.add(*merge, left);
    };
    for (std::uint32_t i = 0; i < size; ++i) consider(i);
    while (const auto best = queue.take()) {
        if (++steps % kStepsBetweenChecks == 0) progress.check();
        const auto [merge, left] = *best;
        const std::uint32_t right = gone[left] ? kEnd : next[left];
        if (right == kEnd || pair_of(word[left], word[right]) != merge.pair)
            continue;  // an earlier join took one of them
        word[left] = merge.joined;
        gone[right] = true;
        next[left] = next[right];
        if (next[right] != kEnd) previous[next[right]] = left;
        consider(left);
        consider(previous[left]);
    }
    std::size_t kept = 0;
    for (std::size_t i = 0; i < word.size(); ++i) {
        if (!gone[i]) word[kept++] = word[i];
    }
    word.resize(kept);
}

void BytePairEncoder::encode(std::string_view piece, std::vector<TokenId>& out,
                             const Progress& progress) const {
    thread_local std::vector<TokenId> word;
    word.clear();
    bool after_unknown = false;
    for (const char byte : piece) {
        const TokenId id = byte_ids_[static_cast<unsigned char>(byte)];
        if (id != kNoToken)
            word.push_back(id);
        else if (unknown_ && !(fuse_ && after_unknown))
            word.push_back(*unknown_);
        after_unknown = id == kNoToken;
    }
    if (word.size() <= kShortWord)
        encode_short(word);
    else
        encode_long(word, progress);
    out.insert(out.end(), word.begin(), word.end());
}

}  // namespace hone
