// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/ops/matrix.h"

namespace hone::cuda {

struct ProductPart {
    Matrix weights;
    float* y = nullptr;  // [tokens, y_stride]
    std::int64_t y_stride = 0;
};

// y[token, row] = x[token, ·] · W[row, ·] for few tokens: bound by reading the weights once. fp32
// throughout. One launch takes up to kProductParts matrices of one type and width.
inline constexpr int kProductParts = 3;
struct ProductParams {
    ProductPart parts[kProductParts];
    int count;       // of parts
    const float* x;  // [tokens, cols]
    std::int64_t tokens;
    enum class Into : std::uint8_t {
        store,
        add,  // to what y holds
        // Two matrices alike, minima included: the first's y = silu(x · W₀) · (x · W₁) (SwiGLU,
        // arXiv 2002.05202).
        gated
    } into = Into::store;
};

inline constexpr int kProductWarps = 8;  // a block
inline constexpr int kProductRows =
    2;  // a warp: two streams of weights, and x is read half as often
inline constexpr int kProductTokens = 8;  // at most

// Blocks of a part; a warp's rows of a gated one are one of each matrix.
HONE_BOTH std::int64_t product_blocks(const ProductParams& p, const ProductPart& part) {
    const int rows = p.into == ProductParams::Into::gated ? 1 : kProductRows;
    return ceil_div<std::int64_t>(part.weights.rows, std::int64_t{kProductWarps} * rows);
}

// A block holds so many columns of x at a time in shared memory: 64 KB, so that two blocks fit a
// multiprocessor whatever the matrix's width. A whole number of the steps that a warp takes, of
// whichever type.
HONE_BOTH constexpr std::int64_t product_panel(std::int64_t tokens) {
    constexpr std::int64_t kFloats = 16384;
    return kFloats / tokens;
}

inline Launch product_launch(const ProductParams& p) {
    std::int64_t blocks = product_blocks(p, p.parts[0]);
    if (p.into != ProductParams::Into::gated)
        for (int i = 1; i < p.count; ++i) blocks += product_blocks(p, p.parts[i]);
    const std::int64_t cols = p.parts[0].weights.cols, panel = product_panel(p.tokens);
    return {{static_cast<std::uint32_t>(blocks)},
            kProductWarps * kWarp,
            static_cast<std::uint32_t>(p.tokens * (cols < panel ? cols : panel) *
                                       static_cast<std::int64_t>(sizeof(float)))};
}

// How many of so many tokens a product takes at once.
inline int product_tokens(std::int64_t tokens) {
    for (const int wanted : {kProductTokens, 4, 2})
        if (wanted <= tokens) return wanted;
    return 1;
}

// A panel of W as one dense type: what matrix products of many tokens take.
template <typename To>
struct ExpandParams {
    Matrix weights;
    std::int64_t first_row, rows;
    To* out;  // [rows, cols]
};

template <typename To>
Launch expand_launch(const ExpandParams<To>& p) {
    constexpr std::uint32_t kThreads = 256;
    return {{static_cast<std::uint32_t>(
                ceil_div<std::int64_t>(p.rows * p.weights.cols / kChunk, kThreads))},
            kThreads};
}

// Each row of x in one byte a value: scale = largest magnitude / 127 in int8, / 448 in E4M3 (0 for
// a row of zeros), q = round(x / scale), ties to even.
struct QuantizeParams {
    const float* x;  // [rows, n]
    void* q;         // [rows, n] int8 or E4M3
    float* scales;   // [rows]
    std::int64_t rows, n;
};

inline Launch quantize_launch(const QuantizeParams& p) {
    return {{static_cast<std::uint32_t>(p.rows)}, 256};
}

// x as another type: what a product in reduced arithmetic takes.
template <typename To>
struct ConvertParams {
    const float* x;
    To* out;
    std::int64_t count;
};

template <typename To>
Launch convert_launch(const ConvertParams<To>& p) {
    constexpr std::uint32_t kThreads = 256;
    return {{static_cast<std::uint32_t>(ceil_div<std::int64_t>(p.count, kThreads))}, kThreads};
}

// y[token, row] = sums[token, row] · x_scales[token] · w_scales[row]: the sums of a product in int8
// or E4M3 as numbers.
struct RescaleParams {
    const void* sums;       // [tokens, rows]: int32 of int8, fp32 of E4M3
    const float* x_scales;  // [tokens]
    const F16* w_scales;    // [rows]
    float* y;               // [tokens, y_stride]
    std::int64_t tokens, rows, y_stride;
    bool accumulate = false;  // add to what y holds
};

inline Launch rescale_launch(const RescaleParams& p) {
    constexpr std::uint32_t kThreads = 256;
    return {{static_cast<std::uint32_t>(ceil_div<std::int64_t>(p.tokens * p.rows, kThreads))},
            kThreads};
}

// Random weights where they lie, for models without files: near normal with `deviation` in the
// type's own units (int4: all 16 values alike).
struct FillParams {
    void* values;
    std::int64_t chunks;
    std::uint64_t seed;
    float deviation;
};

// Every scale or minimum of a plane the same.
struct FillHalvesParams {
    F16* values;
    std::int64_t count;
    float value;
};

}  // namespace hone::cuda
