// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/runtime/cuda/cuda_memory.h"
#include "engine/runtime/kv_cache.h"
#include "engine/runtime/run_config.h"
#include "kernels/cuda/ops/attention.h"

namespace hone {

cuda::KvPlane kv_plane(KvStorage storage);  // not of KvStorage::off

// How keys and values lie on a device.
struct CudaKvLayout {
    // Not where the cache is off.
    CudaKvLayout(const ModelConfig& model, const RunConfig& config, std::int64_t max_context);

    cuda::KvPlane type;
    std::int64_t block_positions, layer_bytes, block_bytes;
    std::int64_t table_stride;  // blocks of a sequence, at the most

    std::int64_t blocks_of(std::int64_t length) const {
        return (length + block_positions - 1) / block_positions;
    }
    // How many blocks are allocated at once where so many are there already. Several: a device
    // takes its time to allocate. But no more than sequences can hold.
    std::int64_t blocks_together(std::int64_t sequences, std::int64_t allocated) const;
    // What CudaKvBlocks holds, its table too, where its sequences hold so many blocks together.
    std::int64_t bytes(std::int64_t sequences, std::int64_t blocks) const;
};

// Keys and values of all sequences of a runtime on a device, in blocks over all layers: of
// 2^kv_block_shift positions that sequences take and give back, or one a sequence as long as the
// context where the layout is contiguous.
class CudaKvBlocks {
public:
    CudaKvBlocks(const ModelConfig& model, const RunConfig& config, CudaMemory& memory,
                 std::int64_t max_context);

    // A sequence's index: its row of the table.
    std::int64_t add_sequence();
    // Blocks for the first `length` positions of a sequence; the rest goes back.
    void keep(std::int64_t sequence, std::int64_t length);
    void reserve(std::int64_t sequence, std::int64_t length);
    std::int64_t bytes_for(std::int64_t length) const {
        return layout_.blocks_of(length) * layout_.block_bytes;
    }
    void shrink();  // frees memory that holds no sequence's block

    // Brings the device's table up to date.
    void upload_table();
    cuda::KvBlocksView view(std::int64_t layer) const;
    cuda::KvPlane type() const { return layout_.type; }
    std::int64_t taken() const { return taken_; }

private:
    void add_blocks();
    void add_blocks(std::int64_t count);

    CudaMemory& memory_;
    const CudaKvLayout layout_;
    std::int64_t n_kv_heads_, head_dim_;
    int block_shift_;
    std::int64_t taken_ = 0, allocated_ = 0;
    struct Blocks {
        Buffer<std::byte> memory;
        std::int64_t count;
    };
    std::vector<Blocks> blocks_;
    std::vector<std::byte*> free_;
    std::vector<std::vector<std::byte*>> tables_;  // [sequence][block]
    bool changed_ = true;
    Buffer<std::byte*> table_;
};

// One sequence of them. bytes() is 0: the blocks' memory is counted on the device.
class CudaKvCache final : public KvCache {
public:
    explicit CudaKvCache(std::shared_ptr<CudaKvBlocks> blocks)
        : blocks_(std::move(blocks)), sequence_(blocks_->add_sequence()) {}

    void reserve(std::int64_t length) override { blocks_->reserve(sequence_, length); }
    std::int64_t length() const override { return length_; }
    void advance(std::int64_t tokens) override { length_ += tokens; }
    void trim(std::int64_t length) override;
    std::int64_t bytes() const override { return 0; }
    std::int64_t bytes_for(std::int64_t length) const override {
        return blocks_->bytes_for(length);
    }
    std::int64_t sequence() const { return sequence_; }

private:
    std::shared_ptr<CudaKvBlocks> blocks_;
    std::int64_t sequence_, length_ = 0;
};

}  // namespace hone
