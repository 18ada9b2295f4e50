// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/page_bounds.h"

#include <algorithm>
#include <utility>

namespace hone {
namespace {

std::int64_t page_floats(const ModelConfig& model) {
    return model.n_kv_heads * 2 * model.head_dim;
}

// Room for a few pages more than needed, so that decoding does not move the bounds at every page.
std::int64_t room_for(std::int64_t pages) {
    constexpr std::int64_t kGranule = 16;
    return (pages + kGranule - 1) / kGranule * kGranule;
}

}  // namespace

PageBounds::PageBounds(const ModelConfig& model, int page_shift)
    : n_kv_heads_(model.n_kv_heads),
      head_dim_(model.head_dim),
      page_shift_(page_shift),
      layers_(static_cast<std::size_t>(model.n_layers)) {}

void PageBounds::reserve(std::int64_t layer, std::int64_t pages) {
    Layer& it = layers_[static_cast<std::size_t>(layer)];
    if (pages <= it.pages) return;
    const std::int64_t floats = n_kv_heads_ * 2 * head_dim_, room = room_for(pages);
    Buffer<float> grown;
    grown.allocate(room * floats);
    std::copy_n(it.values.data(), it.pages * floats, grown.data());
    it.values = std::move(grown);
    it.pages = room;
}

void PageBounds::append(std::int64_t layer, std::int64_t position, const float* k,
                        std::int64_t tokens) {
    const std::int64_t page_mask = (std::int64_t{1} << page_shift_) - 1;
    reserve(layer, ((position + tokens - 1) >> page_shift_) + 1);
    float* const values = layers_[static_cast<std::size_t>(layer)].values.data();
    for (std::int64_t t = 0; t < tokens; ++t) {
        const bool first = ((position + t) & page_mask) == 0;
        for (std::int64_t head = 0; head < n_kv_heads_; ++head) {
            const float* const key = k + (t * n_kv_heads_ + head) * head_dim_;
            float* const low =
                values + (((position + t) >> page_shift_) * n_kv_heads_ + head) * 2 * head_dim_;
            float* const high = low + head_dim_;
            for (std::int64_t i = 0; i < head_dim_; ++i) {
                low[i] = first ? key[i] : std::min(low[i], key[i]);
                high[i] = first ? key[i] : std::max(high[i], key[i]);
            }
        }
    }
}

const float* PageBounds::layer(std::int64_t layer) const {
    return layers_[static_cast<std::size_t>(layer)].values.data();
}

std::int64_t PageBounds::bytes() const {
    std::int64_t sum = 0;
    for (const Layer& layer : layers_) sum += layer.values.bytes();
    return sum;
}

std::int64_t page_bounds_bytes(const ModelConfig& model, int page_shift, std::int64_t layers,
                               std::int64_t length) {
    const std::int64_t pages = room_for(((length - 1) >> page_shift) + 1);
    return layers * pages * page_floats(model) * static_cast<std::int64_t>(sizeof(float));
}

}  // namespace hone
