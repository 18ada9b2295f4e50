// SPDX-License-Identifier: Apache-2.0
// int8 products with AVX-512 VNNI. Its instruction takes one unsigned operand: packed weights are
// stored plus 128, and 128 times the sum of the inputs is taken off the start; unpacked ones give
// their sign to the inputs.
#include <immintrin.h>

#include "kernels/linear/reduced_kernels.h"

namespace hone::kernels {
namespace {

constexpr int kLanes = 16, kPairs = 4, kColumnVectors = 3, kTileTokens = 8, kBlockTileTokens = 4;
using Value = std::int8_t;
typedef std::int32_t Sums __attribute__((vector_size(64)));
typedef float Scaled __attribute__((vector_size(64)));
typedef std::int32_t Sums8 __attribute__((vector_size(32)));
typedef float Floats8 __attribute__((vector_size(32)));
using Weights32 = __m256i;

inline Scaled load(const float* p) {
    return (Scaled)_mm512_loadu_ps(p);
}
inline void store(float* p, Scaled v) {
    _mm512_storeu_ps(p, (__m512)v);
}
inline Sums load_words(const std::uint32_t* p) {
    return (Sums)_mm512_loadu_si512(p);
}
inline Sums all_words(std::uint32_t word) {
    return (Sums)_mm512_set1_epi32(static_cast<int>(word));
}
inline Sums starting_at(std::int32_t total) {
    return (Sums)_mm512_set1_epi32(-128 * total);
}
inline Sums multiply_add(Sums sums, Sums weights, Sums x) {
    return (Sums)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)weights, (__m512i)x);
}
inline Scaled as_floats(Sums sums) {
    return (Scaled)_mm512_cvtepi32_ps((__m512i)sums);
}
inline std::uint32_t packed_word(const std::int8_t* weights) {
    std::uint32_t word;
    __builtin_memcpy(&word, weights, sizeof word);
    return word ^ 0x80808080U;
}
inline Weights32 load_weights(const std::uint8_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
}
inline Sums8 multiply_block(Sums8 sums, Weights32 weights, const Value* x) {
    const __m256i inputs = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x));
    return (Sums8)_mm256_dpbusd_epi32((__m256i)sums, _mm256_abs_epi8(weights),
                                      _mm256_sign_epi8(inputs, weights));
}
inline Floats8 as_floats8(Sums8 sums) {
    return (Floats8)_mm256_cvtepi32_ps((__m256i)sums);
}

#include "kernels/linear/reduced_int8.inc"

}  // namespace

const ReducedKernels kInt8Vnni{sizeof(Value), kColumns,       panel_bytes, reduce_row,
                               pack_panel,    multiply_panel, few_tokens};

}  // namespace hone::kernels
