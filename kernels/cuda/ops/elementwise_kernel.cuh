// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/ops/chunk.cuh"
#include "kernels/cuda/ops/elementwise.h"

namespace hone::cuda {

template <PlaneType type>
HONE_DEVICE void embed_kernel(const EmbedParams& p) {
    const std::int64_t row = block_index().x, chunks = p.embedding.cols / kChunk;
    const Global<const std::int32_t> tokens{p.tokens};
    const Global<float> x{p.x + row * p.embedding.cols};
    const AffinePlanes<type> affines(p.embedding);
    const std::int64_t from = tokens[row];
    for (std::int64_t chunk = thread_index(); chunk < chunks; chunk += block_threads()) {
        float w[kChunk];
        load_chunk<type>(p.embedding, from, chunk, w);
        const Affine affine = affines.of(from, chunk);
        for (float& value : w) value = affine.scale * value + affine.minimum;
        store_chunk(x, chunk * kChunk, w);
    }
}

HONE_DEVICE void norm_kernel(const NormParams& p) {
    const std::int64_t row = block_index().x;
    const Global<const float> x{p.x + row * p.n}, weight{p.weight};
    const Global<float> y{p.y + row * p.n};
    HONE_SHARED(float, scratch, kWarp);
    float sum = 0;
    for (std::int64_t i = thread_index(); i < p.n; i += block_threads()) {
        const float value = x[i];
        sum += value * value;
    }
    sum = block_reduce(sum, 0.0F, scratch, [](float value) { return warp_sum(value); });
    const float scale = 1.0F / sqrtf(sum / static_cast<float>(p.n) + p.epsilon);
    for (std::int64_t i = thread_index(); i < p.n; i += block_threads())
        y[i] = x[i] * scale * weight[i];
}

HONE_DEVICE void rope_kernel(const RopeParams& p) {
    const std::int64_t pairs = p.rotary_dim / 2, heads = p.n_heads + p.n_kv_heads;
    const std::int64_t at =
        static_cast<std::int64_t>(block_index().x) * block_threads() + thread_index();
    if (at >= p.rows * heads * pairs) return;
    const std::int64_t pair = at % pairs, head = at / pairs % heads, row = at / pairs / heads;
    const Global<const std::int32_t> positions{p.positions};
    const Global<const float> frequencies{p.frequencies};
    float* const from = head < p.n_heads
                            ? p.q + (row * p.n_heads + head) * p.head_dim
                            : p.k + (row * p.n_kv_heads + head - p.n_heads) * p.head_dim;
    const Global<float> x{from + (p.halves != 0 ? pair : 2 * pair)};
    const std::int64_t other = p.halves != 0 ? pairs : 1;
    const float angle = static_cast<float>(positions[row]) * frequencies[pair];
    const float c = cosf(angle), s = sinf(angle), first = x[0], second = x[other];
    x[0] = first * c - second * s;
    x[other] = first * s + second * c;
}

HONE_DEVICE float silu(float value) {
    return value / (1.0F + expf(-value));
}

HONE_DEVICE void gate_kernel(const GateParams& p) {
    const std::int64_t i =
        static_cast<std::int64_t>(block_index().x) * block_threads() + thread_index();
    if (i >= p.count) return;
    const Global<float> gate{p.gate};
    const Global<const float> up{p.up};
    gate[i] = silu(gate[i]) * up[i];
}

HONE_DEVICE void add_kernel(const AddParams& p) {
    const std::int64_t i =
        static_cast<std::int64_t>(block_index().x) * block_threads() + thread_index();
    if (i >= p.count) return;
    const Global<float> y{p.y};
    const Global<const float> x{p.x};
    y[i] += x[i];
}

HONE_DEVICE void bias_kernel(const BiasParams& p) {
    const std::int64_t i =
        static_cast<std::int64_t>(block_index().x) * block_threads() + thread_index();
    if (i >= p.count) return;
    const Global<float> y{p.y};
    const Global<const float> bias{p.bias};
    y[i] += bias[i % p.n];
}

HONE_DEVICE void gather_kernel(const GatherParams& p) {
    const Global<const std::int32_t> rows{p.rows};
    const std::int64_t to_row = block_index().x;
    const Global<const float> from{p.from + rows[to_row] * p.n};
    const Global<float> to{p.to + to_row * p.n};
    for (std::int64_t i = thread_index(); i < p.n; i += block_threads()) to[i] = from[i];
}

HONE_DEVICE void finite_kernel(const FiniteParams& p) {
    const std::int64_t row = block_index().x;
    const Global<const float> x{p.x + row * p.n};
    HONE_SHARED(float, scratch, kWarp);
    float found = 0;
    for (std::int64_t i = thread_index(); i < p.n; i += block_threads()) {
        // NaN and infinities alone have an exponent of ones: no comparison that a compiler could
        // reason away.
        if ((bits_as<std::uint32_t>(static_cast<float>(x[i])) & 0x7F800000U) == 0x7F800000U)
            found = 1;
    }
    found = block_reduce(found, 0.0F, scratch, [](float value) { return warp_max(value); });
    if (thread_index() == 0) Global<std::int32_t>{p.bad}[row] = found > 0 ? 1 : 0;
}

}  // namespace hone::cuda
