// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/model/model.h"
#include "engine/runtime/buffer.h"
#include "engine/runtime/run_config.h"
#include "kernels/attention/attention.h"
#include "kernels/cpu/context.h"

namespace hone {

// Keys and values of one sequence over all layers. A pass reserves room, appends to every layer
// behind length(), and then advances; rows appended but not advanced over are as good as absent, so
// an interrupted pass leaves no trace.
class KvCache {
public:
    virtual ~KvCache() = default;

    // Room for `length` positions in every layer, keeping the first length(). Throws
    // std::bad_alloc, on a device OutOfMemory.
    virtual void reserve(std::int64_t length) = 0;
    virtual std::int64_t length() const = 0;
    virtual void advance(std::int64_t tokens) = 0;  // after every layer was appended to
    virtual void trim(std::int64_t length) = 0;  // keep the first `length`; memory stays reserved
    virtual std::int64_t bytes() const = 0;      // allocated
    // The most that a sequence of `length` positions makes it and the blocks that it shares
    // allocate.
    virtual std::int64_t bytes_for(std::int64_t length) const = 0;
    virtual void shrink() {}  // gives memory back that holds no position
    void clear() { trim(0); }
};

// In this process's memory.
class CpuKvCache : public KvCache {
public:
    // k, v: [tokens, n_kv_heads, head_dim], stored at positions length(), length()+1, … Room must
    // have been reserved. Throws Error naming the layer where the storage cannot hold a value.
    virtual void append(std::int64_t layer, const float* k, const float* v, std::int64_t tokens,
                        const kernels::Context& context) = 0;
    // Valid until the next reserve().
    virtual kernels::KvView keys(std::int64_t layer) const = 0;
    virtual kernels::KvView values(std::int64_t layer) const = 0;
};

// Contiguous per head: layer → K or V → head → position → head_dim, grown by half (at most to
// `max_context`), layer by layer, so that memory follows use without a second copy of the whole.
// `storage` must not be KvStorage::off.
std::unique_ptr<CpuKvCache> make_contiguous_kv_cache(const ModelConfig& model, KvStorage storage,
                                                     std::int64_t max_context);

// Blocks of 2^block_shift positions over all layers, that the caches of several sequences take from
// and give back to (PagedAttention, arXiv 2309.06180, section 4.1). Memory that was once taken
// stays for the next one.
class KvBlocks {
public:
    // `storage` must not be KvStorage::off.
    KvBlocks(const ModelConfig& model, KvStorage storage, int block_shift);
    std::byte* take();  // throws std::bad_alloc
    void give_back(std::byte* block);

    std::int64_t taken() const { return taken_; }  // calls of take()
    std::int64_t bytes() const;                    // allocated
    std::int64_t block_bytes() const { return block_bytes_; }
    void shrink();  // frees the blocks that nobody has taken
    int block_shift() const { return block_shift_; }
    // Keys (side 0) or values (1) of a layer within a block; `blocks` is left null.
    kernels::KvView view(std::int64_t layer, int side) const;
    std::int64_t kv_heads() const { return n_kv_heads_; }
    std::int64_t head_dim() const { return head_dim_; }

private:
    kernels::KvType type_;
    std::int64_t n_kv_heads_, head_dim_, data_bytes_, side_bytes_, block_bytes_;
    int block_shift_;
    std::int64_t taken_ = 0;
    std::vector<Buffer<std::byte>> memory_;
    std::vector<std::byte*> free_;
};

// Gives its blocks back when it is trimmed or destroyed. bytes() is 0: the blocks' memory is
// KvBlocks'.
std::unique_ptr<CpuKvCache> make_paged_kv_cache(std::shared_ptr<KvBlocks> blocks);

// Bytes of the blocks that a sequence of `length` positions takes.
std::int64_t paged_kv_bytes(const ModelConfig& model, KvStorage storage, int block_shift,
                            std::int64_t length);

// Bytes that make_contiguous_kv_cache's result has allocated once `length` positions were appended
// in passes of `step` positions or fewer at the end: the same arithmetic.
std::int64_t contiguous_kv_bytes(const ModelConfig& model, KvStorage storage,
                                 std::int64_t capacity);

// The capacity that follows `capacity` when `needed` positions must fit.
std::int64_t next_kv_capacity(std::int64_t capacity, std::int64_t needed, std::int64_t max_context);

}  // namespace hone
