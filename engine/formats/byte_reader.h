// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "engine/core/error.h"

namespace hone {

// Reads a file's bytes in order; every read is checked against the bytes that remain, and every
// error says where.
class ByteReader {
public:
    ByteReader(std::span<const std::byte> bytes, std::string file)
        : bytes_(bytes), file_(std::move(file)) {}

    std::uint64_t position() const { return position_; }
    std::uint64_t remaining() const { return bytes_.size() - position_; }

    template <typename Number>
    Number number(std::string_view field) {
        require(sizeof(Number), field);
        Number value;
        std::memcpy(&value, bytes_.data() + position_, sizeof value);
        position_ += sizeof value;
        return value;
    }

    std::string_view bytes(std::uint64_t count, std::string_view field) {
        require(count, field);
        const std::string_view view(reinterpret_cast<const char*>(bytes_.data() + position_),
                                    static_cast<std::size_t>(count));
        position_ += count;
        return view;
    }

    // "FILE: FIELD (@0x1A): found …, expected …", with the place of `at` or else of the next byte.
    [[noreturn]] void fail(std::string_view field, const std::string& found,
                           const std::string& expected, Fault fault = Fault::damaged) const {
        fail_at(position_, field, found, expected, fault);
    }
    [[noreturn]] void fail_at(std::uint64_t position, std::string_view field,
                              const std::string& found, const std::string& expected,
                              Fault fault = Fault::damaged, std::string summary = {},
                              std::string action = {}) const {
        ErrorDetails details{"",    file_,    fmt::format("{} (@0x{:X})", field, position),
                             found, expected, fault};
        details.summary = std::move(summary);
        details.action = std::move(action);
        throw Error(std::move(details));
    }

private:
    void require(std::uint64_t count, std::string_view field) const {
        if (count > remaining())
            fail(field, "the end of the file after " + std::to_string(remaining()) + " B",
                 std::to_string(count) + " B more", Fault::cut_off);
    }

    std::span<const std::byte> bytes_;
    std::string file_;
    std::uint64_t position_ = 0;
};

}  // namespace hone
