// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>

#include "engine/core/error.h"
#include "engine/core/replacing_file.h"
#include "engine/core/replacing_folder.h"
#include "engine/formats/hugging_face.h"
#include "engine/formats/hugging_face/config.h"
#include "engine/formats/hugging_face/safetensors_header.h"
#include "engine/formats/hugging_face/tensors.h"
#include "engine/formats/hugging_face/tokenizer.h"
#include "engine/formats/mapped_file.h"

namespace hone {
namespace {

using namespace hf;

constexpr std::size_t kChunk = std::size_t{4} << 20U;
constexpr std::size_t kHeaderAlignment = 8;

struct PlannedTensor {
    const StoredTensor* source = nullptr;
    std::string name;
    std::int64_t head_dim = 0;  // above 0: the rows of each head are ordered anew
};

struct PlannedShard {
    std::string file;
    std::vector<PlannedTensor> tensors;
    std::string header;  // with its length before it
    std::uint64_t bytes = 0;
};

// The whole folder before anything is written.
struct Plan {
    std::map<std::string, std::string> texts;
    std::vector<PlannedShard> shards;

    std::uint64_t bytes() const {
        std::uint64_t sum = 0;
        for (const auto& [name, text] : texts) sum += text.size();
        for (const PlannedShard& shard : shards) sum += shard.bytes;
        return sum;
    }
};

std::uint64_t bytes_of(const StoredTensor& tensor) {
    return static_cast<std::uint64_t>(tensor.rows() * row_bytes(tensor.type, tensor.cols()));
}

// All matrices of a type that cannot be written are named in one sentence.
void require_floating(const Checkpoint& checkpoint) {
    std::map<std::string_view, int> others;
    const StoredTensor* first = nullptr;
    for (const StoredTensor& tensor : checkpoint.tensors) {
        if (info(tensor.type).floating) continue;
        if (first == nullptr) first = &tensor;
        ++others[info(tensor.type).name];
    }
    if (first == nullptr) return;
    std::string found;
    for (const auto& [type, count] : others)
        found += fmt::format("{}{} of {}", found.empty() ? "" : ", ", count, type);
    throw Error(ErrorDetails{fmt::format("{}: safetensors files hold no quantised weights ({} "
                                         "tensors): choose the type f32, f16 "
                                         "or bf16, or the format gguf",
                                         checkpoint.source, found),
                             checkpoint.source, fmt::format("tensor '{}' type", first->name), found,
                             "F32, F16 or BF16"});
}

// Without the factors of the rotation, which config.json says, and with none that the family does
// not have.
std::vector<PlannedTensor> planned_tensors(const Checkpoint& checkpoint,
                                           const FolderLayout& layout) {
    const auto refuse = [&](const std::string& field, const std::string& found,
                            const std::string& expected) {
        throw Error(ErrorDetails{"", checkpoint.source, fmt::format("tensor '{}'", field), found,
                                 expected});
    };
    std::vector<PlannedTensor> tensors;
    const std::int64_t head_dim = layout.shape.head_dim;
    for (FolderTensor& wanted : folder_tensors(layout)) {
        const StoredTensor* source = checkpoint.find(wanted.gguf);
        if (source == nullptr) {
            if (wanted.row->presence == Presence::optional) continue;
            refuse(wanted.gguf, "no such tensor",
                   fmt::format("it, in a {} model", layout.family->name));
        }
        if (wanted.by_halves && source->rows() % head_dim != 0)
            refuse(wanted.gguf, fmt::format("{} rows", source->rows()),
                   fmt::format("whole heads of {}", head_dim));
        tensors.push_back({source, std::move(wanted.name), wanted.by_halves ? head_dim : 0});
    }
    const std::size_t used = tensors.size() + (layout.rope_factors.empty() ? 0 : 1);
    if (used != checkpoint.tensors.size())
        throw Error(ErrorDetails{
            "", checkpoint.source, "tensors", std::to_string(checkpoint.tensors.size()),
            fmt::format("{}, all that a {} model has", used, layout.family->name)});
    return tensors;
}

std::string header_of(const PlannedShard& shard, const std::string& name) {
    nlohmann::ordered_json header;
    header["__metadata__"] = {{"format", "pt"}, {"name", name}};
    std::uint64_t offset = 0;
    for (const PlannedTensor& tensor : shard.tensors) {
        const std::uint64_t end = offset + bytes_of(*tensor.source);
        header[tensor.name] = {{"dtype", safetensors_type(tensor.source->type)},
                               {"shape", tensor.source->shape},
                               {"data_offsets", {offset, end}}};
        offset = end;
    }
    std::string text = header.dump();
    text.resize((text.size() + kHeaderAlignment - 1) / kHeaderAlignment * kHeaderAlignment, ' ');
    const std::uint64_t length = text.size();
    std::string result(sizeof length, '\0');
    std::memcpy(result.data(), &length, sizeof length);
    return result + text;
}

std::vector<PlannedShard> shards_of(std::vector<PlannedTensor> tensors, std::int64_t shard_bytes) {
    std::vector<PlannedShard> shards(1);
    for (PlannedTensor& tensor : tensors) {
        const std::uint64_t bytes = bytes_of(*tensor.source);
        if (shards.back().bytes > 0 &&
            shards.back().bytes + bytes > static_cast<std::uint64_t>(shard_bytes))
            shards.emplace_back();
        shards.back().bytes += bytes;
        shards.back().tensors.push_back(std::move(tensor));
    }
    for (std::size_t i = 0; i < shards.size(); ++i) {
        shards[i].file = shards.size() == 1 ? "model.safetensors"
                                            : fmt::format("model-{:05}-of-{:05}.safetensors", i + 1,
                                                          shards.size());
        // Wider elements first, so that every tensor is aligned to its elements.
        std::stable_partition(
            shards[i].tensors.begin(), shards[i].tensors.end(),
            [](const PlannedTensor& tensor) { return tensor.source->type == DType::f32; });
    }
    return shards;
}

std::string index_of(const std::vector<PlannedShard>& shards) {
    nlohmann::json map = nlohmann::json::object();
    std::uint64_t total = 0;
    for (const PlannedShard& shard : shards) {
        total += shard.bytes;
        for (const PlannedTensor& tensor : shard.tensors) map[tensor.name] = shard.file;
    }
    return nlohmann::json{{"metadata", {{"total_size", total}}}, {"weight_map", std::move(map)}}
               .dump(2) +
           "\n";
}

Plan plan_of(const Checkpoint& checkpoint, std::int64_t shard_bytes) {
    require_floating(checkpoint);
    const FolderLayout layout = layout_of(checkpoint);
    Plan plan;
    plan.texts = write_tokenizer(checkpoint);
    plan.texts["config.json"] = write_config(checkpoint, layout).dump(2) + "\n";
    plan.shards = shards_of(planned_tensors(checkpoint, layout), shard_bytes);
    if (plan.shards.size() > 1) plan.texts["model.safetensors.index.json"] = index_of(plan.shards);
    for (PlannedShard& shard : plan.shards) {
        shard.header = header_of(shard, checkpoint.name);
        shard.bytes += shard.header.size();
    }
    return plan;
}

using Hash = std::pair<std::uint64_t, std::uint64_t>;

Hash hash_of(std::span<const std::byte> bytes) {
    const XXH128_hash_t digest = XXH3_128bits(bytes.data(), bytes.size());
    return {digest.high64, digest.low64};
}

// Writes the planned folder and reads it again, chunk by chunk.
class FolderWriter {
public:
    FolderWriter(const Plan& plan, ReplacingFolder& folder, const Progress& progress)
        : plan_(plan),
          folder_(folder),
          progress_(progress),
          total_(2 * static_cast<double>(std::max<std::uint64_t>(plan.bytes(), 1))) {}

    void write() {
        for (const auto& [name, text] : plan_.texts) {
            ReplacingFile file(folder_.temporary() / name, static_cast<std::int64_t>(text.size()),
                               Existing::any);
            file.write(text.data(), text.size());
            file.sync();
            file.commit();
        }
        for (const PlannedShard& shard : plan_.shards) write_shard(shard);
    }

    void verify() {
        for (const auto& [name, text] : plan_.texts) {
            const auto back = MappedFile::open(folder_.temporary() / name, "the file just written");
            if (hash_of(back->bytes()) != hash_of(std::as_bytes(std::span(text))))
                corrupt(name, "file");
        }
        std::size_t next = 0;
        for (const PlannedShard& shard : plan_.shards) {
            const auto back =
                MappedFile::open(folder_.temporary() / shard.file, "the file just written");
            verify_shard(shard, back->bytes(), next);
        }
        // The reader's own eyes: names, shapes and the tokeniser as it takes them.
        (void)read_hugging_face(folder_.temporary(), false);
    }

private:
    [[noreturn]] void corrupt(const std::string& file, const std::string& field) const {
        throw Error(ErrorDetails{"", (folder_.target() / file).string(), field,
                                 "other bytes than were written, on reading the file again",
                                 "the same bytes: the disk may be faulty"});
    }

    void report(std::size_t bytes, std::string_view what) {
        done_ += static_cast<double>(bytes);
        progress_.update(std::min(1.0, done_ / total_), what);
    }

    // Calls put(chunk) with the tensor's bytes in the file's order.
    template <typename Put>
    void each_chunk(const PlannedTensor& tensor, const Put& put) {
        const std::span<const std::byte> data = tensor.source->data;
        if (tensor.head_dim == 0) {
            for (std::size_t at = 0; at < data.size(); at += kChunk)
                put(data.subspan(at, std::min(kChunk, data.size() - at)));
            return;
        }
        const auto row_size =
            static_cast<std::size_t>(row_bytes(tensor.source->type, tensor.source->cols()));
        const auto together =
            std::max<std::int64_t>(1, static_cast<std::int64_t>(kChunk / row_size));
        const std::int64_t rows = tensor.source->rows();
        for (std::int64_t row = 0; row < rows; row += together) {
            const std::int64_t count = std::min(together, rows - row);
            rows_.resize(static_cast<std::size_t>(count) * row_size);
            for (std::int64_t i = 0; i < count; ++i)
                std::memcpy(
                    rows_.data() + static_cast<std::size_t>(i) * row_size,
                    data.data() +
                        static_cast<std::size_t>(gguf_row(row + i, tensor.head_dim)) * row_size,
                    row_size);
            put(std::span<const std::byte>(rows_));
        }
    }

    void write_shard(const PlannedShard& shard) {
        ReplacingFile file(folder_.temporary() / shard.file, static_cast<std::int64_t>(shard.bytes),
                           Existing::any);
        file.write(shard.header.data(), shard.header.size());
        for (const PlannedTensor& tensor : shard.tensors) {
            each_chunk(tensor, [&](std::span<const std::byte> chunk) {
                file.write(chunk.data(), chunk.size());
                hashes_.push_back(hash_of(chunk));
                report(chunk.size(), tensor.source->name);
            });
        }
        file.sync();
        file.commit();
    }

    // `next`: the hash of the next chunk, in the order of writing.
    void verify_shard(const PlannedShard& shard, std::span<const std::byte> bytes,
                      std::size_t& next) {
        if (bytes.size() != shard.bytes ||
            std::memcmp(bytes.data(), shard.header.data(), shard.header.size()) != 0)
            corrupt(shard.file, "header");
        bytes = bytes.subspan(shard.header.size());
        for (const PlannedTensor& tensor : shard.tensors) {
            each_chunk(tensor, [&](std::span<const std::byte> chunk) {
                if (hash_of(bytes.first(chunk.size())) != hashes_[next++])
                    corrupt(shard.file, fmt::format("tensor '{}'", tensor.name));
                bytes = bytes.subspan(chunk.size());
                report(chunk.size(), "verifying " + tensor.source->name);
            });
        }
    }

    const Plan& plan_;
    ReplacingFolder& folder_;
    const Progress& progress_;
    double total_, done_ = 0;
    std::vector<std::byte> rows_;
    std::vector<Hash> hashes_;
};

void require_data(const Checkpoint& checkpoint) {
    for (const StoredTensor& tensor : checkpoint.tensors) {
        if (tensor.data.size() != bytes_of(tensor))
            throw Error(ErrorDetails{
                "", checkpoint.source, fmt::format("tensor '{}' data", tensor.name),
                fmt::format("{} B", tensor.data.size()), fmt::format("{} B", bytes_of(tensor))});
    }
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
    for (std::size_t at = text.find(from); at != std::string::npos;
         at = text.find(from, at + to.size()))
        text.replace(at, from.size(), to);
    return text;
}

}  // namespace

std::int64_t hugging_face_size(const Checkpoint& checkpoint) {
    return static_cast<std::int64_t>(plan_of(checkpoint, kShardBytes).bytes());
}

Written prepare_hugging_face(const Checkpoint& checkpoint, const std::filesystem::path& folder,
                             Existing existing, const Progress& progress,
                             std::int64_t shard_bytes) {
    const Plan plan = plan_of(checkpoint, shard_bytes);
    progress.check();
    const auto size = static_cast<std::int64_t>(plan.bytes());
    auto replacing = std::make_unique<ReplacingFolder>(folder, size, existing);
    ReplacingFolder& place = *replacing;
    require_data(checkpoint);
    try {
        FolderWriter writer(plan, place, progress);
        writer.write();
        writer.verify();
    } catch (const Error& error) {
        // The temporary is about to go; people know the target.
        const auto named = [&](const std::string& text) {
            return replaced(text, place.temporary().string(), place.target().string());
        };
        ErrorDetails details = error.details();
        details.message = named(details.message);
        details.file = named(details.file);
        throw Error(std::move(details));
    }
    progress.check();
    return {std::move(replacing), size};
}

std::int64_t write_hugging_face(const Checkpoint& checkpoint, const std::filesystem::path& folder,
                                const Progress& progress, std::int64_t shard_bytes) {
    const Written written =
        prepare_hugging_face(checkpoint, folder, Existing::replace, progress, shard_bytes);
    written.place->commit();
    return written.bytes;
}

}  // namespace hone
