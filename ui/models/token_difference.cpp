// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/token_difference.h"

#include <algorithm>

namespace hone::ui {

namespace {

using Ids = std::vector<std::int64_t>;

// Lengths of the longest common subsequences of what remains from (i, j) on.
class CommonLengths {
public:
    CommonLengths(const Ids& a, const Ids& b, std::size_t from, std::size_t endA, std::size_t endB)
        : from_(from), width_(endB - from + 1), lengths_((endA - from + 1) * width_, 0) {
        for (std::size_t i = endA; i-- > from;)
            for (std::size_t j = endB; j-- > from;)
                set(i, j,
                    a[i] == b[j] ? at(i + 1, j + 1) + 1 : std::max(at(i + 1, j), at(i, j + 1)));
    }
    std::uint32_t at(std::size_t i, std::size_t j) const {
        return lengths_[(i - from_) * width_ + (j - from_)];
    }

private:
    void set(std::size_t i, std::size_t j, std::uint32_t length) {
        lengths_[(i - from_) * width_ + (j - from_)] = length;
    }
    std::size_t from_, width_;
    std::vector<std::uint32_t> lengths_;
};

}  // namespace

std::size_t TokenDifference::count() const {
    return static_cast<std::size_t>(std::count(second.begin(), second.end(), true));
}

TokenDifference tokenDifference(const Ids& a, const Ids& b) {
    TokenDifference result{
        std::vector<bool>(a.size(), false), std::vector<bool>(b.size(), false), {}};
    const std::size_t shorter = std::min(a.size(), b.size());
    std::size_t i = 0;
    while (i < shorter && a[i] == b[i]) ++i;
    if (i == a.size() && i == b.size()) return result;
    result.begins = i;
    // What both end with needs no search either.
    std::size_t endA = a.size(), endB = b.size();
    while (endA > i && endB > i && a[endA - 1] == b[endB - 1]) --endA, --endB;
    const CommonLengths common(a, b, i, endA, endB);
    std::size_t j = i;
    while (i < endA && j < endB) {
        if (a[i] == b[j]) {
            ++i, ++j;
        } else if (common.at(i + 1, j) >= common.at(i, j + 1)) {
            result.first[i++] = true;
        } else {
            result.second[j++] = true;
        }
    }
    while (i < endA) result.first[i++] = true;
    while (j < endB) result.second[j++] = true;
    return result;
}

}  // namespace hone::ui
