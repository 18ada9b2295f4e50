// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/hugging_face/safetensors_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "engine/core/checked.h"
#include "engine/core/error.h"
#include "engine/formats/byte_reader.h"
#include "engine/formats/hugging_face/json_file.h"

namespace hone::hf {
namespace {

using Json = nlohmann::json;

constexpr const char* kMetadata = "__metadata__";
constexpr std::size_t kMaxDimensions = 4;
constexpr std::uint64_t kMaxDimension = std::uint64_t{1} << 40U;

std::optional<DType> type_of(const std::string& name) {
    for (const DType type : {DType::f32, DType::f16, DType::bf16}) {
        if (safetensors_type(type) == name) return type;
    }
    return std::nullopt;
}

std::uint64_t element_bytes(DType type) {
    return static_cast<std::uint64_t>(row_bytes(type, 1));
}

class EntryReader {
public:
    EntryReader(const std::string& path, const std::string& name, const Json& json)
        : path_(path), field_(fmt::format("tensor '{}'", name)), json_(json) {
        entry_.name = name;
    }

    SafetensorsEntry read() {
        if (!json_.is_object()) fail("", excerpt(json_), "an object");
        read_type();
        const std::optional<std::uint64_t> bytes = read_shape();
        read_offsets();
        if (!bytes || *bytes != entry_.bytes)
            fail(" data_offsets", fmt::format("{} B", entry_.bytes),
                 bytes ? fmt::format("{} B by its shape and type", *bytes)
                       : "a shape whose bytes can be counted");
        return std::move(entry_);
    }

private:
    [[noreturn]] void fail(const std::string& part, const std::string& found,
                           const std::string& expected) const {
        throw Error(ErrorDetails{"", path_, field_ + part, found, expected});
    }

    const Json& field(const char* name) const {
        const auto found = json_.find(name);
        if (found == json_.end()) fail(std::string(" ") + name, "nothing", "a value");
        return *found;
    }

    void read_type() {
        const Json& value = field("dtype");
        const auto type = value.is_string() ? type_of(value.get<std::string>()) : std::nullopt;
        if (!type) fail(" dtype", excerpt(value), "one that this version reads: F32, F16 or BF16");
        entry_.type = *type;
    }

    // The bytes that shape and type make; empty where no number can say them.
    std::optional<std::uint64_t> read_shape() {
        const Json& value = field("shape");
        if (!value.is_array() || value.size() > kMaxDimensions)
            fail(" shape", excerpt(value), fmt::format("an array of at most {} sizes", kMaxDimensions));
        std::optional<std::uint64_t> bytes = element_bytes(entry_.type);
        for (const Json& size : value) {
            if (!size.is_number_unsigned() || size.get<std::uint64_t>() == 0 ||
                size.get<std::uint64_t>() > kMaxDimension)
                fail(" shape", excerpt(value), "sizes from 1 to 2^40");
            if (bytes) bytes = checked_mul<std::uint64_t>(*bytes, size.get<std::uint64_t>());
            entry_.shape.push_back(size.get<std::int64_t>());
        }
        return bytes;
    }

    void read_offsets() {
        const Json& value = field("data_offsets");
        if (!value.is_array() || value.size() != 2 || !value[0].is_number_unsigned() ||
            !value[1].is_number_unsigned() || value[1].get<std::uint64_t>() < value[0].get<std::uint64_t>())
            fail(" data_offsets", excerpt(value), "[begin, end] with begin ≤ end");
        entry_.begin = value[0].get<std::uint64_t>();
        entry_.bytes = value[1].get<std::uint64_t>() - entry_.begin;
    }

    const std::string& path_;
    std::string field_;
    const Json& json_;
    SafetensorsEntry entry_;
};

std::map<std::string, std::string> read_metadata(const std::string& path, const Json& json) {
    const auto fail = [&](const Json& found) {
        throw Error(ErrorDetails{"", path, kMetadata, excerpt(found), "texts by name"});
    };
    std::map<std::string, std::string> metadata;
    if (!json.is_object()) fail(json);
    for (const auto& [key, value] : json.items()) {
        if (!value.is_string()) fail(value);
        metadata[key] = value.get<std::string>();
    }
    return metadata;
}

// Data must follow on data, from the header's end to the file's: in a gap or an overlap anything could hide.
void check_places(std::vector<SafetensorsEntry>& tensors, std::uint64_t data, std::uint64_t size,
                  const std::string& path) {
    std::stable_sort(tensors.begin(), tensors.end(),
                     [](const SafetensorsEntry& a, const SafetensorsEntry& b) { return a.begin < b.begin; });
    std::uint64_t end = 0;
    const SafetensorsEntry* before = nullptr;
    for (SafetensorsEntry& tensor : tensors) {
        const std::string field = fmt::format("tensor '{}' data_offsets", tensor.name);
        if (tensor.begin != end)
            throw Error(ErrorDetails{
                "", path, field,
                fmt::format("{}{}", tensor.begin,
                            tensor.begin < end ? fmt::format(", inside tensor '{}'", before->name) : ""),
                fmt::format("{}, where the data before it ends", end)});
        if (tensor.bytes > size - data - end)
            throw Error(
                ErrorDetails{"", path, field,
                             fmt::format("{} + {} B after the header's end at {}", end, tensor.bytes, data),
                             fmt::format("no more than the file's {} B", size)});
        end += tensor.bytes;
        tensor.begin += data;
        before = &tensor;
    }
    if (end != size - data)
        throw Error(ErrorDetails{"", path, "file",
                                 fmt::format("{} B after the last tensor", size - data - end),
                                 "the file's end there"});
}

}  // namespace

std::string safetensors_type(DType type) {
    return std::string(info(type).name);
}

SafetensorsHeader read_safetensors_header(std::span<const std::byte> file, const std::string& path) {
    ByteReader reader(file, path);
    if (reader.remaining() == 0) reader.fail("file", "an empty file", "a safetensors file of at least 10 B");
    if (reader.remaining() >= 23 &&
        std::string_view(reinterpret_cast<const char*>(file.data()), 23) == "version https://git-lfs")
        reader.fail("header length", "a Git LFS pointer: the model itself was not downloaded",
                    "a safetensors file");
    const auto length = reader.number<std::uint64_t>("header length");
    const std::uint64_t most = std::min(kMaxSafetensorsHeader, reader.remaining());
    if (length > most)
        reader.fail("header length", std::to_string(length),
                    most == kMaxSafetensorsHeader
                        ? fmt::format("at most {}", most)
                        : fmt::format("at most the {} B that the file still has: it is truncated, or no "
                                      "safetensors file",
                                      most));
    const std::string_view text = reader.bytes(length, "header");
    const JsonObject header = JsonObject::parse(text, path, "header");
    SafetensorsHeader result;
    for (const auto& [name, value] : header.json().items()) {
        if (name == kMetadata)
            result.metadata = read_metadata(path, value);
        else
            result.tensors.push_back(EntryReader(path, name, value).read());
    }
    check_places(result.tensors, reader.position(), file.size(), path);
    return result;
}

}  // namespace hone::hf
