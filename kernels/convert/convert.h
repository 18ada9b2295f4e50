// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "kernels/cpu/isa.h"
#include "kernels/weights/weight_format.h"

namespace hone::kernels {

// IEEE half and bfloat16 conversions, round to nearest even; NaN stays NaN (quiet).
float f16_to_f32(std::uint16_t half);
std::uint16_t f32_to_f16(float value);
float bf16_to_f32(std::uint16_t value);
std::uint16_t f32_to_bf16(float value);

// FP8 E4M3 (OCP OFP8 1.0), round to nearest even; beyond ±448 the largest value, NaN stays NaN.
std::uint8_t f32_to_e4m3(float value);
float e4m3_to_f32(std::uint8_t bits);

// Expands one stored row of `cols` weights to fp32: bit-equal on every instruction set.
void expand_row(WeightType type, const void* row, float* out, std::int64_t cols, Isa isa);

}  // namespace hone::kernels
