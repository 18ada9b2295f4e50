// SPDX-License-Identifier: Apache-2.0
#include "engine/tokenizer/tokenizer.h"

namespace hone {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Length of the well-formed character at the start of `bytes` (Unicode 15, table 3-7); 0 where it
// is ill-formed, −1 where more bytes could make it well-formed.
int character_length(std::string_view bytes) {
    const auto at = [bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    const unsigned lead = at(0);
    if (lead < 0x80) return 1;
    const int length = lead >= 0xC2 && lead <= 0xDF   ? 2
                       : lead >= 0xE0 && lead <= 0xEF ? 3
                       : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                      : 0;
    if (length == 0) return 0;
    for (int i = 1; i < length; ++i) {
        if (static_cast<std::size_t>(i) >= bytes.size()) return -1;
        unsigned low = 0x80, high = 0xBF;
        if (i == 1) {
            if (lead == 0xE0) low = 0xA0;
            if (lead == 0xED) high = 0x9F;
            if (lead == 0xF0) low = 0x90;
            if (lead == 0xF4) high = 0x8F;
        }
        const unsigned byte = at(static_cast<std::size_t>(i));
        if (byte < low || byte > high) return 0;
    }
    return length;
}

}  // namespace

std::string Utf8Stream::push(std::string_view bytes) {
    pending_ += bytes;
    std::string complete;
    std::size_t position = 0;
    while (position < pending_.size()) {
        const int length = character_length(std::string_view(pending_).substr(position));
        if (length < 0) break;
        if (length == 0) {
            complete += kReplacement;
            ++position;
        } else {
            complete.append(pending_, position, static_cast<std::size_t>(length));
            position += static_cast<std::size_t>(length);
        }
    }
    pending_.erase(0, position);
    return complete;
}

std::string Utf8Stream::finish() {
    std::string rest = pending_.empty() ? std::string() : std::string(kReplacement);
    pending_.clear();
    return rest;
}

}  // namespace hone
