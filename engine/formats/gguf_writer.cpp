// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <utility>

#include "engine/core/error.h"
#include "engine/core/replacing_file.h"
#include "engine/formats/gguf.h"
#include "engine/formats/gguf_header.h"

namespace hone {
namespace {

using namespace gguf;

constexpr std::size_t kChunk = std::size_t{4} << 20;

// The weights of a checkpoint that was opened without them cannot be written.
void require_data(const Checkpoint& checkpoint) {
    for (const StoredTensor& tensor : checkpoint.tensors) {
        const auto needed =
            static_cast<std::size_t>(tensor.rows() * row_bytes(tensor.type, tensor.cols()));
        if (tensor.data.size() != needed)
            throw Error(
                ErrorDetails{"", checkpoint.source, fmt::format("tensor '{}' data", tensor.name),
                             fmt::format("{} B", tensor.data.size()), fmt::format("{} B", needed)});
    }
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

Hash write_tensor(ReplacingFile& file, const StoredTensor& tensor, ByteProgress& progress) {
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
        const auto target_bytes =
            static_cast<std::size_t>(row_bytes(carrier(tensor), tensor.cols()));
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

Checkpoint read_back(const std::filesystem::path& written, const std::filesystem::path& target) {
    try {
        return read_gguf(written);
    } catch (const Error& error) {
        // The temporary is about to go; people know the target.
        throw Error(ErrorDetails{"", target.string(), error.details().field, error.details().found,
                                 error.details().expected});
    }
}

void verify(const std::string& header, const std::filesystem::path& written,
            const std::filesystem::path& target, const std::vector<Hash>& hashes,
            ByteProgress& progress) {
    const Checkpoint back = read_back(written, target);
    // Compared as bytes: a NaN in the metadata differs from itself as a number.
    if (header_of(back) != header) corrupt(target, "metadata and tensor list");
    for (std::size_t i = 0; i < back.tensors.size(); ++i) {
        const StoredTensor& tensor = back.tensors[i];
        Hasher hash;
        for (std::size_t at = 0; at < tensor.data.size(); at += kChunk) {
            const auto chunk = tensor.data.subspan(at, std::min(kChunk, tensor.data.size() - at));
            hash.add(chunk.data(), chunk.size());
            progress.add(chunk.size(), "verifying " + tensor.name);
        }
        if (hash.get() != hashes[i]) corrupt(target, fmt::format("tensor '{}'", tensor.name));
    }
}

}  // namespace

std::int64_t gguf_size(const Checkpoint& checkpoint) {
    return static_cast<std::int64_t>(header_of(checkpoint).size() + data_bytes(checkpoint));
}

Written prepare_gguf(const Checkpoint& checkpoint, const std::filesystem::path& path,
                     Existing existing, const Progress& progress) {
    const std::string header = header_of(checkpoint);
    const std::uint64_t size = header.size() + data_bytes(checkpoint);
    ByteProgress bytes(progress, 2 * size);
    progress.check();
    auto place = std::make_unique<ReplacingFile>(path, static_cast<std::int64_t>(size), existing);
    ReplacingFile& file = *place;
    require_data(checkpoint);
    file.write(header.data(), header.size());
    std::vector<Hash> hashes;
    for (const StoredTensor& tensor : checkpoint.tensors)
        hashes.push_back(write_tensor(file, tensor, bytes));
    file.sync();
    verify(header, file.temporary(), path, hashes, bytes);
    progress.check();
    return {std::move(place), static_cast<std::int64_t>(size)};
}

std::int64_t write_gguf(const Checkpoint& checkpoint, const std::filesystem::path& path,
                        const Progress& progress) {
    const Written written = prepare_gguf(checkpoint, path, Existing::replace, progress);
    written.place->commit();
    return written.bytes;
}

}  // namespace hone
