// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/unicode_classes.h"

#include <algorithm>

namespace hone {

UnicodeTable::UnicodeTable() {
    const std::span<const UnicodeRange> ranges = unicode_ranges();
    auto range = ranges.begin();
    for (std::uint32_t page = 0; page < page_of_.size(); ++page) {
        Page classes{};
        const std::uint32_t begin = page << 8U, end = begin + 256;
        while (range != ranges.end() && range->last < begin) ++range;
        for (auto at = range; at != ranges.end() && at->first < end; ++at)
            std::fill(classes.begin() + (std::max(at->first, begin) - begin),
                      classes.begin() + (std::min(at->last + 1, end) - begin), at->kind);
        // Neighbours that are alike share a page: a script of one class, or nothing assigned.
        if (pages_.empty() || pages_.back() != classes) pages_.push_back(classes);
        page_of_[page] = static_cast<std::uint16_t>(pages_.size() - 1);
    }
}

const UnicodeTable& UnicodeTable::instance() {
    static const UnicodeTable kTable;
    return kTable;
}

bool is_word(UnicodeClass kind) {
    return kind == UnicodeClass::letter || kind == UnicodeClass::mark ||
           kind == UnicodeClass::number || kind == UnicodeClass::connector ||
           kind == UnicodeClass::word_sign;
}

}  // namespace hone
