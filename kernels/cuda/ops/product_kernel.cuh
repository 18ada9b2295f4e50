// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "kernels/cuda/ops/chunk.cuh"
#include "kernels/cuda/ops/elementwise_kernel.cuh"
#include "kernels/cuda/ops/product.h"

namespace hone::cuda {

// Chunks that a lane has under way: enough bytes that memory's latency is covered with few warps,
// in as many registers as two blocks leave. Upper bits and sub-scales take some beside the values.
template <PlaneType type>
inline constexpr int kUnderWay = chunk_bytes(type) >= 32   ? 1
                                 : chunk_bytes(type) == 16 ? 2
                                 : plane_info(type).upper_bits > 0 || plane_info(type).sub_scaled
                                     ? 2
                                     : 4;

// What a warp has under way of its rows: kSteps chunks a lane, as they lie in memory. A chunk or
// row past the end is the last one again: loads stay within, and what comes of it goes nowhere.
template <PlaneType type, bool kMinima>
struct UnderWay {
    static constexpr int kSteps = kUnderWay<type>;
    RawChunk<type> raw[kSteps][kProductRows];
    typename AffinePlanes<type>::template Raw<kMinima> affine[kSteps][kProductRows];

    HONE_DEVICE void ask(const Matrix (&weights)[kProductRows],
                         const AffinePlanes<type> (&affines)[kProductRows],
                         const std::int64_t (&rows)[kProductRows], std::int64_t begin,
                         std::int64_t chunks) {
        HONE_UNROLL
        for (int s = 0; s < kSteps; ++s) {
            const std::int64_t wanted = begin + s * kWarp,
                               chunk = wanted < chunks ? wanted : chunks - 1;
            HONE_UNROLL
            for (int r = 0; r < kProductRows; ++r) {
                raw[s][r] = load_raw<type>(weights[r], rows[r], chunk);
                if constexpr (has_scales(type))
                    affine[s][r] = affines[r].template raw<kMinima>(rows[r], chunk);
            }
        }
    }
};

// Columns [first, first + cols) of x's rows into shared memory, where each chunk's first four
// columns and last four lie in planes of their own: lanes then read neighbouring 16 bytes. All of
// them are under way at once.
template <int kTokens>
HONE_DEVICE void stage_inputs(const ProductParams& p, std::int64_t first, std::int64_t cols,
                              Shared<float> shared) {
    const Global<const float> x{p.x + first};
    const std::int64_t chunks = cols / kChunk, stride = p.parts[0].weights.cols;
    for (std::int64_t chunk = thread_index(); chunk < chunks; chunk += block_threads()) {
        for (int token = 0; token < kTokens; ++token) {
            const Shared<float> planes = shared + token * cols;
            copy_async<16>(planes, 4 * chunk, x, token * stride + chunk * kChunk);
            copy_async<16>(planes, 4 * (chunks + chunk), x, token * stride + chunk * kChunk + 4);
        }
    }
    commit_async();
    wait_async<0>();
}

// sums += a lane's chunks that were under way, with x's of shared memory: `at` is the first one's
// place in a panel of `chunks`, of which those past the end count nothing.
template <PlaneType type, bool kMinima, int kTokens>
HONE_DEVICE void add_products(const UnderWay<type, kMinima>& now, Shared<float> shared,
                              std::int64_t at, std::int64_t chunks,
                              float (&sums)[kProductRows][kTokens]) {
    HONE_UNROLL
    for (int s = 0; s < kUnderWay<type>; ++s) {
        const std::int64_t wanted = at + s * kWarp;
        const bool inside = s == 0 || wanted < chunks;
        const std::int64_t chunk = inside ? wanted : chunks - 1;
        float w[kProductRows][kChunk], scale[kProductRows], minimum[kProductRows] = {};
        HONE_UNROLL
        for (int r = 0; r < kProductRows; ++r) {
            expand_raw(now.raw[s][r], kMinima ? 0.0F : static_cast<float>(plane_info(type).middle),
                       w[r]);
            scale[r] = 1;
            if constexpr (has_scales(type)) scale[r] = now.affine[s][r].scale();
            if constexpr (kMinima) minimum[r] = inside ? now.affine[s][r].minimum() : 0.0F;
            if (!inside) scale[r] = 0;
        }
        HONE_UNROLL
        for (int token = 0; token < kTokens; ++token) {
            const Shared<float> planes = shared + token * chunks * kChunk;
            const auto low = load<F32x4>(planes, 4 * chunk),
                       high = load<F32x4>(planes, 4 * (chunks + chunk));
            const float inputs[kChunk] = {low.x,  low.y,  low.z,  low.w,
                                          high.x, high.y, high.z, high.w};
            HONE_UNROLL
            for (int r = 0; r < kProductRows; ++r) {
                float dot = 0;
                HONE_UNROLL
                for (int i = 0; i < kChunk; ++i) dot += w[r][i] * inputs[i];
                sums[r][token] += scale[r] * dot;
            }
            if constexpr (kMinima) {
                float total = 0;
                HONE_UNROLL
                for (int i = 0; i < kChunk; ++i) total += inputs[i];
                HONE_UNROLL
                for (int r = 0; r < kProductRows; ++r) sums[r][token] += minimum[r] * total;
            }
        }
    }
}

// A block's rows of one part; see product_kernel(). The weights of the next steps are asked for
// before those of the last ones are multiplied, and the first before x is there.
template <PlaneType type, int kTokens, bool kMinima>
HONE_DEVICE void product_rows(const ProductParams& p, const ProductPart& part, std::int64_t block) {
    constexpr std::int64_t kStep = std::int64_t{kUnderWay<type>} * kWarp,
                           kPanel = product_panel(kTokens) / kChunk;
    static_assert(kPanel % kStep == 0, "a panel is whole steps");
    const bool gated = p.into == ProductParams::Into::gated;
    const std::int64_t cols = part.weights.cols, chunks = cols / kChunk,
                       last = part.weights.rows - 1;
    const std::int64_t first = (block * kProductWarps + warp_index()) * (gated ? 1 : kProductRows);
    const Matrix weights[kProductRows] = {part.weights, gated ? p.parts[1].weights : part.weights};
    const AffinePlanes<type> affines[kProductRows] = {AffinePlanes<type>(weights[0]),
                                                      AffinePlanes<type>(weights[1])};
    const std::int64_t second = gated ? first : first + 1;
    const std::int64_t rows[kProductRows] = {first < last ? first : last,
                                             second < last ? second : last};
    UnderWay<type, kMinima> next;
    next.ask(weights, affines, rows, lane_index(), chunks);

    const Shared<float> shared =
        dynamic_shared<float>(0, kTokens * (cols < kPanel * kChunk ? cols : kPanel * kChunk));
    float sums[kProductRows][kTokens] = {};
    for (std::int64_t panel = 0; panel < chunks; panel += kPanel) {
        const std::int64_t count = chunks - panel < kPanel ? chunks - panel : kPanel;
        if (panel > 0) sync_block();  // the last panel has been used
        stage_inputs<kTokens>(p, panel * kChunk, count * kChunk, shared);
        sync_block();
        for (std::int64_t at = lane_index(); at < count; at += kStep) {
            const UnderWay<type, kMinima> now = next;
            if (panel + at + kStep < chunks)
                next.ask(weights, affines, rows, panel + at + kStep, chunks);
            add_products(now, shared, at, count, sums);
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

// One warp takes kProductRows rows. A step is 256 columns: each lane takes a chunk of 8 of each
// row, and x of the step's chunks from shared memory.
template <PlaneType type, int kTokens>
HONE_DEVICE void product_kernel(const ProductParams& p) {
    static_assert(kTokens <= kProductTokens);
    std::int64_t block = block_index().x;
    ProductPart part = p.parts[0];
    if (p.into != ProductParams::Into::gated) {
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
    if constexpr (plane_info(type).minima)
        if (part.weights.minima != nullptr)
            return product_rows<type, kTokens, true>(p, part, block);
    product_rows<type, kTokens, false>(p, part, block);
}

template <PlaneType type, typename To>
HONE_DEVICE void expand_kernel(const ExpandParams<To>& p) {
    const std::int64_t chunks = p.weights.cols / kChunk;
    const std::int64_t at =
        static_cast<std::int64_t>(block_index().x) * block_threads() + thread_index();
    if (at >= p.rows * chunks) return;
    const std::int64_t row = p.first_row + at / chunks, chunk = at % chunks;
    float w[kChunk];
    load_chunk<type>(p.weights, row, chunk, w);
    const Affine affine = AffinePlanes<type>(p.weights).of(row, chunk);
    for (float& value : w) value = affine.scale * value + affine.minimum;
    store_chunk(Global<To>{p.out}, at * kChunk, w);
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
    const float sum = static_cast<float>(bits & 0xFFFFU) +
                      static_cast<float>(bits >> 16 & 0xFFFFU) +
                      static_cast<float>(bits >> 32 & 0xFFFFU) + static_cast<float>(bits >> 48);
    return (sum / 65536.0F - 2.0F) * 1.7320508F;
}

template <PlaneType type>
HONE_DEVICE void fill_kernel(const FillParams& p) {
    const std::int64_t i =
        static_cast<std::int64_t>(block_index().x) * block_threads() + thread_index();
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
    if constexpr (is_packed_integer(type))
        store(to, 0, static_cast<std::uint32_t>(mixed(p.seed, static_cast<std::uint64_t>(i))));
}

HONE_DEVICE void fill_halves_kernel(const FillHalvesParams& p) {
    const std::int64_t i =
        static_cast<std::int64_t>(block_index().x) * block_threads() + thread_index();
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
    const std::int64_t i =
        static_cast<std::int64_t>(block_index().x) * block_threads() + thread_index();
    if (i >= p.count) return;
    const Global<const float> x{p.x};
    const Global<To> out{p.out};
    out[i] = Convert<To>::from(x[i]);
}

template <typename Sum>
HONE_DEVICE void rescale_kernel(const RescaleParams& p) {
    const std::int64_t i =
        static_cast<std::int64_t>(block_index().x) * block_threads() + thread_index();
    if (i >= p.tokens * p.rows) return;
    const std::int64_t token = i / p.rows, row = i % p.rows;
    const Global<const Sum> sums{static_cast<const Sum*>(p.sums)};
    const Global<const float> x_scales{p.x_scales};
    const Global<const F16> w_scales{p.w_scales};
    const Global<float> y{p.y};
    const float value =
        static_cast<float>(sums[i]) * x_scales[token] * to_float_fast(w_scales[row]);
    const std::int64_t to = token * p.y_stride + row;
    y[to] = p.accumulate ? y[to] + value : value;
}

}  // namespace hone::cuda
