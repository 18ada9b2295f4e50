// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/ops/chunk.cuh"
#include "kernels/cuda/ops/elementwise_kernel.cuh"
#include "kernels/cuda/ops/product.h"

namespace hone::gpu {

// Chunks that a lane has under way: enough bytes that memory's latency is covered with few warps.
template <PlaneType type>
inline constexpr int kUnderWay = chunk_bytes(type) >= 32   ? 1
                                 : chunk_bytes(type) == 16 ? 2
                                                           : 4;

// What a warp has under way of its rows: kSteps chunks a lane. A chunk or row past the end is the last one again: loads stay within, and what
// comes of it goes nowhere.
template <PlaneType type>
struct UnderWay {
    static constexpr int kSteps = kUnderWay<type>;
    RawChunk<type> raw[kSteps][kProductRows];
    Affine affine[kSteps][kProductRows];

    HONE_DEVICE void ask(const Matrix (&weights)[kProductRows], const AffinePlanes (&affines)[kProductRows],
                         const std::int64_t (&rows)[kProductRows], std::int64_t begin, std::int64_t chunks) {
        HONE_UNROLL
        for (int s = 0; s < kSteps; ++s) {
            const std::int64_t wanted = begin + s * kWarp, chunk = wanted < chunks ? wanted : chunks - 1;
            HONE_UNROLL
            for (int r = 0; r < kProductRows; ++r) {
                raw[s][r] = load_raw<type>(weights[r], rows[r], chunk);
                affine[s][r] = affines[r].of(rows[r], chunk);
                if (wanted >= chunks) affine[s][r] = {0.0F, 0.0F};
            }
        }
    }
};

// One warp takes kProductRows rows. A step is 256 columns: each lane takes a chunk of 8 of each row, and x of the step's chunks from shared
// memory, where each chunk's first four columns and last four lie in planes of their own: lanes then read neighbouring 16 bytes. The weights of
// the next steps are asked for before those of the last ones are multiplied, and the first before x is there.
template <PlaneType type, int kTokens>
HONE_DEVICE void product_kernel(const ProductParams& p) {
    static_assert(kTokens <= kProductTokens);
    constexpr int kSteps = kUnderWay<type>;
    const bool gated = p.into == ProductParams::Into::gated;
    std::int64_t block = block_index().x;
    ProductPart part = p.parts[0];
    if (!gated) {
        HONE_UNROLL
        for (int i = 1; i < kProductParts; ++i) {
            const std::int64_t before = product_blocks(p, part);
            if (i < p.count && block >= before) {
                block -= before;
                part = p.parts[i];
            } else {
                break;
            }
        }
    }
    const std::int64_t cols = part.weights.cols, chunks = cols / kChunk, last = part.weights.rows - 1;
    const std::int64_t first = (block * kProductWarps + warp_index()) * (gated ? 1 : kProductRows);
    const Matrix weights[kProductRows] = {part.weights, gated ? p.parts[1].weights : part.weights};
    const AffinePlanes affines[kProductRows] = {AffinePlanes(weights[0]), AffinePlanes(weights[1])};
    const std::int64_t second = gated ? first : first + 1;
    const std::int64_t rows[kProductRows] = {first < last ? first : last, second < last ? second : last};
    UnderWay<type> next;
    next.ask(weights, affines, rows, lane_index(), chunks);

    const Shared<float> shared = dynamic_shared<float>(0, static_cast<std::int64_t>(kTokens) * cols);
    const Global<const float> x{p.x};
    HONE_UNROLL
    for (int token = 0; token < kTokens; ++token) {
        const Shared<float> planes = shared + token * cols;
        for (std::int64_t chunk = thread_index(); chunk < chunks; chunk += block_threads()) {
            store(planes, 4 * chunk, load<F32x4>(x, token * cols + chunk * kChunk));
            store(planes, 4 * (chunks + chunk), load<F32x4>(x, token * cols + chunk * kChunk + 4));
        }
    }
    sync_block();
    const float zeros[kProductRows] = {zero_of(weights[0]), zero_of(weights[1])};
    float sums[kProductRows][kTokens] = {};
    for (std::int64_t begin = lane_index(); begin < chunks; begin += kSteps * kWarp) {
        const UnderWay<type> now = next;
        if (begin + kSteps * kWarp < chunks) next.ask(weights, affines, rows, begin + kSteps * kWarp, chunks);
        HONE_UNROLL
        for (int s = 0; s < kSteps; ++s) {
            const std::int64_t wanted = begin + s * kWarp, chunk = wanted < chunks ? wanted : chunks - 1;
            float w[kProductRows][kChunk];
            HONE_UNROLL
            for (int r = 0; r < kProductRows; ++r) expand_raw(now.raw[s][r], zeros[r], w[r]);
            HONE_UNROLL
            for (int token = 0; token < kTokens; ++token) {
                const Shared<float> planes = shared + token * cols;
                const auto low = load<F32x4>(planes, 4 * chunk),
                           high = load<F32x4>(planes, 4 * (chunks + chunk));
                const float inputs[kChunk] = {low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w};
                HONE_UNROLL
                for (int r = 0; r < kProductRows; ++r) {
                    float dot = 0;
                    HONE_UNROLL
                    for (int i = 0; i < kChunk; ++i) dot += w[r][i] * inputs[i];
                    sums[r][token] += now.affine[s][r].scale * dot;
                }
                if constexpr (type == PlaneType::i4) {
                    float total = 0;
                    HONE_UNROLL
                    for (int i = 0; i < kChunk; ++i) total += inputs[i];
                    HONE_UNROLL
                    for (int r = 0; r < kProductRows; ++r) sums[r][token] += now.affine[s][r].minimum * total;
                }
            }
        }
    }
    const Global<float> y{part.y};
    HONE_UNROLL
    for (int token = 0; token < kTokens; ++token) {
        float sum[kProductRows];
        HONE_UNROLL
        for (int r = 0; r < kProductRows; ++r) sum[r] = warp_sum(sums[r][token]);
        if (lane_index() != 0 || first > last) continue;
        const std::int64_t at = token * part.y_stride + first;
        if (gated) {
            y[at] = silu(sum[0]) * sum[1];
            continue;
        }
        const bool adds = p.into == ProductParams::Into::add;
        HONE_UNROLL
        for (int r = 0; r < kProductRows; ++r)
            if (first + r <= last) y[at + r] = adds ? y[at + r] + sum[r] : sum[r];
    }
}

template <PlaneType type, typename To>
HONE_DEVICE void expand_kernel(const ExpandParams<To>& p) {
    const std::int64_t chunks = p.weights.cols / kChunk;
    const std::int64_t at = static_cast<std::int64_t>(block_index().x) * block_threads() + thread_index();
    if (at >= p.rows * chunks) return;
    const std::int64_t row = p.first_row + at / chunks, chunk = at % chunks;
    float w[kChunk];
    load_chunk<type>(p.weights, row, chunk, w);
    const Affine affine = AffinePlanes(p.weights).of(row, chunk);
    const Global<To> out{p.out};
    for (int i = 0; i < kChunk; ++i)
        out[at * kChunk + i] = Convert<To>::from(affine.scale * w[i] + affine.minimum);
}

// SplitMix64 of an element's number: the same value wherever and in whatever order it is made.
HONE_BOTH std::uint64_t mixed(std::uint64_t seed, std::uint64_t number) {
    std::uint64_t z = seed + (number + 1) * 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

// Sum of four uniform numbers, which is close to normal, with standard deviation 1.
HONE_BOTH float near_normal(std::uint64_t bits) {
    const float sum = static_cast<float>(bits & 0xFFFFU) + static_cast<float>(bits >> 16 & 0xFFFFU) +
                      static_cast<float>(bits >> 32 & 0xFFFFU) + static_cast<float>(bits >> 48);
    return (sum / 65536.0F - 2.0F) * 1.7320508F;
}

template <PlaneType type>
HONE_DEVICE void fill_kernel(const FillParams& p) {
    const std::int64_t i = static_cast<std::int64_t>(block_index().x) * block_threads() + thread_index();
    const std::int64_t bytes = chunk_bytes(type);
    if (i >= p.chunks) return;
    const Global<std::uint8_t> to{static_cast<std::uint8_t*>(p.values) + i * bytes};
    constexpr int kStored = is_two_of_four(type) ? kChunk / 2 : kChunk;
    for (int j = 0; j < kStored; ++j) {
        const std::uint64_t bits = mixed(p.seed, static_cast<std::uint64_t>(i * kChunk + j));
        const float value = near_normal(bits) * p.deviation;
        if constexpr (type == PlaneType::f32) store(to, 4 * j, value);
        if constexpr (type == PlaneType::f16 || type == PlaneType::f16_2of4)
            store(to, 2 * j, to_f16(value).bits);
        if constexpr (type == PlaneType::bf16 || type == PlaneType::bf16_2of4)
            store(to, 2 * j, to_bf16(value).bits);
        if constexpr (type == PlaneType::e4m3) store(to, j, to_e4m3(value).bits);
        if constexpr (type == PlaneType::i8)
            store(to, j, static_cast<std::int8_t>(rintf(fminf(fmaxf(value, -127.0F), 127.0F))));
    }
    if constexpr (type == PlaneType::i4)
        store(to, 0, static_cast<std::uint32_t>(mixed(p.seed, static_cast<std::uint64_t>(i))));
}

HONE_DEVICE void fill_halves_kernel(const FillHalvesParams& p) {
    const std::int64_t i = static_cast<std::int64_t>(block_index().x) * block_threads() + thread_index();
    if (i >= p.count) return;
    Global<F16>{p.values}[i] = to_f16(p.value);
}

template <PlaneType type>
HONE_DEVICE void quantize_kernel(const QuantizeParams& p) {
    const std::int64_t row = block_index().x;
    const Global<const float> x{p.x + row * p.n};
    const Global<std::uint8_t> q{static_cast<std::uint8_t*>(p.q) + row * p.n};
    constexpr float kMost = type == PlaneType::i8 ? 127.0F : 448.0F;
    const Global<float> scales{p.scales};
    HONE_SHARED(float, scratch, kWarp);
    float largest = 0;
    for (std::int64_t i = thread_index(); i < p.n; i += block_threads())
        largest = fmaxf(largest, fabsf(x[i]));
    largest = block_reduce(largest, 0.0F, scratch, [](float value) { return warp_max(value); });
    const float scale = largest / kMost, inverse = largest > 0 ? kMost / largest : 0.0F;
    for (std::int64_t i = thread_index(); i < p.n; i += block_threads()) {
        if constexpr (type == PlaneType::i8)
            q[i] = static_cast<std::uint8_t>(static_cast<std::int8_t>(rintf(x[i] * inverse)));
        else
            q[i] = to_e4m3(x[i] * inverse).bits;
    }
    if (thread_index() == 0) scales[row] = scale;
}

template <typename To>
HONE_DEVICE void convert_kernel(const ConvertParams<To>& p) {
    const std::int64_t i = static_cast<std::int64_t>(block_index().x) * block_threads() + thread_index();
    if (i >= p.count) return;
    const Global<const float> x{p.x};
    const Global<To> out{p.out};
    out[i] = Convert<To>::from(x[i]);
}

template <typename Sum>
HONE_DEVICE void rescale_kernel(const RescaleParams& p) {
    const std::int64_t i = static_cast<std::int64_t>(block_index().x) * block_threads() + thread_index();
    if (i >= p.tokens * p.rows) return;
    const std::int64_t token = i / p.rows, row = i % p.rows;
    const Global<const Sum> sums{static_cast<const Sum*>(p.sums)};
    const Global<const float> x_scales{p.x_scales};
    const Global<const F16> w_scales{p.w_scales};
    const Global<float> y{p.y};
    const float value = static_cast<float>(sums[i]) * x_scales[token] * to_float_fast(w_scales[row]);
    const std::int64_t to = token * p.y_stride + row;
    y[to] = p.accumulate ? y[to] + value : value;
}

}  // namespace hone::gpu
