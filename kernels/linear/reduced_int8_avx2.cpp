// SPDX-License-Identifier: Apache-2.0
// int8 products with AVX2: widened to int16 and multiplied in pairs, which cannot overflow.
#include <immintrin.h>

#include "kernels/linear/reduced_kernels.h"

namespace hone::kernels {
namespace {

constexpr int kLanes = 8, kPairs = 2, kColumnVectors = 3, kTileTokens = 4, kBlockTileTokens = 2;
using Value = std::int16_t;
typedef std::int32_t Sums __attribute__((vector_size(32)));
typedef float Scaled __attribute__((vector_size(32)));
using Sums8 = Sums;
using Floats8 = Scaled;
struct Weights32 {
    __m256i low, high;
};

inline Scaled load(const float* p) {
    return (Scaled)_mm256_loadu_ps(p);
}
inline void store(float* p, Scaled v) {
    _mm256_storeu_ps(p, (__m256)v);
}
inline Sums load_words(const std::uint32_t* p) {
    return (Sums)_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
inline Sums all_words(std::uint32_t word) {
    return (Sums)_mm256_set1_epi32(static_cast<int>(word));
}
inline Sums starting_at(std::int32_t) {
    return Sums{};
}
inline Sums multiply_add(Sums sums, Sums weights, Sums x) {
    return sums + (Sums)_mm256_madd_epi16((__m256i)weights, (__m256i)x);
}
inline Scaled as_floats(Sums sums) {
    return (Scaled)_mm256_cvtepi32_ps((__m256i)sums);
}
inline std::uint32_t packed_word(const std::int8_t* weights) {
    const std::int16_t pair[2] = {weights[0], weights[1]};
    std::uint32_t word;
    __builtin_memcpy(&word, pair, sizeof word);
    return word;
}
inline Weights32 load_weights(const std::uint8_t* p) {
    return {_mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))),
            _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16)))};
}
inline Sums8 multiply_block(Sums8 sums, const Weights32& weights, const Value* x) {
    const auto* const inputs = reinterpret_cast<const __m256i*>(x);
    return sums + (Sums8)_mm256_madd_epi16(weights.low, _mm256_loadu_si256(inputs)) +
           (Sums8)_mm256_madd_epi16(weights.high, _mm256_loadu_si256(inputs + 1));
}
inline Floats8 as_floats8(Sums8 sums) {
    return as_floats(sums);
}

#include "kernels/linear/reduced_int8.inc"

}  // namespace

const ReducedKernels kInt8Avx2{sizeof(Value), kColumns,       panel_bytes, reduce_row,
                               pack_panel,    multiply_panel, few_tokens};

}  // namespace hone::kernels
