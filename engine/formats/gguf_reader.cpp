// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "engine/core/checked.h"
#include "engine/core/error.h"
#include "engine/formats/byte_reader.h"
#include "engine/formats/gguf.h"
#include "engine/formats/gguf_types.h"
#include "engine/formats/gguf_values.h"
#include "engine/formats/mapped_file.h"

namespace hone {
namespace {

using namespace gguf;

static_assert(std::endian::native == std::endian::little, "GGUF is read as little-endian");

std::string supported_types() {
    std::string text;
    for (const DTypeInfo& type : all_dtypes()) {
        if (type.ggml_type) text += (text.empty() ? "" : ", ") + std::string(type.name);
    }
    return text;
}

// What a file that is no GGUF seems to be.
std::string detected(std::string_view start) {
    const auto begins = [start](std::string_view with) { return start.substr(0, with.size()) == with; };
    if (begins("FUGG")) return "a big-endian GGUF file";
    if (begins("version https://git-lfs")) return "a Git LFS pointer: the model itself was not downloaded";
    if (begins("<!DOCTYPE") || begins("<html") || begins("<HTML")) return "a web page: the download failed";
    if (begins("PK\x03\x04")) return "a zip archive (a PyTorch checkpoint?)";
    if (begins("ggml") || begins("lmgg") || begins("ggjt") || begins("tjgg")) return "an old GGML file";
    if (start.size() > 8 && start[8] == '{') return "a safetensors file";
    std::string hex;
    for (const char c : start.substr(0, 4)) hex += fmt::format("{:02X} ", static_cast<unsigned char>(c));
    return hex.empty() ? "nothing" : hex.substr(0, hex.size() - 1);
}

class Reader {
public:
    Reader(const std::filesystem::path& path, std::shared_ptr<const MappedFile> file)
        : path_(path.string()), file_(std::move(file)), reader_(file_->bytes(), path_) {}

    Checkpoint read() {
        checkpoint_.source = path_;
        read_header();
        for (std::uint64_t i = 0; i < n_keys_; ++i) read_key(i);
        read_alignment();
        refuse_parts();
        for (std::uint64_t i = 0; i < n_tensors_; ++i) read_tensor(i);
        place_tensors();
        checkpoint_.name = checkpoint_.text_or("general.name", std::filesystem::path(path_).stem().string());
        return std::move(checkpoint_);
    }

private:
    void read_header();
    void read_key(std::uint64_t index);
    void read_alignment();
    void refuse_parts() const;
    void read_tensor(std::uint64_t index);
    void place_tensors();
    void check_overlaps() const;

    struct Place {
        std::uint64_t offset, bytes;
        std::string field;
    };

    std::string path_;
    std::shared_ptr<const MappedFile> file_;
    ByteReader reader_;
    Checkpoint checkpoint_;
    std::uint64_t n_tensors_ = 0, n_keys_ = 0, alignment_ = kAlignment;
    std::unordered_map<std::string, std::uint64_t> key_offsets_, tensor_indices_;
    std::vector<Place> places_;
};

void Reader::read_header() {
    if (reader_.remaining() == 0) reader_.fail("file", "an empty file", "a GGUF file of at least 24 B");
    const std::string_view start(reinterpret_cast<const char*>(file_->bytes().data()),
                                 std::min<std::size_t>(file_->bytes().size(), 64));
    if (start.substr(0, kMagic.size()) != kMagic.substr(0, std::min(kMagic.size(), start.size())))
        reader_.fail("magic", detected(start), "GGUF");
    reader_.bytes(kMagic.size(), "magic");
    const auto version = reader_.number<std::uint32_t>("version");
    if (version == 0x02000000U || version == 0x03000000U)
        reader_.fail("version", "a big-endian file", "a little-endian one");
    if (version != 2 && version != 3) reader_.fail("version", std::to_string(version), "2 or 3");
    n_tensors_ = reader_.number<std::uint64_t>("tensor count");
    n_keys_ = reader_.number<std::uint64_t>("metadata count");
    // The smallest tensor entry takes 25 bytes, the smallest key 13.
    const std::uint64_t most_tensors = std::min(kMaxTensors, reader_.remaining() / 25);
    if (n_tensors_ > most_tensors)
        reader_.fail("tensor count", std::to_string(n_tensors_),
                     fmt::format("at most {} in a file of this size", most_tensors));
    const std::uint64_t most_keys = std::min(kMaxKeys, reader_.remaining() / 13);
    if (n_keys_ > most_keys)
        reader_.fail("metadata count", std::to_string(n_keys_),
                     fmt::format("at most {} in a file of this size", most_keys));
}

void Reader::read_key(std::uint64_t index) {
    const std::string field = fmt::format("metadata[{}]", index);
    const std::uint64_t offset = reader_.position();
    std::string key = read_text(reader_, field + " key", kMaxKey);
    if (key.empty()) reader_.fail(field + " key", "an empty key", "a name");
    const auto [earlier, added] = key_offsets_.emplace(key, offset);
    if (!added)
        reader_.fail(field + " '" + key + "'",
                     fmt::format("the same key at 0x{:X} and 0x{:X}", earlier->second, offset),
                     "each key once");
    const std::string named = fmt::format("{} '{}'", field, key);
    const auto type = reader_.number<std::uint32_t>(named + " type");
    checkpoint_.metadata.emplace(std::move(key), read_value(reader_, type, named));
}

void Reader::read_alignment() {
    const MetadataValue* value = checkpoint_.metadata_find("general.alignment");
    if (value == nullptr) return;
    const auto* number = std::get_if<std::uint32_t>(value);
    if (number == nullptr)
        reader_.fail("metadata 'general.alignment'", "a value of another type", "a UINT32");
    if (!std::has_single_bit(*number) || *number > kMaxAlignment)
        reader_.fail("metadata 'general.alignment'", std::to_string(*number),
                     fmt::format("a power of two up to {}", kMaxAlignment));
    alignment_ = *number;
}

// One part of several has only some of the tensors.
void Reader::refuse_parts() const {
    const std::int64_t parts = checkpoint_.integer_or("split.count", 1);
    if (parts > 1)
        reader_.fail("metadata 'split.count'",
                     fmt::format("part {} of {}", checkpoint_.integer_or("split.no", 0) + 1, parts),
                     "the whole model in one file: join the parts with llama-gguf-split --merge");
}

void Reader::read_tensor(std::uint64_t index) {
    StoredTensor tensor;
    std::string field = fmt::format("tensor[{}]", index);
    tensor.name = read_text(reader_, field + " name", kMaxTensorName);
    field += fmt::format(" '{}'", tensor.name);
    if (tensor.name.empty()) reader_.fail(field, "an empty name", "a name");
    const auto [earlier, added] = tensor_indices_.emplace(tensor.name, index);
    if (!added)
        reader_.fail(field, fmt::format("the same name as tensor[{}]", earlier->second), "each name once");
    const auto n_dims = reader_.number<std::uint32_t>(field + " dimensions");
    if (n_dims == 0 || n_dims > kMaxDimensions)
        reader_.fail(field + " dimensions", std::to_string(n_dims), fmt::format("1 to {}", kMaxDimensions));
    std::optional<std::uint64_t> rows = 1;
    std::uint64_t cols = 0;
    for (std::uint32_t d = 0; d < n_dims; ++d) {
        const auto size = reader_.number<std::uint64_t>(fmt::format("{} ne[{}]", field, d));
        if (size == 0 || size > (std::uint64_t{1} << 40))
            reader_.fail(fmt::format("{} ne[{}]", field, d), std::to_string(static_cast<std::int64_t>(size)),
                         "1 to 2^40");
        if (d == 0)
            cols = size;
        else if (rows)
            rows = checked_mul<std::uint64_t>(*rows, size);
        tensor.shape.insert(tensor.shape.begin(), static_cast<std::int64_t>(size));
    }
    const auto ggml_type = reader_.number<std::uint32_t>(field + " type");
    const auto type = dtype_from_ggml(ggml_type);
    if (!type)
        reader_.fail(field + " type", ggml_type_name(ggml_type),
                     "one that this version reads: " + supported_types());
    tensor.type = *type;
    const auto offset = reader_.number<std::uint64_t>(field + " offset");
    if (!row_fits(*type, static_cast<std::int64_t>(cols)))
        reader_.fail(field + " ne[0]", std::to_string(cols),
                     fmt::format("a multiple of {}, the block of {}", info(*type).block, info(*type).name));
    const auto row = static_cast<std::uint64_t>(row_bytes(*type, static_cast<std::int64_t>(cols)));
    const auto bytes = rows ? checked_mul<std::uint64_t>(*rows, row) : std::nullopt;
    const auto elements = rows ? checked_mul<std::uint64_t>(*rows, cols) : std::nullopt;
    if (!bytes || !elements || *elements > (std::uint64_t{1} << 62) || *bytes > file_->bytes().size())
        reader_.fail(field + " shape",
                     bytes ? fmt::format("{} B", *bytes) : "more bytes than a number can say",
                     fmt::format("at most the file's {} B", file_->bytes().size()));
    places_.push_back({offset, *bytes, field});
    checkpoint_.tensors.push_back(std::move(tensor));
}

void Reader::place_tensors() {
    const auto start = checked_align<std::uint64_t>(reader_.position(), alignment_);
    const std::uint64_t size = file_->bytes().size();
    if (!places_.empty() && (!start || *start > size))
        reader_.fail("tensor data", fmt::format("the end of the file at {} B", size),
                     "tensor data after the header");
    for (std::size_t i = 0; i < places_.size(); ++i) {
        const Place& place = places_[i];
        if (place.offset % alignment_ != 0)
            reader_.fail(place.field + " offset", std::to_string(place.offset),
                         fmt::format("a multiple of {}", alignment_));
        if (place.offset > size - *start || place.bytes > size - *start - place.offset)
            reader_.fail(
                place.field + " offset",
                fmt::format("{} + {} B after the data's start at {}", place.offset, place.bytes, *start),
                fmt::format("no more than the file's {} B", size));
        checkpoint_.tensors[i].data = file_->bytes().subspan(static_cast<std::size_t>(*start + place.offset),
                                                             static_cast<std::size_t>(place.bytes));
        checkpoint_.tensors[i].owner = file_;
    }
    check_overlaps();
}

void Reader::check_overlaps() const {
    std::vector<const Place*> order;
    for (const Place& place : places_) order.push_back(&place);
    std::sort(order.begin(), order.end(),
              [](const Place* a, const Place* b) { return a->offset < b->offset; });
    for (std::size_t i = 1; i < order.size(); ++i) {
        if (order[i]->offset < order[i - 1]->offset + order[i - 1]->bytes)
            reader_.fail(order[i]->field + " offset",
                         fmt::format("{}, inside {}", order[i]->offset, order[i - 1]->field),
                         "tensors that do not overlap");
    }
}

}  // namespace

Checkpoint read_gguf(const std::filesystem::path& path) {
    return Reader(path, MappedFile::open(path)).read();
}

}  // namespace hone
