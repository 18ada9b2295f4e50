// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/device/device_kv_cache.h"

#include <algorithm>

#include "engine/core/error.h"

namespace hone {

gpu::KvPlane kv_plane(KvStorage storage) {
    switch (storage) {
        case KvStorage::f32:
            return gpu::KvPlane::f32;
        case KvStorage::f16:
            return gpu::KvPlane::f16;
        case KvStorage::i8:
            return gpu::KvPlane::i8;
        case KvStorage::off:
            break;
    }
    throw Error("a cache that is off has no storage");
}

DeviceKvBlocks::DeviceKvBlocks(const ModelConfig& model, const RunConfig& config,
                               DeviceMemory& memory, std::int64_t max_context)
    : memory_(memory),
      type_(kv_plane(config.kv_cache)),
      n_kv_heads_(model.n_kv_heads),
      head_dim_(model.head_dim),
      block_positions_(config.kv_layout == KvLayout::paged
                           ? std::int64_t{1} << config.kv_block_shift
                           : max_context),
      layer_bytes_((gpu::kv_block_bytes(type_, block_positions_, n_kv_heads_, head_dim_) + 255) /
                   256 * 256),
      block_bytes_(layer_bytes_ * model.n_layers),
      table_stride_((max_context + block_positions_ - 1) / block_positions_),
      block_shift_(config.kv_layout == KvLayout::paged ? config.kv_block_shift : gpu::kOneBlock),
      table_(memory.space(MemoryClass::kv_cache)) {}

std::int64_t DeviceKvBlocks::add_sequence() {
    tables_.emplace_back();
    changed_ = true;
    return std::ssize(tables_) - 1;
}

std::int64_t DeviceKvBlocks::blocks_of(std::int64_t length) const {
    return (length + block_positions_ - 1) / block_positions_;
}

void DeviceKvBlocks::reserve(std::int64_t sequence, std::int64_t length) {
    std::vector<std::byte*>& table = tables_[static_cast<std::size_t>(sequence)];
    while (std::ssize(table) < blocks_of(length)) {
        if (free_.empty()) add_blocks();
        table.push_back(free_.back());
        free_.pop_back();
        ++taken_;
        changed_ = true;
    }
}

// Several at once: a device takes its time to allocate. But no more than sequences can hold.
void DeviceKvBlocks::add_blocks() {
    constexpr std::int64_t kTogether = std::int64_t{8} << 20;
    const std::int64_t most = std::ssize(tables_) * table_stride_ - allocated_;
    const std::int64_t count =
        std::clamp<std::int64_t>(kTogether / block_bytes_, 1, std::max<std::int64_t>(most, 1));
    try {
        add_blocks(count);
    } catch (const OutOfMemory&) {
        if (count == 1) throw;
        add_blocks(1);
    }
}

void DeviceKvBlocks::add_blocks(std::int64_t count) {
    Buffer<std::byte> memory(memory_.tabled_space(MemoryClass::kv_cache));
    memory.allocate(count * block_bytes_);
    for (std::int64_t i = count; i-- > 0;) free_.push_back(memory.data() + i * block_bytes_);
    blocks_.push_back({std::move(memory), count});
    allocated_ += count;
}

void DeviceKvBlocks::shrink() {
    std::erase_if(blocks_, [this](const Blocks& blocks) {
        const std::byte* const begin = blocks.memory.data();
        const std::byte* const end = begin + blocks.count * block_bytes_;
        const auto inside = [begin, end](const std::byte* block) {
            return block >= begin && block < end;
        };
        if (std::count_if(free_.begin(), free_.end(), inside) < blocks.count) return false;
        std::erase_if(free_, inside);
        allocated_ -= blocks.count;
        return true;
    });
}

void DeviceKvBlocks::keep(std::int64_t sequence, std::int64_t length) {
    std::vector<std::byte*>& table = tables_[static_cast<std::size_t>(sequence)];
    while (std::ssize(table) > blocks_of(length)) {
        free_.push_back(table.back());
        table.pop_back();
        changed_ = true;
    }
}

void DeviceKvBlocks::upload_table() {
    if (!changed_) return;
    std::vector<std::byte*> flat(tables_.size() * static_cast<std::size_t>(table_stride_), nullptr);
    for (std::size_t i = 0; i < tables_.size(); ++i)
        std::copy(tables_[i].begin(), tables_[i].end(),
                  flat.begin() + static_cast<std::ptrdiff_t>(i) * table_stride_);
    table_.require(std::ssize(flat));
    memory_.device().upload(table_.data(), flat.data(),
                            std::ssize(flat) * static_cast<std::int64_t>(sizeof(std::byte*)));
    memory_.device().synchronise();
    changed_ = false;
}

gpu::KvBlocksView DeviceKvBlocks::view(std::int64_t layer) const {
    return {table_.data(), table_stride_, layer * layer_bytes_, block_shift_, block_positions_,
            n_kv_heads_,   head_dim_};
}

void DeviceKvCache::trim(std::int64_t length) {
    length_ = std::min(length_, length);
    blocks_->keep(sequence_, length_);
}

}  // namespace hone
