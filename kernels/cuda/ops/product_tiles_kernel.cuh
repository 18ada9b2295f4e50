// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <type_traits>

#include "kernels/cuda/ops/chunk.cuh"
#include "kernels/cuda/ops/product_tiles.h"
#include "kernels/cuda/ops/tile_memory.cuh"

namespace hone::cuda {

// A step's weights on their way from device memory into a tile of bf16: asked for while the last
// step is multiplied, stored when it has been.
template <PlaneType type>
class DenseWeights {
public:
    static constexpr int kPieces = kTileColumns / kPiece;
    static constexpr std::int64_t kStepValues = std::int64_t{kTileRows} * kPieces * kPiece;

    HONE_DEVICE DenseWeights(const Matrix& matrix, Shared<BF16> values, Shared<std::uint8_t>)
        : matrix_(matrix),
          affines_(planes_of(matrix)),
          values_(values),
          zero_(zero_of(matrix)),
          has_minima_(matrix.minima != nullptr) {}

    // Rows and chunks past the end are the last one again: x is zero there, and y is not stored.
    HONE_DEVICE void ask(int, std::int64_t first_row, std::int64_t step) {
        const std::int64_t chunks = matrix_.cols / kChunk;
        HONE_UNROLL
        for (int i = 0; i < kEach; ++i) {
            const std::int64_t at = thread_index() + static_cast<std::int64_t>(i) * block_threads();
            const std::int64_t row = first_row + at / kPieces,
                               chunk = step * kPieces + at % kPieces;
            const std::int64_t from = row < matrix_.rows ? row : matrix_.rows - 1,
                               which = chunk < chunks ? chunk : chunks - 1;
            raw_[i] = load_raw<type>(matrix_, from, which);
            if constexpr (has_scales(type))
                affine_[i] = affines_.template raw<kMinima>(from, which);
        }
    }

    HONE_DEVICE void store_to(int buffer) {
        HONE_UNROLL
        for (int i = 0; i < kEach; ++i) {
            const std::int64_t at = thread_index() + static_cast<std::int64_t>(i) * block_threads();
            float w[kChunk];
            expand_raw(raw_[i], zero_, w);
            if constexpr (has_scales(type)) {
                const float scale = affine_[i].scale();
                float minimum = 0;
                if constexpr (kMinima) minimum = has_minima_ ? affine_[i].minimum() : 0.0F;
                for (float& value : w) value = scale * value + minimum;
            }
            store(values_, buffer * kStepValues + piece_place<kPieces>(at / kPieces, at % kPieces),
                  U32x4{pack_bf16(w[0], w[1]), pack_bf16(w[2], w[3]), pack_bf16(w[4], w[5]),
                        pack_bf16(w[6], w[7])});
        }
    }

private:
    static constexpr int kEach = kTileRows * kPieces / (kTileWarps * static_cast<int>(kWarp));
    static constexpr bool kMinima = plane_info(type).minima;  // which may have some
    // Where there are none, what is loaded in their place is left alone: a branch would hold up the
    // loads behind it.
    static HONE_DEVICE AffinePlanes<type> planes_of(const Matrix& matrix) {
        AffinePlanes<type> planes(matrix);
        if (planes.minima.data == nullptr) planes.minima = planes.scales;
        if (planes.sub_minima.data == nullptr) planes.sub_minima = planes.sub_scales;
        return planes;
    }

    const Matrix& matrix_;
    const AffinePlanes<type> affines_;
    const Shared<BF16> values_;
    const float zero_;
    const bool has_minima_;
    RawChunk<type> raw_[kEach];
    typename AffinePlanes<type>::template Raw<kMinima> affine_[kEach];
};

// The same of 2:4 weights: a piece is what two chunks store. The columns are whole steps.
template <PlaneType type>
class SparseWeights {
public:
    static constexpr int kPieces = kTileColumns / 2 / kPiece;
    static constexpr std::int64_t kStepValues = std::int64_t{kTileRows} * kPieces * kPiece;
    static constexpr std::int64_t kPlaces = kTileColumns / kChunk;  // bytes a row

    HONE_DEVICE SparseWeights(const Matrix& matrix, Shared<BF16> values,
                              Shared<std::uint8_t> places)
        : matrix_(matrix), values_(values), places_(places) {}

    HONE_DEVICE void ask(int buffer, std::int64_t first_row, std::int64_t step) {
        const Global<const std::uint16_t> values{static_cast<const std::uint16_t*>(matrix_.values)};
        HONE_UNROLL
        for (int i = 0; i < kEach; ++i) {
            const std::int64_t at = thread_index() + static_cast<std::int64_t>(i) * block_threads();
            const std::int64_t from = row_at(first_row + at / kPieces) * (matrix_.cols / 2) +
                                      (step * kPieces + at % kPieces) * kPiece;
            if constexpr (type == PlaneType::bf16_2of4)
                copy_async<16>(
                    values_,
                    buffer * kStepValues + piece_place<kPieces>(at / kPieces, at % kPieces), values,
                    from);
            else
                raw_[i] = load_once<U32x4>(values, from);
        }
        if (thread_index() >= kTileRows) return;
        const Global<const std::uint8_t> places{matrix_.places};
        copy_async<8>(
            places_, (buffer * kTileRows + static_cast<std::int64_t>(thread_index())) * kPlaces,
            places, row_at(first_row + thread_index()) * (matrix_.cols / kChunk) + step * kPlaces);
    }

    HONE_DEVICE void store_to(int buffer) {
        if constexpr (type == PlaneType::f16_2of4) {
            HONE_UNROLL
            for (int i = 0; i < kEach; ++i) {
                const std::int64_t at =
                    thread_index() + static_cast<std::int64_t>(i) * block_threads();
                store(values_,
                      buffer * kStepValues + piece_place<kPieces>(at / kPieces, at % kPieces),
                      U32x4{converted(raw_[i].x), converted(raw_[i].y), converted(raw_[i].z),
                            converted(raw_[i].w)});
            }
        }
    }

private:
    HONE_DEVICE std::int64_t row_at(std::int64_t row) const {
        return row < matrix_.rows ? row : matrix_.rows - 1;
    }
    static HONE_DEVICE std::uint32_t converted(std::uint32_t halves) {
        return pack_bf16(to_float_fast(F16{static_cast<std::uint16_t>(halves)}),
                         to_float_fast(F16{static_cast<std::uint16_t>(halves >> 16)}));
    }

    static constexpr int kEach = kTileRows * kPieces / (kTileWarps * static_cast<int>(kWarp));
    const Matrix& matrix_;
    const Shared<BF16> values_;
    const Shared<std::uint8_t> places_;
    U32x4 raw_[kEach];
};

// x's tile of a step into shared memory; zero past the last column.
template <int kTokens>
HONE_DEVICE void copy_inputs(const ProductTilesParams& p, Shared<BF16> tile,
                             std::int64_t first_token, std::int64_t step) {
    constexpr int kPieces = kTileColumns / kPiece,
                  kEach = kTokens * kPieces / (kTileWarps * static_cast<int>(kWarp));
    const Global<const BF16> x{p.x};
    const std::int64_t cols = p.weights.cols;
    HONE_UNROLL
    for (int i = 0; i < kEach; ++i) {
        const std::int64_t at = thread_index() + static_cast<std::int64_t>(i) * block_threads();
        const std::int64_t token = first_token + at / kPieces,
                           col = step * kTileColumns + at % kPieces * kPiece;
        const std::int64_t to = piece_place<kPieces>(at / kPieces, at % kPieces);
        if (col < cols)
            copy_async<16>(tile, to, x, (token < p.tokens ? token : p.tokens - 1) * cols + col);
        else
            store(tile, to, U32x4{0, 0, 0, 0});
    }
}

inline constexpr int kRowWarps = 4,
                     kTokenWarps = kTileWarps / kRowWarps;  // how a tile is shared by the warps
inline constexpr int kRowFragments = kTileRows / kRowWarps / 16;

// sums += a step's tiles; `row`, `token`: of the warp's part.
template <int kFragments>
HONE_DEVICE void multiply_dense_step(Shared<BF16> w, Shared<BF16> x, std::int64_t row,
                                     std::int64_t token,
                                     float (&sums)[kRowFragments][kFragments][4]) {
    constexpr int kPieces = kTileColumns / kPiece;
    const std::int64_t lane = lane_index();
    HONE_UNROLL
    for (int k = 0; k < kPieces; k += 2) {  // 16 columns
        std::uint32_t a[kRowFragments][4], b[4];
        HONE_UNROLL
        for (int m = 0; m < kRowFragments; ++m)
            load_matrices(a[m], w,
                          piece_place<kPieces>(row + 16 * m + (lane & 15), k + (lane >> 4)));
        HONE_UNROLL
        for (int n = 0; n < kFragments; n += 2) {  // two of 8 tokens
            load_matrices(b, x,
                          piece_place<kPieces>(token + 8 * n + (lane & 7) + (lane >> 4 << 3),
                                               k + (lane >> 3 & 1)));
            const std::uint32_t low[2] = {b[0], b[1]}, high[2] = {b[2], b[3]};
            HONE_UNROLL
            for (int m = 0; m < kRowFragments; ++m) {
                mma_bf16(sums[m][n], a[m], low);
                mma_bf16(sums[m][n + 1], a[m], high);
            }
        }
    }
}

template <int kFragments>
HONE_DEVICE void multiply_sparse_step(Shared<BF16> w, Shared<std::uint8_t> places, Shared<BF16> x,
                                      std::int64_t row, std::int64_t token,
                                      float (&sums)[kRowFragments][kFragments][4]) {
    constexpr int kStored = kTileColumns / 2 / kPiece, kPieces = kTileColumns / kPiece;
    constexpr std::int64_t kPlaces = kTileColumns / kChunk;
    const std::int64_t lane = lane_index();
    HONE_UNROLL
    for (int k = 0; k < kStored; k += 2) {  // 32 columns, of which 16 are stored
        std::uint32_t a[kRowFragments][4], where[kRowFragments], b[4];
        HONE_UNROLL
        for (int m = 0; m < kRowFragments; ++m) {
            load_matrices(a[m], w,
                          piece_place<kStored>(row + 16 * m + (lane & 15), k + (lane >> 4)));
            const std::int64_t upper = (row + 16 * m + lane / 4) * kPlaces + 2 * k + 2 * (lane & 1);
            where[m] = load<std::uint16_t>(places, upper) |
                       static_cast<std::uint32_t>(load<std::uint16_t>(places, upper + 8 * kPlaces))
                           << 16;
        }
        HONE_UNROLL
        for (int n = 0; n < kFragments; ++n) {
            load_matrices(b, x,
                          piece_place<kPieces>(token + 8 * n + (lane & 7), 2 * k + (lane >> 3)));
            HONE_UNROLL
            for (int m = 0; m < kRowFragments; ++m) mma_sparse_bf16(sums[m][n], a[m], b, where[m]);
        }
    }
}

template <PlaneType type, int kTokens>
HONE_DEVICE void product_tiles_kernel(const ProductTilesParams& p) {
    constexpr bool kSparse = is_two_of_four(type);
    using Weights = std::conditional_t<kSparse, SparseWeights<type>, DenseWeights<type>>;
    constexpr std::int64_t kInputs = std::int64_t{kTokens} * kTileColumns;
    constexpr int kFragments = kTokens / kTokenWarps / 8;
    const std::int64_t first_token = static_cast<std::int64_t>(block_index().x) * kTokens,
                       first_row = static_cast<std::int64_t>(block_index().y) * kTileRows;
    const Shared<BF16> x = dynamic_shared<BF16>(0, 2 * kInputs);
    const Shared<BF16> w =
        dynamic_shared<BF16>(2 * kInputs * sizeof(BF16), 2 * Weights::kStepValues);
    const Shared<std::uint8_t> places =
        dynamic_shared<std::uint8_t>(2 * (kInputs + Weights::kStepValues) * sizeof(BF16),
                                     kSparse ? 2 * kTileRows * kTileColumns / kChunk : 0);
    const std::int64_t row = static_cast<std::int64_t>(warp_index() % kRowWarps) *
                             (kTileRows / kRowWarps),
                       token = static_cast<std::int64_t>(warp_index() / kRowWarps) *
                               (kTokens / kTokenWarps);
    const std::int64_t steps = ceil_div<std::int64_t>(p.weights.cols, kTileColumns);

    Weights weights(p.weights, w, places);
    float sums[kRowFragments][kFragments][4] = {};
    weights.ask(0, first_row, 0);
    copy_inputs<kTokens>(p, x, first_token, 0);
    commit_async();
    weights.store_to(0);
    wait_async<0>();
    sync_block();
    for (std::int64_t step = 0; step < steps; ++step) {
        const int now = static_cast<int>(step % 2), next = 1 - now;
        if (step + 1 < steps) {
            weights.ask(next, first_row, step + 1);
            copy_inputs<kTokens>(p, x + next * kInputs, first_token, step + 1);
            commit_async();
        }
        if constexpr (kSparse)
            multiply_sparse_step(w + now * Weights::kStepValues,
                                 places + now * (kTileRows * Weights::kPlaces), x + now * kInputs,
                                 row, token, sums);
        else
            multiply_dense_step(w + now * Weights::kStepValues, x + now * kInputs, row, token,
                                sums);
        if (step + 1 < steps) weights.store_to(next);
        wait_async<0>();
        sync_block();
    }

    const Global<float> y{p.y};
    const std::int64_t g = lane_index() / 4, t = lane_index() % 4;
    HONE_UNROLL
    for (int m = 0; m < kRowFragments; ++m) {
        HONE_UNROLL
        for (int n = 0; n < kFragments; ++n) {
            for (int i = 0; i < 4; ++i) {
                const std::int64_t of = first_row + row + 16 * m + g + 8 * (i / 2),
                                   to = first_token + token + 8 * n + 2 * t + i % 2;
                if (of >= p.weights.rows || to >= p.tokens) continue;
                const std::int64_t at = to * p.y_stride + of;
                y[at] = p.accumulate ? y[at] + sums[m][n][i] : sums[m][n][i];
            }
        }
    }
}

}  // namespace hone::cuda
