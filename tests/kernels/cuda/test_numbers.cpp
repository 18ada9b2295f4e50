// SPDX-License-Identifier: Apache-2.0
// The devices' conversions against the CPU kernels' and, for FP8, against every value spelled out.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>

#include "kernels/convert/convert.h"
#include "kernels/cuda/numbers.h"

namespace hone::cuda {
namespace {

bool same(float a, float b) {
    return (std::isnan(a) && std::isnan(b)) ||
           bits_as<std::uint32_t>(a) == bits_as<std::uint32_t>(b);
}

// By its definition, with arithmetic rather than bits.
double e4m3_value(int code) {
    const int exponent = code >> 3 & 15, mantissa = code & 7;
    if (exponent == 15 && mantissa == 7) return NAN;
    const double magnitude =
        exponent == 0 ? std::ldexp(mantissa, -9) : std::ldexp(8 + mantissa, exponent - 10);
    return (code & 0x80) != 0 ? -magnitude : magnitude;
}

TEST(CudaNumbers, ReadEveryHalf) {
    for (std::uint32_t bits = 0; bits < 65536; ++bits) {
        const auto half = static_cast<std::uint16_t>(bits);
        ASSERT_TRUE(same(to_float(F16{half}), kernels::f16_to_f32(half))) << bits;
        ASSERT_TRUE(same(to_float(BF16{half}), kernels::bf16_to_f32(half))) << bits;
    }
}

TEST(CudaNumbers, WriteHalvesAsTheCpuDoes) {
    std::mt19937 random(1);
    for (int i = 0; i < 2'000'000; ++i) {
        const auto value = bits_as<float>(static_cast<std::uint32_t>(random()));
        const std::uint16_t half = to_f16(value).bits, brain = to_bf16(value).bits;
        ASSERT_TRUE(
            same(kernels::f16_to_f32(half), kernels::f16_to_f32(kernels::f32_to_f16(value))))
            << value;
        ASSERT_TRUE(
            same(kernels::bf16_to_f32(brain), kernels::bf16_to_f32(kernels::f32_to_bf16(value))))
            << value;
    }
    // Ties, and the edges of the range.
    for (std::uint32_t bits = 0; bits < 65536; ++bits) {
        const float value = kernels::f16_to_f32(static_cast<std::uint16_t>(bits));
        if (!std::isfinite(value)) continue;
        for (const float near :
             {value, std::nextafter(value, INFINITY), std::nextafter(value, -INFINITY),
              value + std::ldexp(value, -11), value + std::ldexp(value, -12)}) {
            ASSERT_EQ(to_f16(near).bits, kernels::f32_to_f16(near)) << near;
        }
    }
}

TEST(CudaNumbers, ReadAndWriteEveryE4M3) {
    for (int code = 0; code < 256; ++code) {
        const auto value = static_cast<float>(e4m3_value(code));
        const float read = to_float(E4M3{static_cast<std::uint8_t>(code)});
        ASSERT_TRUE(same(read, value)) << code;
        if (!std::isnan(value)) {
            ASSERT_EQ(to_e4m3(value).bits, code);
        }
    }
}

// The nearest of all values, the even one of two that are as near; beyond the largest, the largest.
TEST(CudaNumbers, RoundE4M3ToNearest) {
    std::mt19937 random(2);
    std::uniform_real_distribution<float> exponent(-12, 10), sign(-1, 1);
    for (int i = 0; i < 200'000; ++i) {
        const float value = std::copysign(std::exp2(exponent(random)), sign(random));
        int best = 0;
        for (int code = 0; code < 0x7F; ++code) {
            const double off = std::abs(e4m3_value(code) - std::abs(value)),
                         least = std::abs(e4m3_value(best) - std::abs(value));
            if (off < least || (off == least && code % 2 == 0)) best = code;
        }
        ASSERT_EQ(to_e4m3(value).bits & 0x7F, best) << value;
    }
    for (int code = 0; code < 0x7E; ++code) {  // ties
        const double middle = (e4m3_value(code) + e4m3_value(code + 1)) / 2;
        ASSERT_EQ(to_e4m3(static_cast<float>(middle)).bits, code % 2 == 0 ? code : code + 1);
    }
    EXPECT_EQ(to_e4m3(1e30F).bits, 0x7E);
    EXPECT_EQ(to_e4m3(-INFINITY).bits, 0xFE);
    EXPECT_EQ(to_e4m3(NAN).bits & 0x7F, 0x7F);
}

}  // namespace
}  // namespace hone::cuda
