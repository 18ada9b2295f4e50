// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <unordered_map>

#include "engine/core/checked.h"
#include "engine/core/error.h"
#include "engine/formats/byte_reader.h"
#include "engine/formats/file_kind.h"
#include "engine/formats/gguf.h"
#include "engine/formats/gguf_split.h"
#include "engine/formats/gguf_types.h"
#include "engine/formats/gguf_values.h"
#include "engine/formats/mapped_file.h"

namespace hone {
namespace {

using namespace gguf;

// Larger than any model; sums of two stay far from what a number can say.
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 50;

static_assert(std::endian::native == std::endian::little, "GGUF is read as little-endian");

std::string supported_types() {
    std::string text;
    for (const DTypeInfo& type : all_dtypes()) {
        if (type.ggml_type) text += (text.empty() ? "" : ", ") + std::string(type.name);
    }
    return text;
}

class Reader {
public:
    Reader(const std::filesystem::path& path, std::shared_ptr<const MappedFile> file)
        : path_(path.string()), file_(std::move(file)), reader_(file_->bytes(), path_) {}

    Checkpoint read() {
        checkpoint_.source = path_;
        checkpoint_.files = {file_->identity()};
        read_header();
        for (std::uint64_t i = 0; i < n_keys_; ++i) read_key(i);
        read_alignment();
        refuse_parts(checkpoint_, n_tensors_);
        for (std::uint64_t i = 0; i < n_tensors_; ++i) read_tensor(i);
        place_tensors();
        checkpoint_.place_tensors();
        checkpoint_.name =
            checkpoint_.text_or("general.name", std::filesystem::path(path_).stem().string());
        return std::move(checkpoint_);
    }

private:
    void read_header();
    void read_key(std::uint64_t index);
    void read_alignment();
    void read_tensor(std::uint64_t index);
    void read_shape(StoredTensor& tensor, const std::string& field);
    void place_tensors();
    void check_overlaps() const;

    struct Place {
        std::uint64_t offset, bytes;
        std::size_t tensor;
        std::uint64_t described_at;  // in the header
    };
    [[noreturn]] void fail(const Place& place, const std::string& part, const std::string& found,
                           const std::string& expected, Fault fault, std::string summary) const {
        reader_.fail_at(place.described_at,
                        fmt::format("tensor[{}] '{}' {}", place.tensor,
                                    shortened(checkpoint_.tensors[place.tensor].name), part),
                        found, expected, fault, std::move(summary),
                        fault == Fault::cut_off ? "Download or copy it again." : "");
    }

    std::string path_;
    std::shared_ptr<const MappedFile> file_;
    ByteReader reader_;
    Checkpoint checkpoint_;
    std::uint64_t n_tensors_ = 0, n_keys_ = 0, alignment_ = kAlignment;
    ArrayBudget arrays_;
    std::unordered_map<std::string, std::uint64_t> tensor_indices_;
    std::vector<Place> places_;
};

void Reader::read_header() {
    const std::string_view start(reinterpret_cast<const char*>(file_->bytes().data()),
                                 std::min(file_->bytes().size(), kMagic.size()));
    // Where not even the magic is whole, the file is cut off.
    if (start.empty() || start != kMagic.substr(0, start.size()))
        refuse_kind(file_kind(file_->bytes()), path_, "magic", "a GGUF file");
    reader_.bytes(kMagic.size(), "magic");
    const auto version = reader_.number<std::uint32_t>("version");
    if (version == 0x02000000U || version == 0x03000000U)
        reader_.fail("version", "a big-endian file", "a little-endian one", Fault::unsupported);
    if (version != 2 && version != 3)
        reader_.fail("version", std::to_string(version), "2 or 3", Fault::unsupported);
    n_tensors_ = reader_.number<std::uint64_t>("tensor count");
    n_keys_ = reader_.number<std::uint64_t>("metadata count");
    // The smallest tensor entry takes 25 bytes, the smallest key 13.
    const std::uint64_t most_tensors = std::min(kMaxTensors, reader_.remaining() / 25);
    if (n_tensors_ > most_tensors)
        reader_.fail("tensor count", std::to_string(n_tensors_),
                     fmt::format("at most {} in a file of this size", most_tensors),
                     n_tensors_ <= kMaxTensors ? Fault::cut_off : Fault::damaged);
    const std::uint64_t most_keys = std::min(kMaxKeys, reader_.remaining() / 13);
    if (n_keys_ > most_keys)
        reader_.fail("metadata count", std::to_string(n_keys_),
                     fmt::format("at most {} in a file of this size", most_keys),
                     n_keys_ <= kMaxKeys ? Fault::cut_off : Fault::damaged);
}

void Reader::read_key(std::uint64_t index) {
    const std::string field = fmt::format("metadata[{}]", index);
    const std::uint64_t offset = reader_.position();
    std::string key = read_text(reader_, field + " key", kMaxKey);
    if (key.empty()) reader_.fail_at(offset, field + " key", "an empty key", "a name");
    const std::string named = fmt::format("{} '{}'", field, shortened(key));
    const auto [earlier, added] = checkpoint_.metadata_places.emplace(key, offset);
    if (!added)
        reader_.fail_at(offset, named,
                        fmt::format("the same key at 0x{:X} and 0x{:X}", earlier->second, offset),
                        "each key once");
    const auto type = reader_.number<std::uint32_t>(named + " type");
    checkpoint_.metadata.emplace(std::move(key), read_value(reader_, type, named, arrays_));
    if (reader_.position() > kMaxMetadata)
        reader_.fail(named, fmt::format("metadata of more than {}", size_text(kMaxMetadata)),
                     "less: vocabularies of the largest models take some 20 MB");
}

void Reader::read_alignment() {
    constexpr const char* kKey = "general.alignment";
    const MetadataValue* value = checkpoint_.metadata_find(kKey);
    if (value == nullptr) return;
    const auto* number = std::get_if<std::uint32_t>(value);
    if (number != nullptr && std::has_single_bit(*number) && *number <= kMaxAlignment) {
        alignment_ = *number;
        return;
    }
    reader_.fail_at(
        checkpoint_.metadata_places.at(kKey), fmt::format("metadata '{}'", kKey),
        number == nullptr ? "a value of another type" : std::to_string(*number),
        number == nullptr ? "a UINT32" : fmt::format("a power of two up to {}", kMaxAlignment));
}

void Reader::read_tensor(std::uint64_t index) {
    const std::uint64_t begin = reader_.position();
    StoredTensor tensor;
    std::string field = fmt::format("tensor[{}]", index);
    tensor.name = read_text(reader_, field + " name", kMaxTensorName);
    field += fmt::format(" '{}'", tensor.name);
    if (tensor.name.empty()) reader_.fail_at(begin, field, "an empty name", "a name");
    const auto [earlier, added] = tensor_indices_.emplace(tensor.name, index);
    if (!added)
        reader_.fail_at(begin, field, fmt::format("the same name as tensor[{}]", earlier->second),
                        "each name once");
    read_shape(tensor, field);
    const std::uint64_t type_at = reader_.position();
    const auto ggml_type = reader_.number<std::uint32_t>(field + " type");
    const auto type = dtype_from_ggml(ggml_type);
    if (!type)
        reader_.fail_at(type_at, field + " type", ggml_type_name(ggml_type),
                        "one that this version reads: " + supported_types(), Fault::unsupported);
    tensor.type = *type;
    const auto offset = reader_.number<std::uint64_t>(field + " offset");
    const auto cols = static_cast<std::uint64_t>(tensor.cols());
    if (!row_fits(*type, tensor.cols()))
        reader_.fail_at(
            begin, field + " ne[0]", std::to_string(cols),
            fmt::format("a multiple of {}, the block of {}", info(*type).block, info(*type).name));
    // Not tensor.rows(): the product may wrap.
    std::optional<std::uint64_t> rows = 1;
    for (std::size_t d = 0; d + 1 < tensor.shape.size() && rows; ++d)
        rows = checked_mul<std::uint64_t>(*rows, static_cast<std::uint64_t>(tensor.shape[d]));
    const auto row = static_cast<std::uint64_t>(row_bytes(*type, tensor.cols()));
    const auto bytes = rows ? checked_mul<std::uint64_t>(*rows, row) : std::nullopt;
    const auto elements = rows ? checked_mul<std::uint64_t>(*rows, cols) : std::nullopt;
    if (!bytes || !elements || std::max(*bytes, *elements) > kMostBytes)
        reader_.fail_at(begin, field + " shape",
                        bytes ? fmt::format("{} B", *bytes) : "more bytes than a number can say",
                        fmt::format("at most {}", size_text(kMostBytes)));
    places_.push_back({offset, *bytes, static_cast<std::size_t>(index), begin});
    checkpoint_.tensors.push_back(std::move(tensor));
}

void Reader::read_shape(StoredTensor& tensor, const std::string& field) {
    const std::uint64_t begin = reader_.position();
    const auto n_dims = reader_.number<std::uint32_t>(field + " dimensions");
    if (n_dims == 0 || n_dims > kMaxDimensions)
        reader_.fail_at(begin, field + " dimensions", std::to_string(n_dims),
                        fmt::format("1 to {}", kMaxDimensions));
    for (std::uint32_t d = 0; d < n_dims; ++d) {
        const std::uint64_t at = reader_.position();
        const auto size = reader_.number<std::uint64_t>(fmt::format("{} ne[{}]", field, d));
        if (size == 0 || size > (std::uint64_t{1} << 40))
            reader_.fail_at(at, fmt::format("{} ne[{}]", field, d),
                            std::to_string(static_cast<std::int64_t>(size)), "1 to 2^40");
        tensor.shape.insert(tensor.shape.begin(), static_cast<std::int64_t>(size));
    }
}

void Reader::place_tensors() {
    if (places_.empty()) return;
    const auto start = checked_align<std::uint64_t>(reader_.position(), alignment_);
    const std::uint64_t size = file_->bytes().size();
    std::uint64_t whole = start.value_or(size);
    const Place* beyond = nullptr;  // the first tensor that the file ends before
    for (const Place& place : places_) {
        if (place.offset % alignment_ != 0)
            fail(place, "offset", std::to_string(place.offset),
                 fmt::format("a multiple of {}", alignment_), Fault::damaged, "");
        const auto end =
            start ? checked_add<std::uint64_t>(*start + place.bytes, place.offset) : std::nullopt;
        if (!end || *end > kMostBytes)
            fail(place, "offset", std::to_string(place.offset),
                 fmt::format("one inside the file's {} B", size), Fault::damaged, "");
        whole = std::max(whole, *end);
        if (*end > size && beyond == nullptr) beyond = &place;
    }
    check_overlaps();
    if (beyond != nullptr)
        fail(*beyond, "offset",
             fmt::format("{} + {} B after the data's start at {}", beyond->offset, beyond->bytes,
                         *start),
             fmt::format("no more than the file's {} B", size), Fault::cut_off,
             cut_off_text(size, whole));
    for (const Place& place : places_) {
        StoredTensor& tensor = checkpoint_.tensors[place.tensor];
        tensor.data = file_->bytes().subspan(static_cast<std::size_t>(*start + place.offset),
                                             static_cast<std::size_t>(place.bytes));
        tensor.owner = file_;
    }
}

void Reader::check_overlaps() const {
    std::vector<const Place*> order;
    for (const Place& place : places_) order.push_back(&place);
    std::sort(order.begin(), order.end(),
              [](const Place* a, const Place* b) { return a->offset < b->offset; });
    for (std::size_t i = 1; i < order.size(); ++i) {
        const Place& before = *order[i - 1];
        if (order[i]->offset < before.offset + before.bytes)
            fail(*order[i], "offset",
                 fmt::format("{}, inside tensor[{}] '{}'", order[i]->offset, before.tensor,
                             checkpoint_.tensors[before.tensor].name),
                 "tensors that do not overlap", Fault::damaged, "");
    }
}

}  // namespace

Checkpoint read_gguf(const std::filesystem::path& path) {
    return Reader(path, MappedFile::open(path)).read();
}

}  // namespace hone
