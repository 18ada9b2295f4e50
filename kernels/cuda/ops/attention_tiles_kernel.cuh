// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/ops/attention_kernel.cuh"
#include "kernels/cuda/ops/attention_tiles.h"
#include "kernels/cuda/ops/tile_memory.cuh"

namespace hone::gpu {

template <typename Combine>
HONE_DEVICE std::int32_t warp_combine(std::int32_t value, Combine combine) {
    for (std::uint32_t mask = kWarp / 2; mask > 0; mask /= 2)
        value = combine(value, shuffle_xor(value, mask));
    return value;
}

// Neighbouring rows of one sequence, and what they attend together: positions [0, sinks) and [begin, end), which do not overlap. All of the
// rows attend every position of [shared_begin, shared_end).
struct TileRun {
    std::int32_t rows_end, sequence;
    std::int32_t sinks, begin, end;
    std::int32_t shared_begin, shared_end;

    HONE_DEVICE std::int32_t positions() const { return sinks + (end - begin); }
    HONE_DEVICE std::int32_t position(std::int32_t i) const { return i < sinks ? i : begin + (i - sinks); }
};

// The run that begins with row `first` and ends before `last`, at most kTileQueries rows on. A lane looks at two rows.
HONE_DEVICE TileRun run_of(const AttentionParams& p, std::int32_t first, std::int32_t last) {
    const auto least = [](std::int32_t a, std::int32_t b) { return a < b ? a : b; };
    const auto most = [](std::int32_t a, std::int32_t b) { return a > b ? a : b; };
    const Global<const AttendedRow> rows{p.rows_of};
    const std::int32_t sequence = rows[first].sequence;
    std::int32_t rows_end = last;
    for (std::int32_t row = first + static_cast<std::int32_t>(lane_index()); row < last; row += kWarp)
        if (rows[row].sequence != sequence) rows_end = least(rows_end, row);
    rows_end = warp_combine(rows_end, least);
    constexpr std::int32_t kNone = 0x7FFFFFFF;
    std::int32_t sinks = 0, begin = kNone, end = 0, shared_begin = 0, shared_end = kNone;
    for (std::int32_t row = first + static_cast<std::int32_t>(lane_index()); row < rows_end; row += kWarp) {
        const AttendedRow it = rows[row];
        sinks = most(sinks, it.sinks), begin = least(begin, it.begin), end = most(end, it.end);
        shared_begin = most(shared_begin, it.begin), shared_end = least(shared_end, it.end);
    }
    sinks = warp_combine(sinks, most), begin = most(warp_combine(begin, least), sinks);
    end = most(warp_combine(end, most), begin);
    return {rows_end,
            sequence,
            sinks,
            begin,
            end,
            warp_combine(shared_begin, most),
            warp_combine(shared_end, least)};
}

// Eight neighbouring channels of a key or value as bf16.
template <KvPlane type>
HONE_DEVICE U32x4 kv_piece(const std::byte* block, std::int64_t element, float scale) {
    if constexpr (type == KvPlane::bf16) {
        return load<U32x4>(Global<const BF16>{reinterpret_cast<const BF16*>(block)}, element);
    } else if constexpr (type == KvPlane::f32) {
        const Global<const float> from{reinterpret_cast<const float*>(block)};
        const auto low = load<F32x4>(from, element), high = load<F32x4>(from, element + 4);
        return {pack_bf16(low.x, low.y), pack_bf16(low.z, low.w), pack_bf16(high.x, high.y),
                pack_bf16(high.z, high.w)};
    } else if constexpr (type == KvPlane::f16) {
        const auto raw = load<U32x4>(Global<const F16>{reinterpret_cast<const F16*>(block)}, element);
        const auto converted = [](std::uint32_t two) {
            return pack_bf16(to_float_fast(F16{static_cast<std::uint16_t>(two)}),
                             to_float_fast(F16{static_cast<std::uint16_t>(two >> 16)}));
        };
        return {converted(raw.x), converted(raw.y), converted(raw.z), converted(raw.w)};
    } else {
        const auto raw =
            load<U32x2>(Global<const std::int8_t>{reinterpret_cast<const std::int8_t*>(block)}, element);
        const auto value = [&](std::uint32_t four, int i) {
            return scale * static_cast<float>(static_cast<std::int8_t>(four >> 8 * i));
        };
        return {pack_bf16(value(raw.x, 0), value(raw.x, 1)), pack_bf16(value(raw.x, 2), value(raw.x, 3)),
                pack_bf16(value(raw.y, 0), value(raw.y, 1)), pack_bf16(value(raw.y, 2), value(raw.y, 3))};
    }
}

// What a lane's accumulators belong to: rows g and g + 8 of its warp's 16 pairs of row and head.
struct TileQuery {
    std::int64_t row, head;  // of the launch's rows, and of all heads
    std::int32_t sinks = 0, begin = 0, end = 0;
    bool here;  // in the run

    HONE_DEVICE bool sees(std::int32_t position) const {
        return position < sinks || (position >= begin && position < end);
    }
};

template <KvPlane type, int kDim>
HONE_DEVICE void attention_tiles_kernel(const AttentionParams& p) {
    constexpr int kPieces = kDim / kPiece, kSteps = kDim / 16, kFragments = kTilePositions / 8;
    constexpr int kThreads = kAttentionTileWarps * static_cast<int>(kWarp);
    const KvBlocksView& cache = p.cache;
    const auto kv_head = static_cast<std::int64_t>(block_index().y);
    const auto group = static_cast<std::int32_t>(p.n_heads / cache.n_kv_heads),
               dim = static_cast<std::int32_t>(cache.head_dim),
               tile_rows = static_cast<std::int32_t>(attention_tile_rows(p.n_heads, cache.n_kv_heads));
    // The last rows of a prompt attend most: they come first, so that the device is not left with few long blocks.
    const auto tile = static_cast<std::int32_t>(grid_size().x - 1 - block_index().x);
    const std::int32_t tile_begin = tile * tile_rows;
    const std::int32_t tile_end =
        tile_begin + tile_rows < p.rows ? tile_begin + tile_rows : static_cast<std::int32_t>(p.rows);
    const std::int32_t g = static_cast<std::int32_t>(lane_index()) / 4,
                       t = static_cast<std::int32_t>(lane_index()) % 4;
    const std::int64_t lane = lane_index();
    const Shared<BF16> keys = dynamic_shared<BF16>(0, std::int64_t{kTilePositions} * kDim);
    const Shared<BF16> values =
        dynamic_shared<BF16>(sizeof(BF16) * kTilePositions * kDim, std::int64_t{kTilePositions} * kDim);
    HONE_SHARED(const std::byte*, blocks, kTilePositions);
    HONE_SHARED(std::int32_t, within, kTilePositions);
    const Global<const AttendedRow> rows{p.rows_of};
    const Global<const float> q{p.q};
    const Global<float> out{p.out};
    const float scale = p.scale * 1.4426950408889634F;  // log2(e): exponentials are powers of two

    for (std::int32_t first = tile_begin; first < tile_end;) {
        const TileRun run = run_of(p, first, tile_end);
        TileQuery query[2];
        HONE_UNROLL
        for (int half = 0; half < 2; ++half) {
            const auto pair = static_cast<std::int32_t>(warp_index()) * 16 + g + 8 * half;
            const std::int32_t row = tile_begin + pair / group;
            TileQuery& it = query[half];
            it.row = row, it.head = kv_head * group + pair % group;
            it.here = pair < tile_rows * group && row >= first && row < run.rows_end;
            if (!it.here) continue;
            const AttendedRow attended = rows[row];
            it.sinks = attended.sinks, it.begin = attended.begin, it.end = attended.end;
        }
        std::uint32_t queries[kSteps][4];
        HONE_UNROLL
        for (int k = 0; k < kSteps; ++k) {
            HONE_UNROLL
            for (int part = 0; part < 4; ++part) {
                const TileQuery& it = query[part % 2];
                const std::int32_t channel = 16 * k + 2 * t + 8 * (part / 2);
                F32x2 two{0, 0};
                if (it.here && channel < dim)
                    two = load<F32x2>(q, (it.row * p.n_heads + it.head) * dim + channel);
                queries[k][part] = pack_bf16(two.x * scale, two.y * scale);
            }
        }

        float sums[kDim / 8][4] = {}, largest[2] = {-INFINITY, -INFINITY}, weight[2] = {};
        const Global<std::byte* const> table{cache.table + run.sequence * cache.table_stride};
        const std::int32_t count = run.positions();
        for (std::int32_t begin = 0; begin < count; begin += kTilePositions) {
            sync_block();  // the last tile has been used
            if (thread_index() < kTilePositions) {
                const std::int32_t i = begin + static_cast<std::int32_t>(thread_index());
                const std::int32_t position = run.position(i < count ? i : count - 1);
                blocks[thread_index()] = table[position >> cache.block_shift] + cache.layer_offset;
                within[thread_index()] = static_cast<std::int32_t>(kv_within(cache, position));
            }
            sync_block();
            HONE_UNROLL
            for (int i = 0; i < kTilePositions * kPieces / kThreads; ++i) {
                const auto at = static_cast<std::int32_t>(thread_index()) + i * kThreads;
                const std::int32_t position = at / kPieces, piece = at % kPieces;
                U32x4 key{0, 0, 0, 0}, value{0, 0, 0, 0};
                if (begin + position < count && piece * kPiece < dim) {
                    const std::byte* const block = blocks[position];
                    const std::int32_t in_block = within[position];
                    float key_scale = 1, value_scale = 1;
                    if constexpr (type == KvPlane::i8) {
                        const Global<const float> scales{
                            reinterpret_cast<const float*>(block + kv_scales_offset(cache))};
                        key_scale = scales[kv_scale(cache, false, kv_head, in_block)];
                        value_scale = scales[kv_scale(cache, true, kv_head, in_block)];
                    }
                    key = kv_piece<type>(block, kv_element(cache, false, kv_head, in_block) + piece * kPiece,
                                         key_scale);
                    value = kv_piece<type>(block, kv_element(cache, true, kv_head, in_block) + piece * kPiece,
                                           value_scale);
                }
                store(keys, piece_place<kPieces>(position, piece), key);
                store(values, piece_place<kPieces>(position, piece), value);
            }
            sync_block();

            float scores[kFragments][4] = {};
            HONE_UNROLL
            for (int k = 0; k < kSteps; ++k) {
                HONE_UNROLL
                for (int n = 0; n < kFragments; n += 2) {  // two of 8 positions
                    std::uint32_t b[4];
                    load_matrices(
                        b, keys,
                        piece_place<kPieces>(8 * n + (lane & 7) + (lane >> 4 << 3), 2 * k + (lane >> 3 & 1)));
                    const std::uint32_t low[2] = {b[0], b[1]}, high[2] = {b[2], b[3]};
                    mma_bf16(scores[n], queries[k], low);
                    mma_bf16(scores[n + 1], queries[k], high);
                }
            }
            // Positions that every row of the run attends need no look, as long as they follow one another.
            const std::int32_t from = run.position(begin),
                               past = begin + kTilePositions <= count ? from + kTilePositions : -1;
            const bool sees_all =
                past >= 0 && begin >= run.sinks && from >= run.shared_begin && past <= run.shared_end;
            if (!sees_all) {
                HONE_UNROLL
                for (int n = 0; n < kFragments; ++n) {
                    HONE_UNROLL
                    for (int i = 0; i < 4; ++i) {
                        const std::int32_t which = begin + 8 * n + 2 * t + i % 2;
                        if (which >= count || !query[i / 2].sees(run.position(which)))
                            scores[n][i] = -INFINITY;
                    }
                }
            }
            HONE_UNROLL
            for (int half = 0; half < 2; ++half) {
                float top = largest[half];
                HONE_UNROLL
                for (int n = 0; n < kFragments; ++n)
                    top = fmaxf(top, fmaxf(scores[n][2 * half], scores[n][2 * half + 1]));
                top = fmaxf(top, shuffle_xor(top, 1));
                top = fmaxf(top, shuffle_xor(top, 2));
                const float base = top == -INFINITY ? 0.0F : top;  // nothing attended yet
                const float rescale = exp2f(largest[half] - base);
                largest[half] = top;
                weight[half] *= rescale;
                HONE_UNROLL
                for (int n = 0; n < kFragments; ++n) {
                    HONE_UNROLL
                    for (int i = 2 * half; i < 2 * half + 2; ++i) {
                        scores[n][i] = exp2f(scores[n][i] - base);
                        weight[half] += scores[n][i];  // of the lane's columns
                    }
                }
                HONE_UNROLL
                for (int n = 0; n < kDim / 8; ++n)
                    sums[n][2 * half] *= rescale, sums[n][2 * half + 1] *= rescale;
            }
            HONE_UNROLL
            for (int k = 0; k < kTilePositions / 16; ++k) {
                const std::uint32_t a[4] = {pack_bf16(scores[2 * k][0], scores[2 * k][1]),
                                            pack_bf16(scores[2 * k][2], scores[2 * k][3]),
                                            pack_bf16(scores[2 * k + 1][0], scores[2 * k + 1][1]),
                                            pack_bf16(scores[2 * k + 1][2], scores[2 * k + 1][3])};
                HONE_UNROLL
                for (int n = 0; n < kDim / 8; n += 2) {  // two of 8 channels
                    std::uint32_t b[4];
                    load_matrices_transposed(b, values,
                                             piece_place<kPieces>(16 * k + (lane & 15), n + (lane >> 4)));
                    const std::uint32_t low[2] = {b[0], b[1]}, high[2] = {b[2], b[3]};
                    mma_bf16(sums[n], a, low);
                    mma_bf16(sums[n + 1], a, high);
                }
            }
        }

        HONE_UNROLL
        for (int half = 0; half < 2; ++half) {
            float whole = weight[half] + shuffle_xor(weight[half], 1);
            whole += shuffle_xor(whole, 2);
            const TileQuery& it = query[half];
            if (!it.here) continue;
            const float inverse = 1.0F / whole;
            HONE_UNROLL
            for (int n = 0; n < kDim / 8; ++n) {
                const std::int32_t channel = 8 * n + 2 * t;
                if (channel >= dim) continue;
                store(out, (it.row * p.n_heads + it.head) * dim + channel,
                      F32x2{sums[n][2 * half] * inverse, sums[n][2 * half + 1] * inverse});
            }
        }
        first = run.rows_end;
    }
}

}  // namespace hone::gpu
