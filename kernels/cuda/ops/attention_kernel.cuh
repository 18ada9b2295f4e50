// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/machine.h"
#include "kernels/cuda/numbers.h"
#include "kernels/cuda/ops/attention.h"

namespace hone::cuda {

// One warp a row, head and kind.
template <KvPlane type>
HONE_DEVICE void remember_kernel(const RememberParams& p) {
    const KvBlocksView& cache = p.cache;
    const std::int64_t at =
        static_cast<std::int64_t>(block_index().x) * (block_threads() / kWarp) + warp_index();
    if (at >= p.rows * cache.n_kv_heads * 2) return;
    const bool values = at % 2 != 0;
    const std::int64_t head = at / 2 % cache.n_kv_heads, row = at / 2 / cache.n_kv_heads;
    const std::int64_t sequence = Global<const std::int32_t>{p.sequences}[row];
    if (sequence == kNoSequence) return;
    const std::int64_t position = Global<const std::int32_t>{p.positions}[row];
    const std::int64_t within = kv_within(cache, position);
    const Global<std::byte* const> table{cache.table + sequence * cache.table_stride};
    std::byte* const block = table[position >> cache.block_shift] + cache.layer_offset;
    const Global<const float> from{(values ? p.v : p.k) +
                                   (row * cache.n_kv_heads + head) * cache.head_dim};
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
                block + kv_scales_offset(cache))}[kv_scale(cache, values, head, within)] =
                largest / 127.0F;
    } else if constexpr (type == KvPlane::f32) {
        const Global<float> to{reinterpret_cast<float*>(block)};
        for (std::int64_t i = lane_index(); i < cache.head_dim; i += kWarp)
            to[element + i] = from[i];
    } else if constexpr (type == KvPlane::f16) {
        const Global<F16> to{reinterpret_cast<F16*>(block)};
        for (std::int64_t i = lane_index(); i < cache.head_dim; i += kWarp)
            to[element + i] = to_f16(from[i]);
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

// Four neighbouring channels of a key or value.
template <KvPlane type>
HONE_DEVICE F32x4 kv_values(const std::byte* block, std::int64_t element, float scale) {
    if constexpr (type == KvPlane::f32) {
        return load<F32x4>(Global<const float>{reinterpret_cast<const float*>(block)}, element);
    } else if constexpr (type == KvPlane::f16) {
        const auto raw =
            load<U32x2>(Global<const F16>{reinterpret_cast<const F16*>(block)}, element);
        const auto value = [](std::uint32_t bits) {
            return to_float_fast(F16{static_cast<std::uint16_t>(bits)});
        };
        return {value(raw.x), value(raw.x >> 16), value(raw.y), value(raw.y >> 16)};
    } else if constexpr (type == KvPlane::bf16) {
        const auto raw =
            load<U32x2>(Global<const BF16>{reinterpret_cast<const BF16*>(block)}, element);
        return {bits_as<float>(raw.x << 16), bits_as<float>(raw.x & 0xFFFF0000U),
                bits_as<float>(raw.y << 16), bits_as<float>(raw.y & 0xFFFF0000U)};
    } else {
        const auto raw = load<std::uint32_t>(
            Global<const std::int8_t>{reinterpret_cast<const std::int8_t*>(block)}, element);
        const auto value = [&](std::uint32_t bits) {
            return scale * static_cast<float>(static_cast<std::int8_t>(bits));
        };
        return {value(raw), value(raw >> 8), value(raw >> 16), value(raw >> 24)};
    }
}

constexpr int kHeadsEach = kMaxGroup / kAttentionWarps;  // of a warp, at most
constexpr int kQuads = kMaxHeadDim / 4 / kWarp;          // of channels, of a lane

// The lane's c-th quad of channels.
HONE_DEVICE std::int32_t quad_channel(int c) {
    return 4 * (static_cast<std::int32_t>(lane_index()) + c * static_cast<std::int32_t>(kWarp));
}

// What a warp adds up of one query head: the softmax's running maximum and sum, and the lane's
// channels of the weighted values.
struct HeadSums {
    F32x4 sums[kQuads] = {};
    float largest = -INFINITY, weight = 0;
};

// A tile's keys and values into shared memory: of `here` positions, whose places blocks[i] and
// within[i] are. Past the last position its channels stand again: no branch stands between the
// loads.
template <KvPlane type>
HONE_DEVICE void load_positions(const KvBlocksView& cache, std::int64_t kv_head,
                                Shared<const std::byte*> blocks, Shared<std::int32_t> within,
                                std::int32_t here, Shared<float> keys, Shared<float> values) {
    constexpr int kEach = static_cast<int>(kWarp) / kAttentionWarps;
    const auto dim = static_cast<std::int32_t>(cache.head_dim), stride = attention_tile_stride(dim);
    const auto warp = static_cast<std::int32_t>(warp_index());
    HONE_UNROLL
    for (int c = 0; c < kQuads; ++c) {
        const std::int32_t channel = quad_channel(c);
        if (channel >= dim) continue;
        F32x4 key[kEach], value[kEach];
        HONE_UNROLL
        for (int i = 0; i < kEach; ++i) {
            const std::int32_t position = warp + i * kAttentionWarps,
                               which = position < here ? position : here - 1;
            const std::byte* const block = blocks[which];
            const std::int32_t at = within[which];
            float key_scale = 1, value_scale = 1;
            if constexpr (type == KvPlane::i8) {
                const Global<const float> scales{
                    reinterpret_cast<const float*>(block + kv_scales_offset(cache))};
                key_scale = scales[kv_scale(cache, false, kv_head, at)];
                value_scale = scales[kv_scale(cache, true, kv_head, at)];
            }
            key[i] =
                kv_values<type>(block, kv_element(cache, false, kv_head, at) + channel, key_scale);
            value[i] =
                kv_values<type>(block, kv_element(cache, true, kv_head, at) + channel, value_scale);
        }
        HONE_UNROLL
        for (int i = 0; i < kEach; ++i) {
            store(keys, (warp + i * kAttentionWarps) * stride + channel, key[i]);
            store(values, (warp + i * kAttentionWarps) * stride + channel, value[i]);
        }
    }
}

// Adds what query head `head` of the group takes from the tile's `here` positions. Lane = position
// for the scores, lane = four channels for the sums.
HONE_DEVICE void attend_positions(HeadSums& head_sums, Shared<float> q, std::int32_t head,
                                  std::int32_t dim, std::int32_t here, Shared<float> keys,
                                  Shared<float> values) {
    const std::int32_t stride = attention_tile_stride(dim);
    const auto lane = static_cast<std::int32_t>(lane_index());
    float score = -INFINITY;
    if (lane < here) {
        score = 0;
        for (std::int32_t i = 0; i < dim; i += 4) {
            const auto a = load<F32x4>(q, head * dim + i), b = load<F32x4>(keys, lane * stride + i);
            score += a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w;
        }
    }
    F32x4(&sums)[kQuads] = head_sums.sums;
    const float top = fmaxf(head_sums.largest, warp_max(score));
    const float rescale = expf(head_sums.largest - top), mine = expf(score - top);
    head_sums.weight = head_sums.weight * rescale + warp_sum(mine);
    head_sums.largest = top;
    HONE_UNROLL
    for (int c = 0; c < kQuads; ++c)
        sums[c].x *= rescale, sums[c].y *= rescale, sums[c].z *= rescale, sums[c].w *= rescale;
    for (std::int32_t j = 0; j < here; ++j) {
        const float of = shuffle(mine, static_cast<std::uint32_t>(j));
        HONE_UNROLL
        for (int c = 0; c < kQuads; ++c) {
            const std::int32_t channel = quad_channel(c);
            if (channel >= dim) continue;
            const auto v = load<F32x4>(values, j * stride + channel);
            sums[c].x += of * v.x, sums[c].y += of * v.y, sums[c].z += of * v.z,
                sums[c].w += of * v.w;
        }
    }
}

// The head's output where there is one split; otherwise its part, for combine_kernel. `of`: the
// row's and head's number.
HONE_DEVICE void write_head(const AttentionParams& p, const HeadSums& head_sums, std::int64_t of,
                            std::int64_t split) {
    const auto dim = static_cast<std::int32_t>(p.cache.head_dim);
    const float inverse = p.splits == 1 ? 1.0F / head_sums.weight : 1.0F;
    const Global<float> to_row{p.splits == 1 ? p.out + of * dim
                                             : p.parts + (of * p.splits + split) * (dim + 2)};
    HONE_UNROLL
    for (int c = 0; c < kQuads; ++c) {
        const std::int32_t channel = quad_channel(c);
        if (channel >= dim) continue;
        const F32x4& sums = head_sums.sums[c];
        to_row[channel] = sums.x * inverse, to_row[channel + 1] = sums.y * inverse;
        to_row[channel + 2] = sums.z * inverse, to_row[channel + 3] = sums.w * inverse;
    }
    if (p.splits > 1 && lane_index() == 0) {
        to_row[dim] = head_sums.largest;
        to_row[dim + 1] = head_sums.weight;
    }
}

// A block: one row, one kv head, one split. Tiles of 32 positions: their keys and values lie in
// shared memory as fp32, asked for together so that much is under way at once. Rows of a tile are
// 16 bytes more than whole lines of banks apart: lanes that each read four channels of a position
// then use different banks. A warp takes every fourth query head of the group.
template <KvPlane type>
HONE_DEVICE void attention_kernel(const AttentionParams& p) {
    const KvBlocksView& cache = p.cache;
    const std::int64_t row = block_index().x, kv_head = block_index().y, split = block_index().z;
    const auto group = static_cast<std::int32_t>(p.n_heads / cache.n_kv_heads),
               dim = static_cast<std::int32_t>(cache.head_dim);
    const auto lane = static_cast<std::int32_t>(lane_index()),
               warp = static_cast<std::int32_t>(warp_index());
    const AttendedRow attended = Global<const AttendedRow>{p.rows_of}[row];
    const std::int64_t count = attended_count(attended, p.page_shift);
    const std::int64_t share =
        ceil_div(ceil_div(count, p.splits), static_cast<std::int64_t>(kWarp)) * kWarp;
    const std::int64_t from = split * share, to = from + share < count ? from + share : count;
    const std::int64_t tile_floats = static_cast<std::int64_t>(kWarp) * attention_tile_stride(dim);
    const Shared<float> q = dynamic_shared<float>(0, static_cast<std::int64_t>(group) * dim);
    const Shared<float> keys = dynamic_shared<float>(sizeof(float) * group * dim, tile_floats);
    const Shared<float> values =
        dynamic_shared<float>(sizeof(float) * (group * dim + tile_floats), tile_floats);
    HONE_SHARED(const std::byte*, blocks, kWarp);
    HONE_SHARED(std::int32_t, within, kWarp);
    const Global<const float> queries{p.q + (row * p.n_heads + kv_head * group) * dim};
    for (std::int32_t i = thread_index(); i < group * dim; i += block_threads())
        q[i] = queries[i] * p.scale;
    const Global<std::byte* const> table{cache.table + attended.sequence * cache.table_stride};

    HeadSums heads[kHeadsEach];
    for (std::int64_t begin = from; begin < to; begin += kWarp) {
        const auto here = static_cast<std::int32_t>(to - begin < kWarp ? to - begin : kWarp);
        sync_block();  // the last tile has been used
        if (warp == 0 && lane < here) {
            const std::int64_t position =
                attended_position(attended, p, row * cache.n_kv_heads + kv_head, begin + lane);
            blocks[lane] = table[position >> cache.block_shift] + cache.layer_offset;
            within[lane] = static_cast<std::int32_t>(kv_within(cache, position));
        }
        sync_block();
        load_positions<type>(cache, kv_head, blocks, within, here, keys, values);
        sync_block();
        HONE_UNROLL
        for (int h = 0; h < kHeadsEach; ++h) {
            const std::int32_t head = warp + h * kAttentionWarps;
            if (head < group) attend_positions(heads[h], q, head, dim, here, keys, values);
        }
    }
    HONE_UNROLL
    for (int h = 0; h < kHeadsEach; ++h) {
        const std::int32_t head = warp + h * kAttentionWarps;
        if (head < group) write_head(p, heads[h], row * p.n_heads + kv_head * group + head, split);
    }
}

// out = Σ parts · e^(maximum − M) / Σ weight · e^(maximum − M). One warp a row and head; a split
// without positions has weight 0.
HONE_DEVICE void combine_kernel(const AttentionParams& p) {
    const std::int64_t of =
        static_cast<std::int64_t>(block_index().x) * kAttentionWarps + warp_index();
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

}  // namespace hone::cuda
