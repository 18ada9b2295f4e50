// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kernels/linear/linear.h"

namespace hone::kernels {

// What the multiplications of a product with stored weights are done in; sums are exact (i8) or
// fp32.
enum class Arithmetic : std::uint8_t {
    f32,   // the baseline: linear() in linear.h
    bf16,  // weights and inputs rounded to bfloat16, summed in fp32 (AVX-512 BF16)
    i8,    // int8 weights as stored times inputs rounded to int8 with one scale a token, summed in
           // int32 (VNNI or AVX2)
    e4m3,  // FP8 E4M3 weights as stored times inputs rounded to it with one scale a token, summed
           // in fp32: no processor has it, tensor cores do from compute capability 8.9 on
};

std::string_view arithmetic_name(Arithmetic arithmetic);  // "fp32", "bf16", "int8", "fp8"
// Whether this machine computes so when `isa` is in use.
bool has_arithmetic(Arithmetic arithmetic, Isa isa);
// What computes it: "VNNI", "AVX2", "AVX-512 BF16"; empty where has_arithmetic() is false.
std::string_view arithmetic_unit(Arithmetic arithmetic, Isa isa);
// Whether weights stored so can be multiplied so: i8 and e4m3 as kernels/weights/list.inc says, the
// others all but sparse types.
bool multiplies(Arithmetic arithmetic, WeightType type);

// As linear(), in bf16 or i8. `input`: reduced_input_bytes() bytes of scratch, 64-byte aligned,
// that the inputs are rounded into. Inputs are rounded to nearest even; for i8 a token's scale is
// absmax/127 (dynamic, per token; Dettmers et al., arXiv 2208.07339, section 2.1). Precondition:
// has_arithmetic() and multiplies().
void linear_reduced(const LinearProblem& problem, Arithmetic arithmetic, std::byte* input,
                    const Context& context);

std::int64_t reduced_input_bytes(Arithmetic arithmetic, std::int64_t tokens, std::int64_t cols,
                                 Isa isa);
// Bytes of workspace a thread that linear_reduced() takes.
std::int64_t reduced_workspace(Arithmetic arithmetic, std::int64_t cols, std::int64_t tokens,
                               Isa isa);

}  // namespace hone::kernels
