// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/ops/attention_kernel.cuh"
#include "kernels/cuda/ops/attention_tiles.h"
#include "kernels/cuda/ops/tile_memory.cuh"

namespace hone::cuda {

template <typename Combine>
HONE_DEVICE std::int32_t warp_combine(std::int32_t value, Combine combine) {
    for (std::uint32_t mask = kWarp / 2; mask > 0; mask /= 2)
        value = combine(value, shuffle_xor(value, mask));
    return value;
}

// Neighbouring rows of one sequence, and what they attend together: positions [0, sinks) and
// [begin, end), which do not overlap. All of the rows attend every position of [shared_begin,
// shared_end).
struct TileRun {
    std::int32_t rows_end, sequence;
    std::int32_t sinks, begin, end;
    std::int32_t shared_begin, shared_end;

    HONE_DEVICE std::int32_t positions() const { return sinks + (end - begin); }
    HONE_DEVICE std::int32_t position(std::int32_t i) const {
        return i < sinks ? i : begin + (i - sinks);
    }
};

// The run that begins with row `first` and ends before `last`, at most kTileQueries rows on. A lane
// looks at two rows.
HONE_DEVICE TileRun run_of(const AttentionParams& p, std::int32_t first, std::int32_t last) {
    const auto least = [](std::int32_t a, std::int32_t b) { return a < b ? a : b; };
    const auto most = [](std::int32_t a, std::int32_t b) { return a > b ? a : b; };
    const Global<const AttendedRow> rows{p.rows_of};
    const std::int32_t sequence = rows[first].sequence;
    std::int32_t rows_end = last;
    for (std::int32_t row = first + static_cast<std::int32_t>(lane_index()); row < last;
         row += kWarp)
        if (rows[row].sequence != sequence) rows_end = least(rows_end, row);
    rows_end = warp_combine(rows_end, least);
    constexpr std::int32_t kNone = 0x7FFFFFFF;
    std::int32_t sinks = 0, begin = kNone, end = 0, shared_begin = 0, shared_end = kNone;
    for (std::int32_t row = first + static_cast<std::int32_t>(lane_index()); row < rows_end;
         row += kWarp) {
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

// Eight neighbouring channels of a key or value as they lie in memory. Loading and converting are
// apart so that a thread has several under way.
template <KvPlane type>
struct RawKv {
    static constexpr int kWords = static_cast<int>(kPiece * kv_bytes(type) / 4);
    std::uint32_t words[kWords];
    float scale;  // of int8
};

template <KvPlane type>
HONE_DEVICE RawKv<type> load_kv(const KvBlocksView& cache, const std::byte* block, bool values,
                                std::int64_t head, std::int32_t within, std::int32_t channel) {
    const Global<const std::byte> from{block};
    const std::int64_t at = (kv_element(cache, values, head, within) + channel) * kv_bytes(type);
    RawKv<type> raw;
    if constexpr (type == KvPlane::i8) {
        const auto two = load<U32x2>(from, at);
        raw.words[0] = two.x, raw.words[1] = two.y;
        raw.scale =
            load<float>(from, kv_scales_offset(cache) + 4 * kv_scale(cache, values, head, within));
    } else {
        HONE_UNROLL
        for (int i = 0; i < RawKv<type>::kWords; i += 4) {
            const auto four = load<U32x4>(from, at + 4 * i);
            raw.words[i] = four.x, raw.words[i + 1] = four.y, raw.words[i + 2] = four.z,
            raw.words[i + 3] = four.w;
        }
    }
    return raw;
}

// As bf16.
template <KvPlane type>
HONE_DEVICE U32x4 kv_piece(const RawKv<type>& raw) {
    std::uint32_t piece[4];
    HONE_UNROLL
    for (int i = 0; i < 4; ++i) {
        if constexpr (type == KvPlane::bf16) {
            piece[i] = raw.words[i];
        } else if constexpr (type == KvPlane::f32) {
            piece[i] =
                pack_bf16(bits_as<float>(raw.words[2 * i]), bits_as<float>(raw.words[2 * i + 1]));
        } else if constexpr (type == KvPlane::f16) {
            piece[i] =
                pack_bf16(to_float_fast(F16{static_cast<std::uint16_t>(raw.words[i])}),
                          to_float_fast(F16{static_cast<std::uint16_t>(raw.words[i] >> 16)}));
        } else {
            const std::uint32_t two = raw.words[i / 2] >> 16 * (i % 2);
            piece[i] =
                pack_bf16(raw.scale * static_cast<float>(static_cast<std::int8_t>(two)),
                          raw.scale * static_cast<float>(static_cast<std::int8_t>(two >> 8)));
        }
    }
    return {piece[0], piece[1], piece[2], piece[3]};
}

// Where a tile's positions lie: of two tiles, so that the next one's are looked up while this one's
// are loaded.
struct TilePlaces {
    Shared<const std::byte*> blocks;
    Shared<std::int32_t> within;

    HONE_DEVICE void look_up(const KvBlocksView& cache, const TileRun& run, std::int32_t begin,
                             std::int32_t count) const {
        if (thread_index() >= kTilePositions) return;
        const std::int32_t i = begin + static_cast<std::int32_t>(thread_index());
        const std::int32_t position = run.position(i < count ? i : count - 1);
        const Global<std::byte* const> table{cache.table + run.sequence * cache.table_stride};
        const std::int64_t to = place(begin, static_cast<std::int32_t>(thread_index()));
        blocks[to] = table[position >> cache.block_shift] + cache.layer_offset;
        within[to] = static_cast<std::int32_t>(kv_within(cache, position));
    }
    static HONE_DEVICE std::int64_t place(std::int32_t begin, std::int32_t position) {
        return begin / kTilePositions % 2 * kTilePositions + position;
    }
};

// A tile's keys and values into shared memory, zeros past the last position and the last channel.
// So many loads are under way at once as 32 registers hold: one after the other each would wait for
// memory by itself.
template <KvPlane type, int kDim>
HONE_DEVICE void load_tile(const KvBlocksView& cache, const TilePlaces& places, std::int64_t head,
                           std::int32_t begin, std::int32_t count, Shared<BF16> keys,
                           Shared<BF16> values) {
    constexpr int kPieces = kDim / kPiece, kThreads = kAttentionTileWarps * static_cast<int>(kWarp),
                  kEach = kTilePositions * kPieces / kThreads, kRegisters = 32,
                  kFit = kRegisters / RawKv<type>::kWords,
                  kTogether = kFit < 2 * kEach ? kFit : 2 * kEach;
    static_assert(2 * kEach % kTogether == 0);
    static_assert(kThreads % kPieces == 0, "a thread's pieces are of the same channels");
    const auto dim = static_cast<std::int32_t>(cache.head_dim);
    const auto position_of = [](int i) {
        return (static_cast<std::int32_t>(thread_index()) + i % kEach * kThreads) / kPieces;
    };
    const auto piece = static_cast<std::int32_t>(thread_index()) % kPieces;
    HONE_UNROLL
    for (int first = 0; first < 2 * kEach; first += kTogether) {
        RawKv<type> raw[kTogether];
        HONE_UNROLL
        for (int i = 0; i < kTogether; ++i) {
            const std::int64_t at = TilePlaces::place(begin, position_of(first + i));
            raw[i] = load_kv<type>(cache, places.blocks[at], first + i >= kEach, head,
                                   places.within[at], piece * kPiece < dim ? piece * kPiece : 0);
        }
        HONE_UNROLL
        for (int i = 0; i < kTogether; ++i) {
            const std::int32_t position = position_of(first + i);
            const bool there = begin + position < count && piece * kPiece < dim;
            const U32x4 converted = there ? kv_piece(raw[i]) : U32x4{0, 0, 0, 0};
            store(first + i < kEach ? keys : values, piece_place<kPieces>(position, piece),
                  converted);
        }
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

constexpr int kTileFragments = kTilePositions / 8;  // of scores: 8 positions each

HONE_DEVICE std::int32_t lane_of_four() {
    return static_cast<std::int32_t>(lane_index()) % 4;
}

// The lane's two queries in the run that begins with row `first`, of the tile that begins with row
// `tile_begin`.
HONE_DEVICE void find_queries(const AttentionParams& p, const TileRun& run, std::int32_t first,
                              std::int32_t tile_begin, std::int32_t tile_rows,
                              TileQuery (&query)[2]) {
    const auto kv_head = static_cast<std::int64_t>(block_index().y);
    const auto group = static_cast<std::int32_t>(p.n_heads / p.cache.n_kv_heads);
    const std::int32_t g = static_cast<std::int32_t>(lane_index()) / 4;
    HONE_UNROLL
    for (int half = 0; half < 2; ++half) {
        const auto pair = static_cast<std::int32_t>(warp_index()) * 16 + g + 8 * half;
        const std::int32_t row = tile_begin + pair / group;
        TileQuery& it = query[half];
        it.row = row, it.head = kv_head * group + pair % group;
        it.here = pair < tile_rows * group && row >= first && row < run.rows_end;
        if (!it.here) continue;
        const AttendedRow attended = Global<const AttendedRow>{p.rows_of}[row];
        it.sinks = attended.sinks, it.begin = attended.begin, it.end = attended.end;
    }
}

// The queries' channels as mma_bf16's first operand, times `scale`.
template <int kSteps>
HONE_DEVICE void load_queries(const AttentionParams& p, const TileQuery (&query)[2], float scale,
                              std::uint32_t (&queries)[kSteps][4]) {
    const Global<const float> q{p.q};
    const auto dim = static_cast<std::int32_t>(p.cache.head_dim);
    HONE_UNROLL
    for (int k = 0; k < kSteps; ++k) {
        HONE_UNROLL
        for (int part = 0; part < 4; ++part) {
            const TileQuery& it = query[part % 2];
            const std::int32_t channel = 16 * k + 2 * lane_of_four() + 8 * (part / 2);
            F32x2 two{0, 0};
            if (it.here && channel < dim)
                two = load<F32x2>(q, (it.row * p.n_heads + it.head) * dim + channel);
            queries[k][part] = pack_bf16(two.x * scale, two.y * scale);
        }
    }
}

template <int kDim>
HONE_DEVICE void score_tile(const std::uint32_t (&queries)[kDim / 16][4], Shared<BF16> keys,
                            float (&scores)[kTileFragments][4]) {
    const std::int64_t lane = lane_index();
    HONE_UNROLL
    for (int k = 0; k < kDim / 16; ++k) {
        HONE_UNROLL
        for (int n = 0; n < kTileFragments; n += 2) {  // two of 8 positions
            std::uint32_t b[4];
            load_matrices(b, keys,
                          piece_place<kDim / kPiece>(8 * n + (lane & 7) + (lane >> 4 << 3),
                                                     2 * k + (lane >> 3 & 1)));
            const std::uint32_t low[2] = {b[0], b[1]}, high[2] = {b[2], b[3]};
            mma_bf16(scores[n], queries[k], low);
            mma_bf16(scores[n + 1], queries[k], high);
        }
    }
}

// −∞ for the tile's positions that a query does not attend.
HONE_DEVICE void hide_unseen(const TileRun& run, const TileQuery (&query)[2], std::int32_t begin,
                             std::int32_t count, float (&scores)[kTileFragments][4]) {
    // Positions that every row of the run attends need no look, as long as they follow one another.
    const std::int32_t from = run.position(begin),
                       past = begin + kTilePositions <= count ? from + kTilePositions : -1;
    if (past >= 0 && begin >= run.sinks && from >= run.shared_begin && past <= run.shared_end)
        return;
    HONE_UNROLL
    for (int n = 0; n < kTileFragments; ++n) {
        HONE_UNROLL
        for (int i = 0; i < 4; ++i) {
            const std::int32_t which = begin + 8 * n + 2 * lane_of_four() + i % 2;
            if (which >= count || !query[i / 2].sees(run.position(which))) scores[n][i] = -INFINITY;
        }
    }
}

// What the lane adds up of its two queries: the softmax's running maxima and sums, and channels of
// the weighted values.
template <int kDim>
struct TileSums {
    float sums[kDim / 8][4] = {}, largest[2] = {-INFINITY, -INFINITY}, weight[2] = {};
};

// Scores become weights beside the largest score so far, and what was added up before is brought to
// it.
template <int kDim>
HONE_DEVICE void weigh_tile(TileSums<kDim>& of, float (&scores)[kTileFragments][4]) {
    HONE_UNROLL
    for (int half = 0; half < 2; ++half) {
        float top = of.largest[half];
        HONE_UNROLL
        for (int n = 0; n < kTileFragments; ++n)
            top = fmaxf(top, fmaxf(scores[n][2 * half], scores[n][2 * half + 1]));
        top = fmaxf(top, shuffle_xor(top, 1));
        top = fmaxf(top, shuffle_xor(top, 2));
        const float base = top == -INFINITY ? 0.0F : top;  // nothing attended yet
        const float rescale = exp2f(of.largest[half] - base);
        of.largest[half] = top;
        of.weight[half] *= rescale;
        HONE_UNROLL
        for (int n = 0; n < kTileFragments; ++n) {
            HONE_UNROLL
            for (int i = 2 * half; i < 2 * half + 2; ++i) {
                scores[n][i] = exp2f(scores[n][i] - base);
                of.weight[half] += scores[n][i];  // of the lane's columns
            }
        }
        HONE_UNROLL
        for (int n = 0; n < kDim / 8; ++n)
            of.sums[n][2 * half] *= rescale, of.sums[n][2 * half + 1] *= rescale;
    }
}

template <int kDim>
HONE_DEVICE void add_values(TileSums<kDim>& of, const float (&weights)[kTileFragments][4],
                            Shared<BF16> values) {
    const std::int64_t lane = lane_index();
    HONE_UNROLL
    for (int k = 0; k < kTilePositions / 16; ++k) {
        const std::uint32_t a[4] = {pack_bf16(weights[2 * k][0], weights[2 * k][1]),
                                    pack_bf16(weights[2 * k][2], weights[2 * k][3]),
                                    pack_bf16(weights[2 * k + 1][0], weights[2 * k + 1][1]),
                                    pack_bf16(weights[2 * k + 1][2], weights[2 * k + 1][3])};
        HONE_UNROLL
        for (int n = 0; n < kDim / 8; n += 2) {  // two of 8 channels
            std::uint32_t b[4];
            load_matrices_transposed(
                b, values, piece_place<kDim / kPiece>(16 * k + (lane & 15), n + (lane >> 4)));
            const std::uint32_t low[2] = {b[0], b[1]}, high[2] = {b[2], b[3]};
            mma_bf16(of.sums[n], a, low);
            mma_bf16(of.sums[n + 1], a, high);
        }
    }
}

template <int kDim>
HONE_DEVICE void write_queries(const AttentionParams& p, const TileQuery (&query)[2],
                               const TileSums<kDim>& of) {
    const Global<float> out{p.out};
    const auto dim = static_cast<std::int32_t>(p.cache.head_dim);
    HONE_UNROLL
    for (int half = 0; half < 2; ++half) {
        float whole = of.weight[half] + shuffle_xor(of.weight[half], 1);
        whole += shuffle_xor(whole, 2);
        const TileQuery& it = query[half];
        if (!it.here) continue;
        const float inverse = 1.0F / whole;
        HONE_UNROLL
        for (int n = 0; n < kDim / 8; ++n) {
            const std::int32_t channel = 8 * n + 2 * lane_of_four();
            if (channel >= dim) continue;
            store(out, (it.row * p.n_heads + it.head) * dim + channel,
                  F32x2{of.sums[n][2 * half] * inverse, of.sums[n][2 * half + 1] * inverse});
        }
    }
}

template <KvPlane type, int kDim>
HONE_DEVICE void attention_tiles_kernel(const AttentionParams& p) {
    const KvBlocksView& cache = p.cache;
    const auto kv_head = static_cast<std::int64_t>(block_index().y);
    const auto tile_rows =
        static_cast<std::int32_t>(attention_tile_rows(p.n_heads, cache.n_kv_heads));
    // The last rows of a prompt attend most: they come first, so that the device is not left with
    // few long blocks.
    const auto tile = static_cast<std::int32_t>(grid_size().x - 1 - block_index().x);
    const std::int32_t tile_begin = tile * tile_rows;
    const std::int32_t tile_end = tile_begin + tile_rows < p.rows
                                      ? tile_begin + tile_rows
                                      : static_cast<std::int32_t>(p.rows);
    const Shared<BF16> keys = dynamic_shared<BF16>(0, std::int64_t{kTilePositions} * kDim);
    const Shared<BF16> values = dynamic_shared<BF16>(sizeof(BF16) * kTilePositions * kDim,
                                                     std::int64_t{kTilePositions} * kDim);
    HONE_SHARED(const std::byte*, blocks, 2 * kTilePositions);
    HONE_SHARED(std::int32_t, within, 2 * kTilePositions);
    const TilePlaces places{blocks, within};
    const float scale = p.scale * 1.4426950408889634F;  // log2(e): exponentials are powers of two

    for (std::int32_t first = tile_begin; first < tile_end;) {
        const TileRun run = run_of(p, first, tile_end);
        TileQuery query[2];
        find_queries(p, run, first, tile_begin, tile_rows, query);
        std::uint32_t queries[kDim / 16][4];
        load_queries(p, query, scale, queries);
        TileSums<kDim> sums;
        const std::int32_t count = run.positions();
        places.look_up(cache, run, 0, count);
        for (std::int32_t begin = 0; begin < count; begin += kTilePositions) {
            sync_block();  // the last tile has been used, and this one's places are known
            load_tile<type, kDim>(cache, places, kv_head, begin, count, keys, values);
            if (begin + kTilePositions < count)
                places.look_up(cache, run, begin + kTilePositions, count);
            sync_block();
            float scores[kTileFragments][4] = {};
            score_tile<kDim>(queries, keys, scores);
            hide_unseen(run, query, begin, count, scores);
            weigh_tile(sums, scores);
            add_values(sums, scores, values);
        }
        write_queries(p, query, sums);
        first = run.rows_end;
    }
}

}  // namespace hone::cuda
