// SPDX-License-Identifier: Apache-2.0
// bfloat16 products with AVX-512 BF16: pairs of values multiplied and summed in fp32.
#include <immintrin.h>

#include "kernels/linear/reduced_kernels.h"

namespace hone::kernels {
namespace {

constexpr int kLanes = 16, kColumnVectors = 3, kTileTokens = 8;
constexpr int kColumns = kColumnVectors * kLanes;

inline __m512bh bits(__m512i v) {
    return (__m512bh)v;
}

// 32 values from `from`, `count` of them there, rounded to nearest even; zero beyond.
inline __m512i rounded(const float* from, std::int64_t count) {
    const auto low = static_cast<__mmask16>(count >= 16 ? 0xFFFF : (1U << count) - 1);
    const auto high = static_cast<__mmask16>(count >= 32  ? 0xFFFF
                                             : count > 16 ? (1U << (count - 16)) - 1
                                                          : 0);
    return (__m512i)_mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(high, from + 16),
                                        _mm512_maskz_loadu_ps(low, from));
}

// 32 stored bfloat16 from `from`, `count` of them there.
inline __m512i stored(const std::uint8_t* from, std::int64_t count) {
    const auto mask = static_cast<__mmask32>(count >= 32 ? 0xFFFFFFFFU : (1U << count) - 1);
    return _mm512_maskz_loadu_epi16(mask, from);
}

std::int64_t panel_bytes(std::int64_t cols) {
    return (cols + kReducedPad - 1) / kReducedPad * kReducedPad * kColumns * 2;
}

void reduce_row(const float* x, std::int64_t cols, std::int64_t token, const ReducedInput& out) {
    std::byte* const values = out.values + token * out.stride;
    for (std::int64_t i = 0; i * 2 < out.stride; i += 32) {
        const std::int64_t left = cols - i;
        _mm512_storeu_si512(values + i * 2,
                            left > 0 ? rounded(x + i, left) : _mm512_setzero_si512());
    }
}

const std::uint8_t* weight_row(const LinearProblem& problem, std::int64_t row) {
    return static_cast<const std::uint8_t*>(problem.weights) + row * problem.row_bytes;
}

// Weights of a row, 32 at a time, calling use(block, values). Other types pass through fp32.
template <typename Use>
inline void each_block(const LinearProblem& problem, std::int64_t row, ExpandRow expand,
                       float* scratch, const Use& use) {
    const std::uint8_t* const data = weight_row(problem, row);
    const bool direct = problem.type == WeightType::bf16;
    if (!direct) expand(problem.type, data, scratch, problem.cols);
    for (std::int64_t b = 0; b * kReducedBlock < problem.cols; ++b) {
        const std::int64_t at = b * kReducedBlock, left = problem.cols - at;
        use(b, direct ? stored(data + at * 2, left) : rounded(scratch + at, left));
    }
}

// panel: [cols / 2][kColumns] pairs.
void pack_panel(const LinearProblem& problem, std::int64_t first, std::int64_t count,
                ExpandRow expand, float* row, std::byte* panel) {
    auto* const words = reinterpret_cast<std::uint32_t*>(panel);
    constexpr std::int64_t kWords = kReducedBlock / 2;
    const std::int64_t blocks = (problem.cols + kReducedBlock - 1) / kReducedBlock;
    for (std::int64_t column = 0; column < kColumns; ++column) {
        if (column >= count) {
            for (std::int64_t k = 0; k < blocks * kWords; ++k) words[k * kColumns + column] = 0;
            continue;
        }
        each_block(problem, first + column, expand, row, [&](std::int64_t b, __m512i values) {
            alignas(64) std::uint32_t pairs[kWords];
            _mm512_store_si512(pairs, values);
            for (std::int64_t k = 0; k < kWords; ++k)
                words[(b * kWords + k) * kColumns + column] = pairs[k];
        });
    }
}

template <int Tokens>
void tile(const LinearProblem& problem, const ReducedInput& input, std::int64_t token,
          std::int64_t first, std::int64_t count, const std::byte* panel) {
    const auto* const words = reinterpret_cast<const std::uint32_t*>(panel);
    const std::int64_t depth =
        (problem.cols + kReducedBlock - 1) / kReducedBlock * (kReducedBlock / 2);
    __m512 sums[Tokens][kColumnVectors];
    const std::byte* values[Tokens];
    for (int t = 0; t < Tokens; ++t) {
        values[t] = input.values + (token + t) * input.stride;
        for (int v = 0; v < kColumnVectors; ++v) sums[t][v] = _mm512_setzero_ps();
    }
    for (std::int64_t k = 0; k < depth; ++k) {
        __m512i weights[kColumnVectors];
#pragma GCC unroll 8
        for (int v = 0; v < kColumnVectors; ++v)
            weights[v] = _mm512_loadu_si512(words + k * kColumns + v * kLanes);
#pragma GCC unroll 8
        for (int t = 0; t < Tokens; ++t) {
            std::int32_t pair;
            __builtin_memcpy(&pair, values[t] + k * 4, sizeof pair);
            const __m512i x = _mm512_set1_epi32(pair);
#pragma GCC unroll 8
            for (int v = 0; v < kColumnVectors; ++v)
                sums[t][v] = _mm512_dpbf16_ps(sums[t][v], bits(weights[v]), bits(x));
        }
    }
    for (int t = 0; t < Tokens; ++t) {
        float* const y = problem.y + (token + t) * problem.y_stride + first;
        for (int v = 0; v < kColumnVectors; ++v) {
            const std::int64_t left = count - v * kLanes;
            if (left <= 0) break;
            const auto mask = static_cast<__mmask16>(left >= kLanes ? 0xFFFF : (1U << left) - 1);
            _mm512_mask_storeu_ps(y + v * kLanes, mask, sums[t][v]);
        }
    }
}

void multiply_panel(const LinearProblem& problem, const ReducedInput& input, std::int64_t first,
                    std::int64_t count, const std::byte* panel) {
    std::int64_t token = 0;
    for (; token + kTileTokens <= problem.tokens; token += kTileTokens)
        tile<kTileTokens>(problem, input, token, first, count, panel);
    for (; token < problem.tokens; ++token) tile<1>(problem, input, token, first, count, panel);
}

template <int Tokens>
void dot_row(const LinearProblem& problem, const ReducedInput& input, std::int64_t row,
             std::int64_t token, ExpandRow expand, float* scratch) {
    // Two sums a token: the instruction's latency is longer than what one chain could hide.
    __m512 even[Tokens], odd[Tokens];
    for (int t = 0; t < Tokens; ++t) even[t] = odd[t] = _mm512_setzero_ps();
    each_block(problem, row, expand, scratch, [&](std::int64_t b, __m512i weights) {
        for (int t = 0; t < Tokens; ++t) {
            const __m512i x =
                _mm512_loadu_si512(input.values + (token + t) * input.stride + b * 64);
            if (b % 2 == 0)
                even[t] = _mm512_dpbf16_ps(even[t], bits(weights), bits(x));
            else
                odd[t] = _mm512_dpbf16_ps(odd[t], bits(weights), bits(x));
        }
    });
    for (int t = 0; t < Tokens; ++t)
        problem.y[(token + t) * problem.y_stride + row] =
            _mm512_reduce_add_ps(_mm512_add_ps(even[t], odd[t]));
}

void few_tokens(const LinearProblem& problem, const ReducedInput& input, std::int64_t begin,
                std::int64_t end, ExpandRow expand, float* scratch) {
    for (std::int64_t row = begin; row < end; ++row) {
        std::int64_t token = 0;
        for (; token + 4 <= problem.tokens; token += 4)
            dot_row<4>(problem, input, row, token, expand, scratch);
        for (; token < problem.tokens; ++token)
            dot_row<1>(problem, input, row, token, expand, scratch);
    }
}

}  // namespace

const ReducedKernels kBf16Avx512{2,          kColumns,       panel_bytes, reduce_row,
                                 pack_panel, multiply_panel, few_tokens};

}  // namespace hone::kernels
