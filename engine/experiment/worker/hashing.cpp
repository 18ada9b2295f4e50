// SPDX-License-Identifier: Apache-2.0
#include "engine/experiment/worker/hashing.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <string_view>
#include <type_traits>

#include "kernels/cpu/pulse.h"

namespace hone {

struct Hash128::State {
    XXH3_state_t* xxh3 = XXH3_createState();
};

Hash128::Hash128() : state_(std::make_unique<State>()) {
    XXH3_128bits_reset(state_->xxh3);
}
Hash128::~Hash128() {
    XXH3_freeState(state_->xxh3);
}
void Hash128::add(const void* data, std::size_t bytes) {
    // In pieces, each a sign of life: mapped data may come from a slow disk.
    constexpr std::size_t kPiece = std::size_t{4} << 20;
    const auto* at = static_cast<const char*>(data);
    while (bytes > 0) {
        const std::size_t piece = std::min(bytes, kPiece);
        kernels::pulse();
        XXH3_128bits_update(state_->xxh3, at, piece);
        at += piece;
        bytes -= piece;
    }
}

std::string Hash128::hex() const {
    const XXH128_hash_t digest = XXH3_128bits_digest(state_->xxh3);
    return fmt::format("{:016x}{:016x}", digest.high64, digest.low64);
}

namespace {

// Strings with their length before them, so that no two lists of values give the same bytes.
void add(Hash128& hash, std::string_view text) {
    const std::uint64_t size = text.size();
    hash.add(&size, sizeof size);
    hash.add(text.data(), text.size());
}

template <typename Number>
requires std::is_arithmetic_v<Number>
void add(Hash128& hash, Number number) {
    hash.add(&number, sizeof number);
}

void add(Hash128& hash, const MetadataArray& array) {
    add(hash, array.index());
    std::visit(
        [&](const auto& elements) {
            add(hash, elements.size());
            for (const auto& element : elements) add(hash, element);
        },
        array);
}

bool tells_models_apart(std::string_view key) {
    return key == "general.architecture" ||
           !(key.starts_with("general.") || key.starts_with("split."));
}

void add_metadata(Hash128& hash, const Checkpoint& checkpoint) {
    for (const auto& [key, value] : checkpoint.metadata) {
        if (!tells_models_apart(key)) continue;
        add(hash, key);
        add(hash, value.index());
        std::visit([&](const auto& held) { add(hash, held); }, value);
    }
}

}  // namespace

std::string checkpoint_hash(const Checkpoint& checkpoint) {
    constexpr std::size_t kEdge = 4096;
    Hash128 hash;
    add_metadata(hash, checkpoint);
    for (const StoredTensor& tensor : checkpoint.tensors) {
        hash.add(tensor.name.data(), tensor.name.size() + 1);
        const std::string_view type = info(tensor.type).id;
        hash.add(type.data(), type.size());
        hash.add(tensor.shape.data(), tensor.shape.size() * sizeof(std::int64_t));
        const std::span<const std::byte> data = tensor.data.empty() ? tensor.unread : tensor.data;
        const std::size_t edge = std::min(kEdge, data.size());
        hash.add(data.data(), edge);
        hash.add(data.data() + (data.size() - edge), edge);
    }
    return hash.hex();
}

std::string tensor_data_hash(const Checkpoint& checkpoint) {
    Hash128 hash;
    for (const StoredTensor& tensor : checkpoint.tensors)
        hash.add(tensor.data.data(), tensor.data.size());
    return hash.hex();
}

}  // namespace hone
