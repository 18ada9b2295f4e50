// SPDX-License-Identifier: Apache-2.0
#include "engine/techniques/apply/techniques.h"

namespace hone {
namespace {

constexpr kernels::Arithmetic kBf16 = kernels::Arithmetic::bf16;

Support supports(const TechniqueQuery&) {
    if (kernels::has_arithmetic(kBf16, kernels::best_isa())) return {};
    return {false, "this processor has no bf16 arithmetic (AVX-512 BF16)"};
}

void configure(RunConfig& run, const nlohmann::json&) {
    run.arithmetic = kBf16;
}

}  // namespace

Technique precision() {
    return {descriptors::precision, supports, RunTechnique{configure}};
}

}  // namespace hone
