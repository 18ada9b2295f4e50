// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/gguf_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "engine/base/utf8.h"
#include "engine/core/checked.h"

namespace hone::gguf {
namespace {

template <typename Number>
std::vector<Number> read_numbers(ByteReader& reader, std::uint64_t count,
                                 const std::string& field) {
    const auto bytes = checked_mul<std::uint64_t>(count, sizeof(Number));
    if (!bytes || *bytes > reader.remaining())
        reader.fail(field, fmt::format("{} elements of {} B", count, sizeof(Number)),
                    fmt::format("at most {} B", reader.remaining()));
    const std::string_view data = reader.bytes(*bytes, field);
    std::vector<Number> result(static_cast<std::size_t>(count));
    if (!result.empty()) std::memcpy(result.data(), data.data(), data.size());
    return result;
}

bool read_flag(ByteReader& reader, const std::string& field) {
    const auto value = reader.number<std::uint8_t>(field);
    if (value > 1) reader.fail(field, std::to_string(value), "0 or 1");
    return value == 1;
}

MetadataArray read_array(ByteReader& reader, const std::string& field, ArrayBudget& budget) {
    const auto type = reader.number<std::uint32_t>(field + " element type");
    if (type >= kValueTypes || type == static_cast<std::uint32_t>(ValueType::array))
        reader.fail(field + " element type", std::to_string(type),
                    "0 to 12 and no array of arrays (9)");
    const auto count = reader.number<std::uint64_t>(field + " length");
    // An element takes at least a byte: a count beyond the file is the file's end, not a long
    // array.
    if (count > budget.elements && count <= reader.remaining())
        reader.fail(field + " length", fmt::format("{} elements", count),
                    fmt::format("at most {} in all arrays of a file", kMaxElements));
    budget.elements -= std::min(count, budget.elements);
    switch (static_cast<ValueType>(type)) {
        case ValueType::uint8:
            return read_numbers<std::uint8_t>(reader, count, field);
        case ValueType::int8:
            return read_numbers<std::int8_t>(reader, count, field);
        case ValueType::uint16:
            return read_numbers<std::uint16_t>(reader, count, field);
        case ValueType::int16:
            return read_numbers<std::int16_t>(reader, count, field);
        case ValueType::uint32:
            return read_numbers<std::uint32_t>(reader, count, field);
        case ValueType::int32:
            return read_numbers<std::int32_t>(reader, count, field);
        case ValueType::float32:
            return read_numbers<float>(reader, count, field);
        case ValueType::uint64:
            return read_numbers<std::uint64_t>(reader, count, field);
        case ValueType::int64:
            return read_numbers<std::int64_t>(reader, count, field);
        case ValueType::float64:
            return read_numbers<double>(reader, count, field);
        case ValueType::boolean: {
            if (count > reader.remaining())
                reader.fail(field, fmt::format("{} flags", count),
                            fmt::format("at most {}", reader.remaining()));
            std::vector<bool> flags;
            flags.reserve(static_cast<std::size_t>(count));
            for (std::uint64_t i = 0; i < count; ++i) flags.push_back(read_flag(reader, field));
            return flags;
        }
        default:
            break;
    }
    // A string takes at least the 8 bytes of its length.
    if (count > reader.remaining() / 8)
        reader.fail(field, fmt::format("{} texts", count),
                    fmt::format("at most {}", reader.remaining() / 8));
    std::vector<std::string> texts;
    texts.reserve(static_cast<std::size_t>(count));
    std::string element;
    for (std::uint64_t i = 0; i < count; ++i) {
        element = fmt::format("{}[{}]", field, i);
        texts.push_back(read_text(reader, element));
    }
    return texts;
}

}  // namespace

MetadataValue read_value(ByteReader& reader, std::uint32_t type, const std::string& field,
                         ArrayBudget& budget) {
    if (type >= kValueTypes) reader.fail(field + " type", std::to_string(type), "0 to 12");
    switch (static_cast<ValueType>(type)) {
        case ValueType::uint8:
            return reader.number<std::uint8_t>(field);
        case ValueType::int8:
            return reader.number<std::int8_t>(field);
        case ValueType::uint16:
            return reader.number<std::uint16_t>(field);
        case ValueType::int16:
            return reader.number<std::int16_t>(field);
        case ValueType::uint32:
            return reader.number<std::uint32_t>(field);
        case ValueType::int32:
            return reader.number<std::int32_t>(field);
        case ValueType::float32:
            return reader.number<float>(field);
        case ValueType::boolean:
            return read_flag(reader, field);
        case ValueType::string:
            return read_text(reader, field);
        case ValueType::array:
            return read_array(reader, field, budget);
        case ValueType::uint64:
            return reader.number<std::uint64_t>(field);
        case ValueType::int64:
            return reader.number<std::int64_t>(field);
        case ValueType::float64:
            break;
    }
    return reader.number<double>(field);
}

// UTF-8, as the specification says: anything else could not be shown, nor go through JSON.
std::string read_text(ByteReader& reader, const std::string& field, std::uint64_t longest) {
    const auto length = reader.number<std::uint64_t>(field + " length");
    longest = std::min(longest, reader.remaining());
    if (length > longest)
        reader.fail(
            field + " length", fmt::format("{} B", length), fmt::format("at most {} B", longest),
            length <= kMaxString && length > reader.remaining() ? Fault::cut_off : Fault::damaged);
    const std::string_view bytes = reader.bytes(length, field);
    const std::size_t valid = valid_utf8_prefix(bytes);
    if (valid < bytes.size())
        reader.fail(
            field,
            fmt::format("0x{:02X} at its byte {}", static_cast<unsigned char>(bytes[valid]), valid),
            "valid UTF-8");
    return std::string(bytes);
}

}  // namespace hone::gguf
