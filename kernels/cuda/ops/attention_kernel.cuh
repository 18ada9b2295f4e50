// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/machine.h"
#include "kernels/cuda/numbers.h"
#include "kernels/cuda/ops/attention.h"

namespace hone::gpu {

// One warp a row, head and kind.
template <KvPlane type>
HONE_DEVICE void remember_kernel(const RememberParams& p) {
    const KvBlocksView& cache = p.cache;
    const std::int64_t at =
        static_cast<std::int64_t>(block_index().x) * (block_threads() / kWarp) + warp_index();
    if (at >= p.rows * cache.n_kv_heads * 2) return;
    const bool values = at % 2 != 0;
    const std::int64_t head = at / 2 % cache.n_kv_heads, row = at / 2 / cache.n_kv_heads;
    const std::int64_t position = Global<const std::int32_t>{p.positions}[row];
    const std::int64_t within = kv_within(cache, position);
    const Global<std::byte* const> table{cache.table +
                                         Global<const std::int32_t>{p.sequences}[row] * cache.table_stride};
    std::byte* const block = table[position >> cache.block_shift] + cache.layer_offset;
    const Global<const float> from{(values ? p.v : p.k) + (row * cache.n_kv_heads + head) * cache.head_dim};
    const std::int64_t element = kv_element(cache, values, head, within);
    if constexpr (type == KvPlane::i8) {
        float largest = 0;
        for (std::int64_t i = lane_index(); i < cache.head_dim; i += kWarp)
            largest = fmaxf(largest, fabsf(from[i]));
        largest = warp_max(largest);
        const float inverse = largest > 0 ? 127.0F / largest : 0.0F;
        const Global<std::int8_t> to{reinterpret_cast<std::int8_t*>(block)};
        for (std::int64_t i = lane_index(); i < cache.head_dim; i += kWarp)
            to[element + i] = static_cast<std::int8_t>(rintf(from[i] * inverse));
        if (lane_index() == 0)
            Global<float>{reinterpret_cast<float*>(
                block + kv_scales_offset(cache))}[kv_scale(cache, values, head, within)] = largest / 127.0F;
    } else if constexpr (type == KvPlane::f32) {
        const Global<float> to{reinterpret_cast<float*>(block)};
        for (std::int64_t i = lane_index(); i < cache.head_dim; i += kWarp) to[element + i] = from[i];
    } else if constexpr (type == KvPlane::f16) {
        const Global<F16> to{reinterpret_cast<F16*>(block)};
        for (std::int64_t i = lane_index(); i < cache.head_dim; i += kWarp) to[element + i] = to_f16(from[i]);
    } else {
        const Global<BF16> to{reinterpret_cast<BF16*>(block)};
        for (std::int64_t i = lane_index(); i < cache.head_dim; i += kWarp)
            to[element + i] = to_bf16(from[i]);
    }
}

// The i-th position that the row attends.
HONE_DEVICE std::int64_t attended_position(const AttendedRow& row, const AttentionParams& p,
                                           std::int64_t list, std::int64_t i) {
    if (row.pages == 0) return i < row.sinks ? i : row.begin + (i - row.sinks);
    const Global<const std::int32_t> pages{p.page_lists + list * p.page_stride};
    return (static_cast<std::int64_t>(pages[i >> p.page_shift]) << p.page_shift) +
           (i & ((std::int64_t{1} << p.page_shift) - 1));
}

template <KvPlane type>
HONE_DEVICE float kv_value(const std::byte* block, std::int64_t element, float scale) {
    if constexpr (type == KvPlane::f32)
        return Global<const float>{reinterpret_cast<const float*>(block)}[element];
    if constexpr (type == KvPlane::f16)
        return to_float_fast(Global<const F16>{reinterpret_cast<const F16*>(block)}[element]);
    if constexpr (type == KvPlane::bf16)
        return to_float(Global<const BF16>{reinterpret_cast<const BF16*>(block)}[element]);
    if constexpr (type == KvPlane::i8)
        return scale * static_cast<float>(
                           Global<const std::int8_t>{reinterpret_cast<const std::int8_t*>(block)}[element]);
    return 0;
}

// A block: one row, one kv head, one split. Tiles of 32 positions: their keys, then their values, lie in shared memory as fp32, rows one
// float apart from a multiple of 32 so that lanes which each take a position use different banks. A warp takes every fourth
// query head of the group: lane = position for the scores, lane = channel for the sums.
template <KvPlane type>
HONE_DEVICE void attention_kernel(const AttentionParams& p) {
    const KvBlocksView& cache = p.cache;
    const std::int64_t row = block_index().x, kv_head = block_index().y, split = block_index().z;
    const std::int64_t group = p.n_heads / cache.n_kv_heads, dim = cache.head_dim, stride = dim + 1;
    const AttendedRow attended = Global<const AttendedRow>{p.rows_of}[row];
    const std::int64_t count = attended_count(attended, p.page_shift);
    const std::int64_t share = ceil_div(ceil_div(count, p.splits), static_cast<std::int64_t>(kWarp)) * kWarp;
    const std::int64_t from = split * share, to = from + share < count ? from + share : count;
    const Shared<float> q = dynamic_shared<float>(0, group * dim);
    const Shared<float> tile = dynamic_shared<float>(sizeof(float) * group * dim, kWarp * stride);
    HONE_SHARED(const std::byte*, blocks, kWarp);
    HONE_SHARED(std::int32_t, within, kWarp);
    const Global<const float> queries{p.q + (row * p.n_heads + kv_head * group) * dim};
    for (std::int64_t i = thread_index(); i < group * dim; i += block_threads()) q[i] = queries[i] * p.scale;

    constexpr int kHeads = kMaxGroup / kAttentionWarps;  // of a warp, at most
    constexpr int kChannels = kMaxHeadDim / kWarp;
    float sums[kHeads][kChannels] = {}, largest[kHeads], weight[kHeads] = {};
    for (float& value : largest) value = -INFINITY;
    const Global<std::byte* const> table{cache.table + attended.sequence * cache.table_stride};

    const auto load_tile = [&](bool values, std::int64_t here) {
        for (std::int64_t i = thread_index(); i < here * dim; i += block_threads()) {
            const std::int64_t position = i / dim, channel = i % dim;
            const std::byte* const block = blocks[position];
            const std::int32_t at = within[position];
            float scale = 1;
            if constexpr (type == KvPlane::i8)
                scale = Global<const float>{reinterpret_cast<const float*>(
                    block + kv_scales_offset(cache))}[kv_scale(cache, values, kv_head, at)];
            tile[position * stride + channel] =
                kv_value<type>(block, kv_element(cache, values, kv_head, at) + channel, scale);
        }
    };

    for (std::int64_t begin = from; begin < to; begin += kWarp) {
        const std::int64_t here = to - begin < kWarp ? to - begin : kWarp;
        sync_block();  // the last tile has been used
        if (thread_index() < here) {
            const std::int64_t position =
                attended_position(attended, p, row * cache.n_kv_heads + kv_head, begin + thread_index());
            blocks[thread_index()] = table[position >> cache.block_shift] + cache.layer_offset;
            within[thread_index()] = static_cast<std::int32_t>(kv_within(cache, position));
        }
        sync_block();
        load_tile(false, here);
        sync_block();
        float scores[kHeads], rescale[kHeads];
        for (int h = 0; h < kHeads; ++h) {
            const std::int64_t head = warp_index() + static_cast<std::int64_t>(h) * kAttentionWarps;
            if (head >= group) continue;
            float score = -INFINITY;
            if (lane_index() < here) {
                score = 0;
                for (std::int64_t i = 0; i < dim; ++i)
                    score += q[head * dim + i] * tile[lane_index() * stride + i];
            }
            const float top = fmaxf(largest[h], warp_max(score));
            rescale[h] = expf(largest[h] - top);
            scores[h] = expf(score - top);
            weight[h] = weight[h] * rescale[h] + warp_sum(scores[h]);
            largest[h] = top;
        }
        sync_block();  // the keys have been used
        load_tile(true, here);
        sync_block();
        for (int h = 0; h < kHeads; ++h) {
            const std::int64_t head = warp_index() + static_cast<std::int64_t>(h) * kAttentionWarps;
            if (head >= group) continue;
            for (float& sum : sums[h]) sum *= rescale[h];
            for (std::int64_t j = 0; j < here; ++j) {
                const float share_of = shuffle(scores[h], static_cast<std::uint32_t>(j));
                for (int c = 0; c < kChannels; ++c) {
                    const std::int64_t channel = lane_index() + static_cast<std::int64_t>(c) * kWarp;
                    if (channel < dim) sums[h][c] += share_of * tile[j * stride + channel];
                }
            }
        }
    }

    for (int h = 0; h < kHeads; ++h) {
        const std::int64_t head = warp_index() + static_cast<std::int64_t>(h) * kAttentionWarps;
        if (head >= group) continue;
        const std::int64_t of = row * p.n_heads + kv_head * group + head;
        if (p.splits == 1) {
            const Global<float> out{p.out + of * dim};
            for (int c = 0; c < kChannels; ++c) {
                const std::int64_t channel = lane_index() + static_cast<std::int64_t>(c) * kWarp;
                if (channel < dim) out[channel] = sums[h][c] / weight[h];
            }
            continue;
        }
        const Global<float> part{p.parts + (of * p.splits + split) * (dim + 2)};
        for (int c = 0; c < kChannels; ++c) {
            const std::int64_t channel = lane_index() + static_cast<std::int64_t>(c) * kWarp;
            if (channel < dim) part[channel] = sums[h][c];
        }
        if (lane_index() == 0) {
            part[dim] = largest[h];
            part[dim + 1] = weight[h];
        }
    }
}

// out = Σ parts · e^(maximum − M) / Σ weight · e^(maximum − M). One warp a row and head; a split without positions has weight 0.
HONE_DEVICE void combine_kernel(const AttentionParams& p) {
    const std::int64_t of = static_cast<std::int64_t>(block_index().x) * kAttentionWarps + warp_index();
    if (of >= p.rows * p.n_heads) return;
    const std::int64_t dim = p.cache.head_dim;
    const Global<const float> parts{p.parts + of * p.splits * (dim + 2)};
    const Global<float> out{p.out + of * dim};
    float top = -INFINITY, weight = 0;
    for (std::int64_t s = 0; s < p.splits; ++s) top = fmaxf(top, parts[s * (dim + 2) + dim]);
    for (std::int64_t s = 0; s < p.splits; ++s)
        weight += parts[s * (dim + 2) + dim + 1] * expf(parts[s * (dim + 2) + dim] - top);
    for (std::int64_t channel = lane_index(); channel < dim; channel += kWarp) {
        float sum = 0;
        for (std::int64_t s = 0; s < p.splits; ++s)
            sum += parts[s * (dim + 2) + channel] * expf(parts[s * (dim + 2) + dim] - top);
        out[channel] = sum / weight;
    }
}

}  // namespace hone::gpu
