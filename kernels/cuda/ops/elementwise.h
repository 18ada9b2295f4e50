// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/ops/matrix.h"

namespace hone::cuda {

// x[row] = row tokens[row] of the embedding matrix.
struct EmbedParams {
    Matrix embedding;
    const std::int32_t* tokens;  // [rows]
    float* x;                    // [rows, cols]
    std::int64_t rows;
};

inline Launch embed_launch(const EmbedParams& p) {
    return {{static_cast<std::uint32_t>(p.rows)}, 128};
}

// y = x / rms(x) · weight (RMSNorm, arXiv 1910.07467).
struct NormParams {
    const float* x;       // [rows, n]
    const float* weight;  // [n]
    float* y;             // [rows, n]; may be x
    std::int64_t rows, n;
    float epsilon;
};

inline Launch norm_launch(const NormParams& p) {
    const std::int64_t threads = ceil_div<std::int64_t>(p.n, std::int64_t{4} * kWarp) * kWarp;
    return {{static_cast<std::uint32_t>(p.rows)},
            static_cast<std::uint32_t>(threads > 1024 ? 1024 : threads)};
}

// Rotary embedding (arXiv 2104.09864), in place: pair i of a head turns by position ·
// frequencies[i]. A pair is the neighbours 2i and 2i + 1, or i and i + rotary_dim/2 of the halves.
struct RopeParams {
    float* q;                       // [rows, n_heads, head_dim]
    float* k;                       // [rows, n_kv_heads, head_dim]
    const std::int32_t* positions;  // [rows]
    const float* frequencies;       // [rotary_dim / 2]
    std::int64_t rows, n_heads, n_kv_heads, head_dim, rotary_dim;
    std::int32_t halves;  // 0: neighbours
};

inline Launch rope_launch(const RopeParams& p) {
    constexpr std::uint32_t kThreads = 256;
    return {{static_cast<std::uint32_t>(ceil_div<std::int64_t>(
                p.rows * (p.n_heads + p.n_kv_heads) * p.rotary_dim / 2, kThreads))},
            kThreads};
}

// gate = silu(gate) · up (SwiGLU, arXiv 2002.05202).
struct GateParams {
    float* gate;
    const float* up;
    std::int64_t count;
};

struct AddParams {
    float* y;
    const float* x;
    std::int64_t count;
};

// y[row] += bias.
struct BiasParams {
    float* y;           // [count / n, n]
    const float* bias;  // [n]
    std::int64_t count, n;
};

// to[i] = from[rows_of[i]]: the rows whose logits are wanted.
struct GatherParams {
    const float* from;         // [·, n]
    const std::int32_t* rows;  // [count]
    float* to;                 // [count, n], elsewhere
    std::int64_t count, n;
};

inline Launch gather_launch(const GatherParams& p) {
    return {{static_cast<std::uint32_t>(p.count)}, 256};
}

// bad[row] = 1 where a value of the row is not finite, else 0.
struct FiniteParams {
    const float* x;  // [rows, n]
    std::int32_t* bad;
    std::int64_t rows, n;
};

inline Launch finite_launch(const FiniteParams& p) {
    return {{static_cast<std::uint32_t>(p.rows)}, 256};
}

}  // namespace hone::cuda
