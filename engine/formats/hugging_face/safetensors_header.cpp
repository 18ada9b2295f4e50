// SPDX-License-Identifier: Apache-2.0
#include "engine/formats/hugging_face/safetensors_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "engine/core/checked.h"
#include "engine/core/error.h"
#include "engine/formats/byte_reader.h"
#include "engine/formats/file_kind.h"
#include "engine/formats/hugging_face/json_file.h"

namespace hone::hf {
namespace {

using Json = nlohmann::json;

constexpr const char* kMetadata = "__metadata__";
constexpr std::size_t kMaxDimensions = 4, kMaxTensors = std::size_t{1} << 20U;
constexpr std::uint64_t kMaxDimension = std::uint64_t{1} << 40U;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 50U;  // larger than any model

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
        : path_(path), field_(fmt::format("tensor '{}'", shortened(name))), json_(json) {
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
                           const std::string& expected, Fault fault = Fault::damaged) const {
        throw Error(ErrorDetails{"", path_, field_ + part, found, expected, fault});
    }

    const Json& field(const char* name) const {
        const auto found = json_.find(name);
        if (found == json_.end()) fail(std::string(" ") + name, "nothing", "a value");
        return *found;
    }

    void read_type() {
        const Json& value = field("dtype");
        const auto type = value.is_string() ? type_of(value.get<std::string>()) : std::nullopt;
        if (!type)
            fail(" dtype", excerpt(value), "one that this version reads: F32, F16 or BF16",
                 Fault::unsupported);
        entry_.type = *type;
    }

    // The bytes that shape and type make; empty where no number can say them.
    std::optional<std::uint64_t> read_shape() {
        const Json& value = field("shape");
        if (!value.is_array() || value.size() > kMaxDimensions)
            fail(" shape", excerpt(value),
                 fmt::format("an array of at most {} sizes", kMaxDimensions));
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
            !value[1].is_number_unsigned() ||
            value[1].get<std::uint64_t>() < value[0].get<std::uint64_t>())
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
        throw Error(
            ErrorDetails{"", path, kMetadata, excerpt(found), "texts by name", Fault::damaged});
    };
    std::map<std::string, std::string> metadata;
    if (json.is_null()) return metadata;  // as the reference implementation takes it
    if (!json.is_object()) fail(json);
    for (const auto& [key, value] : json.items()) {
        if (!value.is_string()) fail(value);
        metadata[key] = value.get<std::string>();
    }
    return metadata;
}

// Data must follow on data, from the header's end to the file's: in a gap or an overlap anything
// could hide.
void check_places(std::vector<SafetensorsEntry>& tensors, std::uint64_t data, std::uint64_t size,
                  const std::string& path) {
    std::stable_sort(
        tensors.begin(), tensors.end(),
        [](const SafetensorsEntry& a, const SafetensorsEntry& b) { return a.begin < b.begin; });
    const auto fail = [&](const SafetensorsEntry& tensor, std::string found, std::string expected,
                          Fault fault, std::string summary) {
        ErrorDetails details{"",
                             path,
                             fmt::format("tensor '{}' data_offsets", shortened(tensor.name)),
                             std::move(found),
                             std::move(expected),
                             fault};
        details.summary = std::move(summary);
        if (fault == Fault::cut_off) details.action = "Download or copy it again.";
        throw Error(std::move(details));
    };
    std::uint64_t end = 0;
    const SafetensorsEntry *before = nullptr, *beyond = nullptr;
    for (SafetensorsEntry& tensor : tensors) {
        if (tensor.begin != end)
            fail(tensor,
                 fmt::format(
                     "{}{}", tensor.begin,
                     tensor.begin < end ? fmt::format(", inside tensor '{}'", before->name) : ""),
                 fmt::format("{}, where the data before it ends", end), Fault::damaged, "");
        const auto next = checked_add<std::uint64_t>(end, tensor.bytes);
        if (!next || *next > kMostBytes)
            fail(tensor, fmt::format("{} + {} B", end, tensor.bytes),
                 fmt::format("no more than the file's {} B", size), Fault::damaged, "");
        end = *next;
        if (end > size - data && beyond == nullptr) beyond = &tensor;
        before = &tensor;
    }
    if (beyond != nullptr)
        fail(*beyond,
             fmt::format("{} + {} B after the header's end at {}", beyond->begin, beyond->bytes,
                         data),
             fmt::format("no more than the file's {} B", size), Fault::cut_off,
             cut_off_text(size, data + end));
    if (end != size - data)
        throw Error(ErrorDetails{"", path, "file",
                                 fmt::format("{} B after the last tensor", size - data - end),
                                 "the file's end there", Fault::damaged});
    for (SafetensorsEntry& tensor : tensors) tensor.begin += data;
}

// Before a length is believed: a page, a pointer or an archive has one, too.
void require_safetensors(std::span<const std::byte> file, const std::string& path) {
    constexpr const char* kExpected = "a safetensors file";
    if (file.empty()) refuse_kind(file_kind(file), path, "header length", kExpected);
    const std::string_view start(reinterpret_cast<const char*>(file.data()),
                                 std::min<std::size_t>(file.size(), 64));
    // JSON may begin with white space, though the format's description says that it must not.
    const std::size_t brace =
        start.size() > 8 ? start.find_first_not_of(" \t\r\n", 8) : std::string_view::npos;
    if (brace != std::string_view::npos && start[brace] == '{') return;
    const FileKind kind = file_kind(file);
    if (kind.known) refuse_kind(kind, path, "header length", kExpected);
}

}  // namespace

std::string safetensors_type(DType type) {
    return std::string(info(type).name);
}

SafetensorsHeader read_safetensors_header(std::span<const std::byte> file,
                                          const std::string& path) {
    require_safetensors(file, path);
    ByteReader reader(file, path);
    const auto length = reader.number<std::uint64_t>("header length");
    if (length > kMaxSafetensorsHeader)
        reader.fail_at(0, "header length", std::to_string(length),
                       fmt::format("at most {}", kMaxSafetensorsHeader));
    if (length > reader.remaining())
        reader.fail_at(0, "header length", std::to_string(length),
                       fmt::format("at most the {} B that the file still has", reader.remaining()),
                       Fault::cut_off);
    const std::string_view text = reader.bytes(length, "header");
    SafetensorsHeader result;
    JsonObject::each_member(text, path, "header", [&](const std::string& name, const Json& value) {
        if (name == kMetadata)
            result.metadata = read_metadata(path, value);
        else if (result.tensors.size() == kMaxTensors)
            reader.fail("header", fmt::format("more than {} tensors", kMaxTensors), "a model's");
        else
            result.tensors.push_back(EntryReader(path, name, value).read());
    });
    check_places(result.tensors, reader.position(), file.size(), path);
    return result;
}

}  // namespace hone::hf
