// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/kv_cache.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <utility>
#include <vector>

#include "engine/runtime/buffer.h"

namespace hone {
namespace {

constexpr std::int64_t kGranule = 64;                // positions
constexpr std::int64_t kParallelElements = 1 << 14;  // below, storing is quicker than waking the pool

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

class ContiguousKvCache final : public KvCache {
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

private:
    // Keys or values of one layer: [n_kv_heads, capacity, head_dim] and, for i8, scales [n_kv_heads, capacity].
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
                std::memcpy(grown.scales.data() + head * capacity, side.scales.data() + head * side.capacity,
                            static_cast<std::size_t>(length_) * sizeof(float));
        }
        side = std::move(grown);
    }

    // `row`: [n_kv_heads, head_dim]. Heads lie `capacity` rows apart; scales have no such stride in store_kv, so that i8
    // goes head by head.
    void store_position(const Side& side, const float* row, std::int64_t position, kernels::Isa isa) const {
        const std::int64_t width = element_bytes(type_);
        std::byte* target = side.data.data() + position * head_dim_ * width;
        const std::int64_t head_stride = side.capacity * head_dim_;
        if (type_ != kernels::KvType::i8) {
            kernels::store_kv(type_, row, target, nullptr, n_kv_heads_, head_stride, head_dim_, isa);
            return;
        }
        for (std::int64_t head = 0; head < n_kv_heads_; ++head) {
            kernels::store_kv(type_, row + head * head_dim_, target + head * head_stride,
                              side.scales.data() + head * side.capacity + position, 1, head_dim_, head_dim_,
                              isa);
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

}  // namespace

std::int64_t next_kv_capacity(std::int64_t capacity, std::int64_t needed, std::int64_t max_context) {
    if (needed <= capacity) return capacity;
    const std::int64_t wanted = std::max(needed, capacity + capacity / 2);
    return std::min((wanted + kGranule - 1) / kGranule * kGranule, max_context);
}

std::int64_t contiguous_kv_bytes(const ModelConfig& model, KvStorage storage, std::int64_t capacity) {
    if (storage == KvStorage::off) return 0;
    const kernels::KvType type = kv_type(storage);
    const std::int64_t scale = type == kernels::KvType::i8 ? static_cast<std::int64_t>(sizeof(float)) : 0;
    return 2 * model.n_layers * model.n_kv_heads * capacity * (model.head_dim * element_bytes(type) + scale);
}

std::unique_ptr<KvCache> make_contiguous_kv_cache(const ModelConfig& model, KvStorage storage,
                                                  std::int64_t max_context) {
    return std::make_unique<ContiguousKvCache>(model, storage, max_context);
}

}  // namespace hone
