// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/gguf_header.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/core/error.h"

namespace hone::gguf {
namespace {

constexpr std::string_view kFileType = "general.file_type", kAlignmentKey = "general.alignment",
                           kQuantisation = "general.quantization_version",
                           kArchitecture = "general.architecture";
constexpr std::uint32_t kQuantisationVersion = 2;  // of ggml's block layouts

// The type that most weights have; matrices decide, since vectors are always F32.
DType main_type(const Checkpoint& checkpoint) {
    std::map<DType, std::int64_t> elements;
    for (const StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.shape.size() >= 2) elements[carrier(tensor)] += tensor.elements();
    }
    const auto most =
        std::max_element(elements.begin(), elements.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    return most == elements.end() ? DType::f32 : most->first;
}

using Metadata = std::map<std::string, MetadataValue, std::less<>>;

Metadata written_metadata(const Checkpoint& checkpoint) {
    Metadata metadata = checkpoint.metadata;
    for (const std::string& key : checkpoint.answered) metadata.erase(key);
    const DType type = main_type(checkpoint);
    metadata[std::string(kFileType)] = info(type).file_type;
    metadata[std::string(kAlignmentKey)] = static_cast<std::uint32_t>(kAlignment);
    const bool quantised =
        std::any_of(checkpoint.tensors.begin(), checkpoint.tensors.end(),
                    [](const StoredTensor& tensor) { return !info(carrier(tensor)).floating; });
    if (quantised)
        metadata[std::string(kQuantisation)] = kQuantisationVersion;
    else
        metadata.erase(std::string(kQuantisation));
    return metadata;
}

template <typename Value>
constexpr ValueType type_of() {
    if constexpr (std::is_same_v<Value, std::uint8_t>) return ValueType::uint8;
    if constexpr (std::is_same_v<Value, std::int8_t>) return ValueType::int8;
    if constexpr (std::is_same_v<Value, std::uint16_t>) return ValueType::uint16;
    if constexpr (std::is_same_v<Value, std::int16_t>) return ValueType::int16;
    if constexpr (std::is_same_v<Value, std::uint32_t>) return ValueType::uint32;
    if constexpr (std::is_same_v<Value, std::int32_t>) return ValueType::int32;
    if constexpr (std::is_same_v<Value, std::uint64_t>) return ValueType::uint64;
    if constexpr (std::is_same_v<Value, std::int64_t>) return ValueType::int64;
    if constexpr (std::is_same_v<Value, float>) return ValueType::float32;
    if constexpr (std::is_same_v<Value, double>) return ValueType::float64;
    if constexpr (std::is_same_v<Value, bool>) return ValueType::boolean;
    if constexpr (std::is_same_v<Value, std::string>) return ValueType::string;
    if constexpr (std::is_same_v<Value, MetadataArray>) return ValueType::array;
}

class Header {
public:
    template <typename Number>
    void number(Number value) {
        const auto* bytes = reinterpret_cast<const char*>(&value);
        bytes_.append(bytes, sizeof value);
    }
    void text(std::string_view value) {
        number(static_cast<std::uint64_t>(value.size()));
        bytes_.append(value);
    }
    void type(ValueType value) { number(static_cast<std::uint32_t>(value)); }
    void raw(std::string_view bytes) { bytes_.append(bytes); }
    void pad() { bytes_.resize(aligned(bytes_.size())); }

    void value(bool flag) { number(static_cast<std::uint8_t>(flag)); }
    void value(const std::string& string) { text(string); }
    void value(const MetadataArray& array) {
        std::visit(
            [this](const auto& items) {
                using Item = typename std::decay_t<decltype(items)>::value_type;
                type(type_of<Item>());
                number(static_cast<std::uint64_t>(items.size()));
                for (const auto& item : items) value(static_cast<const Item&>(item));
            },
            array);
    }
    template <typename Number>
    requires std::is_arithmetic_v<Number>
    void value(Number plain) { number(plain); }

    const std::string& bytes() const { return bytes_; }

private:
    std::string bytes_;
};

// What GGUF or another reader of it could not hold is refused before anything is written.
void require_storable(const Checkpoint& checkpoint, const StoredTensor& tensor) {
    const auto refuse = [&](std::string_view field, const std::string& found,
                            const std::string& expected) {
        throw Error(ErrorDetails{"", checkpoint.source,
                                 fmt::format("tensor '{}' {}", tensor.name, field), found,
                                 expected});
    };
    if (tensor.name.empty() || tensor.name.size() > kMaxTensorName)
        refuse("name", fmt::format("{} B", tensor.name.size()),
               fmt::format("1 to {} B", kMaxTensorName));
    if (tensor.shape.empty() || tensor.shape.size() > kMaxDimensions)
        refuse("dimensions", std::to_string(tensor.shape.size()),
               fmt::format("1 to {}", kMaxDimensions));
    for (const std::int64_t size : tensor.shape) {
        if (size <= 0) refuse("shape", std::to_string(size), "at least 1");
    }
    for (const DType type : {tensor.type, carrier(tensor)}) {
        if (!row_fits(type, tensor.cols()))
            refuse("row", fmt::format("{} elements", tensor.cols()),
                   fmt::format("a multiple of {}, the block of {}", info(type).block,
                               info(type).name));
    }
}

}  // namespace

std::string header_of(const Checkpoint& checkpoint) {
    for (const StoredTensor& tensor : checkpoint.tensors) require_storable(checkpoint, tensor);
    const Metadata metadata = written_metadata(checkpoint);
    Header header;
    header.raw(kMagic);
    header.number(kVersion);
    header.number(static_cast<std::uint64_t>(checkpoint.tensors.size()));
    header.number(static_cast<std::uint64_t>(metadata.size()));
    const auto write = [&header](const std::string& key, const MetadataValue& value) {
        header.text(key);
        std::visit(
            [&header](const auto& held) {
                header.type(type_of<std::decay_t<decltype(held)>>());
                header.value(held);
            },
            value);
    };
    // Readers that go through the keys once want to know the architecture first.
    if (const auto first = metadata.find(kArchitecture); first != metadata.end())
        write(first->first, first->second);
    for (const auto& [key, value] : metadata) {
        if (key != kArchitecture) write(key, value);
    }
    std::uint64_t offset = 0;
    for (const StoredTensor& tensor : checkpoint.tensors) {
        header.text(tensor.name);
        header.number(static_cast<std::uint32_t>(tensor.shape.size()));
        for (auto size = tensor.shape.rbegin(); size != tensor.shape.rend(); ++size)
            header.number(static_cast<std::uint64_t>(*size));
        header.number(*info(carrier(tensor)).ggml_type);
        header.number(offset);
        offset = aligned(offset + carried_bytes(tensor));
    }
    header.pad();
    return header.bytes();
}

std::uint64_t data_bytes(const Checkpoint& checkpoint) {
    std::uint64_t bytes = 0;
    for (const StoredTensor& tensor : checkpoint.tensors)
        bytes = aligned(bytes + carried_bytes(tensor));
    return bytes;
}

}  // namespace hone::gguf
