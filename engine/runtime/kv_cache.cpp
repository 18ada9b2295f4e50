// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/kv_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "engine/core/error.h"

namespace hone {
namespace {

constexpr std::int64_t kGranule = 64;  // positions
constexpr std::int64_t kParallelElements = 1
                                           << 14;  // below, storing is quicker than waking the pool

kernels::KvType kv_type(KvStorage storage) {
    switch (storage) {
        case KvStorage::f16:
            return kernels::KvType::f16;
        case KvStorage::i8:
            return kernels::KvType::i8;
        default:
            return kernels::KvType::f32;
    }
}

std::int64_t element_bytes(kernels::KvType type) {
    switch (type) {
        case kernels::KvType::f16:
            return 2;
        case kernels::KvType::i8:
            return 1;
        default:
            return 4;
    }
}

// An fp16 cache holds less than activations may be, and a key that became infinite would silence or
// drown all others.
void require_storable(kernels::KvType type, const float* rows, std::int64_t count,
                      const char* which, std::int64_t layer) {
    constexpr float kF16Overflows = 65520;
    if (type == kernels::KvType::f32) return;
    const auto fits = [type](float value) {
        return type == kernels::KvType::f16 ? std::abs(value) < kF16Overflows
                                            : std::isfinite(value);
    };
    const float* const bad = std::find_if_not(rows, rows + count, fits);
    if (bad == rows + count) return;
    throw Error(
        {.message = {},
         .file = {},
         .field = std::string("kv_cache, ") + which + " of layer " + std::to_string(layer),
         .found = std::isfinite(*bad) ? fmt::format("{:g}", *bad) : "a value that is not finite",
         .expected = type == kernels::KvType::f16 ? "at most 65504, the largest of fp16"
                                                  : "finite values, which int8 needs",
         .fault = Fault::unsupported,
         .summary = fmt::format("The model's {} are too large for a cache in {}.", which,
                                type == kernels::KvType::f16 ? "fp16" : "int8"),
         .action = "Keep the cache in fp32."});
}

void require_storable(kernels::KvType type, const float* k, const float* v, std::int64_t count,
                      std::int64_t layer) {
    require_storable(type, k, count, "keys", layer);
    require_storable(type, v, count, "values", layer);
}

class ContiguousKvCache final : public CpuKvCache {
public:
    ContiguousKvCache(const ModelConfig& model, KvStorage storage, std::int64_t max_context)
        : type_(kv_type(storage)),
          n_kv_heads_(model.n_kv_heads),
          head_dim_(model.head_dim),
          max_context_(max_context),
          sides_(static_cast<std::size_t>(2 * model.n_layers)) {}

    void reserve(std::int64_t length) override {
        if (length <= capacity_) return;
        const std::int64_t capacity = next_kv_capacity(capacity_, length, max_context_);
        for (Side& side : sides_) {
            if (side.capacity < capacity) grow(side, capacity);
        }
        capacity_ = capacity;
    }

    void append(std::int64_t layer, const float* k, const float* v, std::int64_t tokens,
                const kernels::Context& context) override {
        require_storable(type_, k, v, tokens * n_kv_heads_ * head_dim_, layer);
        const auto store = [&](std::int64_t begin, std::int64_t end, int) {
            for (std::int64_t token = begin; token < end; ++token) {
                store_position(side(layer, 0), k + token * n_kv_heads_ * head_dim_, length_ + token,
                               context.isa);
                store_position(side(layer, 1), v + token * n_kv_heads_ * head_dim_, length_ + token,
                               context.isa);
            }
        };
        if (tokens * n_kv_heads_ * head_dim_ < kParallelElements)
            store(0, tokens, 0);
        else
            context.pool.parallel_for(tokens, 8, store);
    }

    kernels::KvView keys(std::int64_t layer) const override { return view(side(layer, 0)); }
    kernels::KvView values(std::int64_t layer) const override { return view(side(layer, 1)); }
    std::int64_t length() const override { return length_; }
    void advance(std::int64_t tokens) override { length_ += tokens; }
    void trim(std::int64_t length) override { length_ = std::min(length_, length); }

    std::int64_t bytes() const override {
        std::int64_t sum = 0;
        for (const Side& side : sides_) sum += side.data.bytes() + side.scales.bytes();
        return sum;
    }
    // Growth by half may have overtaken `length`.
    std::int64_t bytes_for(std::int64_t length) const override {
        const std::int64_t capacity = next_kv_capacity(0, length + length / 2, max_context_);
        const std::int64_t scale =
            type_ == kernels::KvType::i8 ? static_cast<std::int64_t>(sizeof(float)) : 0;
        return std::ssize(sides_) * n_kv_heads_ * capacity *
               (head_dim_ * element_bytes(type_) + scale);
    }
    void shrink() override {
        if (length_ > 0) return;
        for (Side& side : sides_) side = Side();
        capacity_ = 0;
    }

private:
    // Keys or values of one layer: [n_kv_heads, capacity, head_dim] and, for i8, scales
    // [n_kv_heads, capacity].
    struct Side {
        Buffer<std::byte> data;
        Buffer<float> scales;
        std::int64_t capacity = 0;
    };

    const Side& side(std::int64_t layer, int which) const {
        return sides_[static_cast<std::size_t>(2 * layer + which)];
    }

    void grow(Side& side, std::int64_t capacity) const {
        Side grown;
        const std::int64_t row = head_dim_ * element_bytes(type_);
        grown.data.allocate(n_kv_heads_ * capacity * row);
        if (type_ == kernels::KvType::i8) grown.scales.allocate(n_kv_heads_ * capacity);
        grown.capacity = capacity;
        for (std::int64_t head = 0; head < n_kv_heads_ && length_ > 0; ++head) {
            std::memcpy(grown.data.data() + head * capacity * row,
                        side.data.data() + head * side.capacity * row,
                        static_cast<std::size_t>(length_ * row));
            if (type_ == kernels::KvType::i8)
                std::memcpy(grown.scales.data() + head * capacity,
                            side.scales.data() + head * side.capacity,
                            static_cast<std::size_t>(length_) * sizeof(float));
        }
        side = std::move(grown);
    }

    // `row`: [n_kv_heads, head_dim]. Heads lie `capacity` rows apart; scales have no such stride in
    // store_kv, so that i8 goes head by head.
    void store_position(const Side& side, const float* row, std::int64_t position,
                        kernels::Isa isa) const {
        const std::int64_t width = element_bytes(type_);
        std::byte* target = side.data.data() + position * head_dim_ * width;
        const std::int64_t head_stride = side.capacity * head_dim_;
        if (type_ != kernels::KvType::i8) {
            kernels::store_kv(type_, row, target, nullptr, n_kv_heads_, head_stride, head_dim_,
                              isa);
            return;
        }
        for (std::int64_t head = 0; head < n_kv_heads_; ++head) {
            kernels::store_kv(type_, row + head * head_dim_, target + head * head_stride,
                              side.scales.data() + head * side.capacity + position, 1, head_dim_,
                              head_dim_, isa);
        }
    }

    kernels::KvView view(const Side& side) const {
        return {type_,     side.data.data(), side.scales.data(), side.capacity * head_dim_,
                head_dim_, side.capacity};
    }

    kernels::KvType type_;
    std::int64_t n_kv_heads_, head_dim_, max_context_;
    std::int64_t length_ = 0, capacity_ = 0;
    std::vector<Side> sides_;  // layer 0 keys, layer 0 values, layer 1 keys, …
};

// One side of one layer in a block: values, then scales.
struct BlockSide {
    std::int64_t data_bytes, bytes;

    BlockSide(const ModelConfig& model, kernels::KvType type, int block_shift) {
        constexpr std::int64_t kAlignment = 64;
        const auto rounded = [](std::int64_t n) {
            return (n + kAlignment - 1) / kAlignment * kAlignment;
        };
        const std::int64_t rows = model.n_kv_heads << block_shift;
        data_bytes = rounded(rows * model.head_dim * element_bytes(type));
        const bool scaled = type == kernels::KvType::i8;
        bytes =
            data_bytes + (scaled ? rounded(rows * static_cast<std::int64_t>(sizeof(float))) : 0);
    }
};

class PagedKvCache final : public CpuKvCache {
public:
    explicit PagedKvCache(std::shared_ptr<KvBlocks> blocks)
        : blocks_(std::move(blocks)),
          position_mask_((std::int64_t{1} << blocks_->block_shift()) - 1) {}
    ~PagedKvCache() override { keep(0); }
    PagedKvCache(const PagedKvCache&) = delete;
    PagedKvCache& operator=(const PagedKvCache&) = delete;

    void reserve(std::int64_t length) override {
        const std::int64_t wanted = blocks_for(length);
        table_.reserve(static_cast<std::size_t>(wanted));
        while (std::ssize(table_) < wanted) table_.push_back(blocks_->take());
    }

    void append(std::int64_t layer, const float* k, const float* v, std::int64_t tokens,
                const kernels::Context& context) override {
        const std::int64_t width = blocks_->kv_heads() * blocks_->head_dim();
        require_storable(blocks_->view(layer, 0).type, k, v, tokens * width, layer);
        const auto store = [&](std::int64_t begin, std::int64_t end, int) {
            for (std::int64_t token = begin; token < end; ++token) {
                store_position(blocks_->view(layer, 0), k + token * width, length_ + token,
                               context.isa);
                store_position(blocks_->view(layer, 1), v + token * width, length_ + token,
                               context.isa);
            }
        };
        if (tokens * width < kParallelElements)
            store(0, tokens, 0);
        else
            context.pool.parallel_for(tokens, 8, store);
    }

    kernels::KvView keys(std::int64_t layer) const override { return view(layer, 0); }
    kernels::KvView values(std::int64_t layer) const override { return view(layer, 1); }
    std::int64_t length() const override { return length_; }
    void advance(std::int64_t tokens) override { length_ += tokens; }
    void trim(std::int64_t length) override {
        length_ = std::min(length_, length);
        keep(blocks_for(length_));
    }
    std::int64_t bytes() const override { return 0; }
    std::int64_t bytes_for(std::int64_t length) const override {
        return blocks_for(length) * blocks_->block_bytes();
    }

private:
    std::int64_t blocks_for(std::int64_t length) const {
        return (length + position_mask_) >> blocks_->block_shift();
    }

    void keep(std::int64_t count) {
        while (std::ssize(table_) > count) {
            blocks_->give_back(table_.back());
            table_.pop_back();
        }
    }

    kernels::KvView view(std::int64_t layer, int side) const {
        kernels::KvView view = blocks_->view(layer, side);
        view.blocks = const_cast<const std::byte* const*>(table_.data());
        return view;
    }

    // `row`: [n_kv_heads, head_dim].
    void store_position(const kernels::KvView& view, const float* row, std::int64_t position,
                        kernels::Isa isa) const {
        std::byte* const block = table_[static_cast<std::size_t>(position >> view.block_shift)];
        const std::int64_t at = position & position_mask_, head_dim = blocks_->head_dim();
        auto* const scales = reinterpret_cast<float*>(block + view.scale_offset);
        for (std::int64_t head = 0; head < blocks_->kv_heads(); ++head) {
            const std::int64_t element = head * view.head_stride + at * view.row_stride;
            kernels::store_kv(view.type, row + head * head_dim,
                              block + view.data_offset + element * element_bytes(view.type),
                              view.type == kernels::KvType::i8
                                  ? scales + head * view.scale_head_stride + at
                                  : nullptr,
                              1, head_dim, head_dim, isa);
        }
    }

    std::shared_ptr<KvBlocks> blocks_;
    std::int64_t position_mask_;
    std::int64_t length_ = 0;
    std::vector<std::byte*> table_;
};

}  // namespace

KvBlocks::KvBlocks(const ModelConfig& model, KvStorage storage, int block_shift)
    : type_(kv_type(storage)),
      n_kv_heads_(model.n_kv_heads),
      head_dim_(model.head_dim),
      data_bytes_(BlockSide(model, type_, block_shift).data_bytes),
      side_bytes_(BlockSide(model, type_, block_shift).bytes),
      block_bytes_(2 * model.n_layers * side_bytes_),
      block_shift_(block_shift) {}

std::byte* KvBlocks::take() {
    if (free_.empty()) {
        Buffer<std::byte> block;
        block.allocate(block_bytes_);
        free_.reserve(memory_.size() + 1);  // so that giving back never allocates
        memory_.push_back(std::move(block));
        ++taken_;
        return memory_.back().data();
    }
    std::byte* const block = free_.back();
    free_.pop_back();
    ++taken_;
    return block;
}

void KvBlocks::give_back(std::byte* block) {
    free_.push_back(block);
}

void KvBlocks::shrink() {
    std::erase_if(memory_, [this](const Buffer<std::byte>& block) {
        return std::find(free_.begin(), free_.end(), block.data()) != free_.end();
    });
    free_.clear();
}

std::int64_t KvBlocks::bytes() const {
    return std::ssize(memory_) * block_bytes_;
}

kernels::KvView KvBlocks::view(std::int64_t layer, int side) const {
    const std::int64_t offset = (2 * layer + side) * side_bytes_;
    const std::int64_t rows = std::int64_t{1} << block_shift_;
    return {type_, nullptr, nullptr,      rows * head_dim_, head_dim_,
            rows,  nullptr, block_shift_, offset,           offset + data_bytes_};
}

std::unique_ptr<CpuKvCache> make_paged_kv_cache(std::shared_ptr<KvBlocks> blocks) {
    return std::make_unique<PagedKvCache>(std::move(blocks));
}

std::int64_t paged_kv_bytes(const ModelConfig& model, KvStorage storage, int block_shift,
                            std::int64_t length) {
    if (storage == KvStorage::off) return 0;
    const std::int64_t blocks = (length + (std::int64_t{1} << block_shift) - 1) >> block_shift;
    return blocks * 2 * model.n_layers * BlockSide(model, kv_type(storage), block_shift).bytes;
}

std::int64_t next_kv_capacity(std::int64_t capacity, std::int64_t needed,
                              std::int64_t max_context) {
    if (needed <= capacity) return capacity;
    const std::int64_t wanted = std::max(needed, capacity + capacity / 2);
    return std::min((wanted + kGranule - 1) / kGranule * kGranule, max_context);
}

std::int64_t contiguous_kv_bytes(const ModelConfig& model, KvStorage storage,
                                 std::int64_t capacity) {
    if (storage == KvStorage::off) return 0;
    const kernels::KvType type = kv_type(storage);
    const std::int64_t scale =
        type == kernels::KvType::i8 ? static_cast<std::int64_t>(sizeof(float)) : 0;
    return 2 * model.n_layers * model.n_kv_heads * capacity *
           (model.head_dim * element_bytes(type) + scale);
}

std::unique_ptr<CpuKvCache> make_contiguous_kv_cache(const ModelConfig& model, KvStorage storage,
                                                     std::int64_t max_context) {
    return std::make_unique<ContiguousKvCache>(model, storage, max_context);
}

}  // namespace hone
