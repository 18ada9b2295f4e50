// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/cuda/cuda_kv_cache.h"

#include <algorithm>

#include "engine/core/error.h"

namespace hone {

cuda::KvPlane kv_plane(KvStorage storage) {
    switch (storage) {
        case KvStorage::f32:
            return cuda::KvPlane::f32;
        case KvStorage::f16:
            return cuda::KvPlane::f16;
        case KvStorage::i8:
            return cuda::KvPlane::i8;
        case KvStorage::off:
            break;
    }
    throw Error("a cache that is off has no storage");
}

CudaKvLayout::CudaKvLayout(const ModelConfig& model, const RunConfig& config,
                           std::int64_t max_context)
    : type(kv_plane(config.kv_cache)),
      block_positions(config.kv_layout == KvLayout::paged ? std::int64_t{1} << config.kv_block_shift
                                                          : max_context),
      layer_bytes(
          (cuda::kv_block_bytes(type, block_positions, model.n_kv_heads, model.head_dim) + 255) /
          256 * 256),
      block_bytes(layer_bytes * model.n_layers),
      table_stride(blocks_of(max_context)) {}

std::int64_t CudaKvLayout::blocks_together(std::int64_t sequences, std::int64_t allocated) const {
    constexpr std::int64_t kTogether = std::int64_t{8} << 20;
    const std::int64_t most = sequences * table_stride - allocated;
    return std::clamp<std::int64_t>(kTogether / block_bytes, 1, std::max<std::int64_t>(most, 1));
}

std::int64_t CudaKvLayout::bytes(std::int64_t sequences, std::int64_t blocks) const {
    std::int64_t allocated = 0;
    while (allocated < blocks) allocated += blocks_together(sequences, allocated);
    return allocated * block_bytes +
           sequences * table_stride * static_cast<std::int64_t>(sizeof(std::byte*));
}

CudaKvBlocks::CudaKvBlocks(const ModelConfig& model, const RunConfig& config, CudaMemory& memory,
                           std::int64_t max_context)
    : memory_(memory),
      layout_(model, config, max_context),
      n_kv_heads_(model.n_kv_heads),
      head_dim_(model.head_dim),
      block_shift_(config.kv_layout == KvLayout::paged ? config.kv_block_shift : cuda::kOneBlock),
      table_(memory.space(MemoryClass::kv_cache)) {}

std::int64_t CudaKvBlocks::add_sequence() {
    tables_.emplace_back();
    changed_ = true;
    return std::ssize(tables_) - 1;
}

void CudaKvBlocks::reserve(std::int64_t sequence, std::int64_t length) {
    std::vector<std::byte*>& table = tables_[static_cast<std::size_t>(sequence)];
    while (std::ssize(table) < layout_.blocks_of(length)) {
        if (free_.empty()) add_blocks();
        table.push_back(free_.back());
        free_.pop_back();
        ++taken_;
        changed_ = true;
    }
}

void CudaKvBlocks::add_blocks() {
    const std::int64_t count = layout_.blocks_together(std::ssize(tables_), allocated_);
    try {
        add_blocks(count);
    } catch (const OutOfMemory&) {
        if (count == 1) throw;
        add_blocks(1);
    }
}

void CudaKvBlocks::add_blocks(std::int64_t count) {
    Buffer<std::byte> memory(memory_.tabled_space(MemoryClass::kv_cache));
    memory.allocate(count * layout_.block_bytes);
    for (std::int64_t i = count; i-- > 0;) free_.push_back(memory.data() + i * layout_.block_bytes);
    blocks_.push_back({std::move(memory), count});
    allocated_ += count;
}

void CudaKvBlocks::shrink() {
    std::erase_if(blocks_, [this](const Blocks& blocks) {
        const std::byte* const begin = blocks.memory.data();
        const std::byte* const end = begin + blocks.count * layout_.block_bytes;
        const auto inside = [begin, end](const std::byte* block) {
            return block >= begin && block < end;
        };
        if (std::count_if(free_.begin(), free_.end(), inside) < blocks.count) return false;
        std::erase_if(free_, inside);
        allocated_ -= blocks.count;
        return true;
    });
}

void CudaKvBlocks::keep(std::int64_t sequence, std::int64_t length) {
    std::vector<std::byte*>& table = tables_[static_cast<std::size_t>(sequence)];
    while (std::ssize(table) > layout_.blocks_of(length)) {
        free_.push_back(table.back());
        table.pop_back();
        changed_ = true;
    }
}

void CudaKvBlocks::upload_table() {
    if (!changed_) return;
    std::vector<std::byte*> flat(tables_.size() * static_cast<std::size_t>(layout_.table_stride),
                                 nullptr);
    for (std::size_t i = 0; i < tables_.size(); ++i)
        std::copy(tables_[i].begin(), tables_[i].end(),
                  flat.begin() + static_cast<std::ptrdiff_t>(i) * layout_.table_stride);
    table_.require(std::ssize(flat));
    memory_.device().upload(table_.data(), flat.data(),
                            std::ssize(flat) * static_cast<std::int64_t>(sizeof(std::byte*)));
    memory_.device().synchronise();
    changed_ = false;
}

cuda::KvBlocksView CudaKvBlocks::view(std::int64_t layer) const {
    return {table_.data(), layout_.table_stride,    layer * layout_.layer_bytes,
            block_shift_,  layout_.block_positions, n_kv_heads_,
            head_dim_};
}

void CudaKvCache::trim(std::int64_t length) {
    length_ = std::min(length_, length);
    blocks_->keep(sequence_, length_);
}

}  // namespace hone
