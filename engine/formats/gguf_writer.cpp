// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "engine/core/error.h"
#include "engine/formats/gguf.h"
#include "engine/formats/gguf_carrier.h"
#include "engine/formats/gguf_types.h"

namespace hone {
namespace {

using namespace gguf;

constexpr std::string_view kFileType = "general.file_type", kAlignmentKey = "general.alignment",
                           kQuantisation = "general.quantization_version",
                           kArchitecture = "general.architecture";
constexpr std::size_t kChunk = std::size_t{4} << 20;
constexpr std::uint32_t kQuantisationVersion = 2;  // of ggml's block layouts

constexpr std::uint64_t aligned(std::uint64_t position) {
    return (position + kAlignment - 1) / kAlignment * kAlignment;
}

// llama.cpp's numbers for "mostly this type".
std::uint32_t file_type(DType type) {
    switch (type) {
        case DType::f16:
            return 1;
        case DType::q4_0:
            return 2;
        case DType::q4_1:
            return 3;
        case DType::q8_0:
            return 7;
        case DType::bf16:
            return 32;
        default:
            return 0;
    }
}

DType carrier(const StoredTensor& tensor) {
    return info(tensor.type).gguf_carrier;
}

std::uint64_t carried_bytes(const StoredTensor& tensor) {
    return static_cast<std::uint64_t>(tensor.rows() * row_bytes(carrier(tensor), tensor.cols()));
}

// The type that most weights have; matrices decide, since vectors are always F32.
DType main_type(const Checkpoint& checkpoint) {
    std::map<DType, std::int64_t> elements;
    for (const StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.shape.size() >= 2) elements[carrier(tensor)] += tensor.elements();
    }
    const auto most = std::max_element(elements.begin(), elements.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    return most == elements.end() ? DType::f32 : most->first;
}

using Metadata = std::map<std::string, MetadataValue, std::less<>>;

Metadata written_metadata(const Checkpoint& checkpoint) {
    Metadata metadata = checkpoint.metadata;
    const DType type = main_type(checkpoint);
    metadata[std::string(kFileType)] = file_type(type);
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

// --- the header, in memory: some megabytes for a large vocabulary ---------------------------------------------------

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

std::string header_of(const Checkpoint& checkpoint) {
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
    for (const StoredTensor& tensor : checkpoint.tensors) bytes = aligned(bytes + carried_bytes(tensor));
    return bytes;
}

// --- the file -------------------------------------------------------------------------------------------------------

std::string reason(int error) {
    return std::generic_category().message(error);
}

// A new file beside the target that is gone unless it was kept.
class TemporaryFile {
public:
    explicit TemporaryFile(const std::filesystem::path& target)
        : target_(target), path_(target.string() + fmt::format(".partial-{}", getpid())) {
        descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor_ < 0) fail("create", errno);
    }
    ~TemporaryFile() {
        close();
        if (!kept_) ::unlink(path_.c_str());
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    const std::filesystem::path& path() const { return path_; }

    void write(const void* data, std::size_t bytes) {
        const auto* at = static_cast<const char*>(data);
        while (bytes > 0) {
            const ssize_t written = ::write(descriptor_, at, bytes);
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) fail("write", errno);
            at += written;
            bytes -= static_cast<std::size_t>(written);
        }
    }
    void sync() {
        if (::fsync(descriptor_) != 0) fail("flush to disk", errno);
        if (::close(std::exchange(descriptor_, -1)) != 0) fail("close", errno);
    }
    void keep() {
        if (::rename(path_.c_str(), target_.c_str()) != 0) fail("rename to its place", errno);
        kept_ = true;
        const std::filesystem::path folder = target_.has_parent_path() ? target_.parent_path() : ".";
        const int directory = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (directory < 0) return;  // the file is there; only its name may not survive a power cut
        ::fsync(directory);
        ::close(directory);
    }

private:
    void close() {
        if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
    }
    [[noreturn]] void fail(std::string_view what, int error) const {
        throw Error(ErrorDetails{fmt::format("{}: cannot {}: {}; nothing was changed there", target_.string(),
                                             what, reason(error)),
                                 target_.string(), "output file", reason(error),
                                 "a place that can be written"});
    }

    std::filesystem::path target_, path_;
    int descriptor_ = -1;
    bool kept_ = false;
};

void require_place(const std::filesystem::path& path, std::uint64_t needed) {
    const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
    std::error_code ignored;
    if (!std::filesystem::is_directory(folder, ignored))
        throw Error(
            ErrorDetails{"", path.string(), "folder", "no folder " + folder.string(), "an existing folder"});
    if (std::filesystem::is_directory(path, ignored))
        throw Error(ErrorDetails{"", path.string(), "output file", "a folder", "the name of a file"});
    if (std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored))
        throw Error(ErrorDetails{"", path.string(), "output file", "something that is no regular file",
                                 "a new name, or a file to replace"});
    struct statvfs room {};
    if (::statvfs(folder.c_str(), &room) != 0) return;  // the write will tell
    const std::uint64_t free = static_cast<std::uint64_t>(room.f_bavail) * room.f_frsize;
    if (needed > free)
        throw Error(
            ErrorDetails{fmt::format("{}: needs {:.2f} GB on disk and {:.2f} GB are free", path.string(),
                                     static_cast<double>(needed) / 1e9, static_cast<double>(free) / 1e9),
                         path.string(), "disk space", fmt::format("{} B free", free),
                         fmt::format("at least {} B", needed)});
}

using Hash = std::pair<std::uint64_t, std::uint64_t>;

class Hasher {
public:
    Hasher() : state_(XXH3_createState()) { XXH3_128bits_reset(state_); }
    ~Hasher() { XXH3_freeState(state_); }
    Hasher(const Hasher&) = delete;
    Hasher& operator=(const Hasher&) = delete;
    void add(const void* data, std::size_t bytes) { XXH3_128bits_update(state_, data, bytes); }
    Hash get() const {
        const XXH128_hash_t digest = XXH3_128bits_digest(state_);
        return {digest.high64, digest.low64};
    }

private:
    XXH3_state_t* state_;
};

// Progress over the bytes of the file, written and read back.
class ByteProgress {
public:
    ByteProgress(const Progress& progress, std::uint64_t total)
        : progress_(progress), total_(static_cast<double>(std::max<std::uint64_t>(total, 1))) {}
    void add(std::uint64_t bytes, std::string_view what) {
        done_ += static_cast<double>(bytes);
        progress_.update(std::min(1.0, done_ / total_), what);
    }

private:
    const Progress& progress_;
    double total_, done_ = 0;
};

Hash write_tensor(TemporaryFile& file, const StoredTensor& tensor, ByteProgress& progress) {
    Hasher hash;
    const auto put = [&](std::span<const std::byte> bytes) {
        for (std::size_t at = 0; at < bytes.size(); at += kChunk) {
            const auto chunk = bytes.subspan(at, std::min(kChunk, bytes.size() - at));
            file.write(chunk.data(), chunk.size());
            hash.add(chunk.data(), chunk.size());
            progress.add(chunk.size(), tensor.name);
        }
    };
    if (carrier(tensor) == tensor.type) {
        put(tensor.data);
    } else {
        std::vector<std::byte> carried;
        const auto source_bytes = static_cast<std::size_t>(row_bytes(tensor.type, tensor.cols()));
        const auto target_bytes = static_cast<std::size_t>(row_bytes(carrier(tensor), tensor.cols()));
        const std::size_t rows_together = std::max<std::size_t>(1, kChunk / target_bytes);
        const auto rows = static_cast<std::size_t>(tensor.rows());
        for (std::size_t row = 0; row < rows; row += rows_together) {
            const std::size_t count = std::min(rows_together, rows - row);
            carried.resize(count * target_bytes);
            for (std::size_t i = 0; i < count; ++i)
                carry_row(tensor.type, tensor.data.data() + (row + i) * source_bytes,
                          carried.data() + i * target_bytes, tensor.cols());
            put(carried);
        }
    }
    const std::uint64_t bytes = carried_bytes(tensor);
    constexpr std::array<std::byte, kAlignment> kZeros{};
    file.write(kZeros.data(), aligned(bytes) - bytes);
    return hash.get();
}

[[noreturn]] void corrupt(const std::filesystem::path& path, const std::string& field) {
    throw Error(ErrorDetails{"", path.string(), field,
                             "other bytes than were written, on reading the file again",
                             "the same bytes: the disk may be faulty"});
}

void verify(const Checkpoint& checkpoint, const std::filesystem::path& written,
            const std::filesystem::path& target, const std::vector<Hash>& hashes, ByteProgress& progress) {
    const Checkpoint back = read_gguf(written);
    if (back.metadata != written_metadata(checkpoint)) corrupt(target, "metadata");
    if (back.tensors.size() != checkpoint.tensors.size()) corrupt(target, "tensors");
    for (std::size_t i = 0; i < back.tensors.size(); ++i) {
        const StoredTensor &ours = checkpoint.tensors[i], &theirs = back.tensors[i];
        const std::string field = fmt::format("tensor '{}'", ours.name);
        if (theirs.name != ours.name || theirs.shape != ours.shape || theirs.type != carrier(ours))
            corrupt(target, field);
        Hasher hash;
        for (std::size_t at = 0; at < theirs.data.size(); at += kChunk) {
            const auto chunk = theirs.data.subspan(at, std::min(kChunk, theirs.data.size() - at));
            hash.add(chunk.data(), chunk.size());
            progress.add(chunk.size(), "verifying " + ours.name);
        }
        if (hash.get() != hashes[i]) corrupt(target, field);
    }
}

}  // namespace

std::int64_t gguf_size(const Checkpoint& checkpoint) {
    return static_cast<std::int64_t>(header_of(checkpoint).size() + data_bytes(checkpoint));
}

std::int64_t write_gguf(const Checkpoint& checkpoint, const std::filesystem::path& path,
                        const Progress& progress) {
    const std::string header = header_of(checkpoint);
    const std::uint64_t size = header.size() + data_bytes(checkpoint);
    require_place(path, size);
    ByteProgress bytes(progress, 2 * size);
    TemporaryFile file(path);
    file.write(header.data(), header.size());
    std::vector<Hash> hashes;
    for (const StoredTensor& tensor : checkpoint.tensors) hashes.push_back(write_tensor(file, tensor, bytes));
    file.sync();
    verify(checkpoint, file.path(), path, hashes, bytes);
    file.keep();
    return static_cast<std::int64_t>(size);
}

}  // namespace hone
