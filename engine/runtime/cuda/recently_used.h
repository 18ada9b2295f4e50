// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <utility>

namespace hone {

// A map that keeps the `most` entries that were asked for last.
template <typename Key, typename Value>
class RecentlyUsed {
public:
    explicit RecentlyUsed(std::size_t most) : most_(most) {}

    // The key's value, and whether it is new; valid until the next call.
    std::pair<Value&, bool> ask(const Key& key) {
        const auto [at, added] = entries_.try_emplace(key);
        at->second.used = ++uses_;
        if (entries_.size() > most_)
            entries_.erase(std::min_element(
                entries_.begin(), entries_.end(),
                [](const auto& a, const auto& b) { return a.second.used < b.second.used; }));
        return {at->second.value, added};
    }
    void clear() { entries_.clear(); }
    std::size_t size() const { return entries_.size(); }

private:
    struct Entry {
        std::int64_t used = 0;
        Value value;
    };
    std::map<Key, Entry> entries_;
    std::size_t most_;
    std::int64_t uses_ = 0;
};

}  // namespace hone
