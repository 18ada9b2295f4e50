// SPDX-License-Identifier: Apache-2.0
#include "engine/techniques/apply/techniques.h"

namespace hone {
namespace {

constexpr kernels::Arithmetic kBf16 = kernels::Arithmetic::bf16;

Support supports(const TechniqueQuery& query) {
    if (query.device.kind == DeviceKind::cuda) return {};  // tensor cores, from compute capability 8.0 on
    if (kernels::has_arithmetic(kBf16, kernels::best_isa())) return {};
    return {false, "this processor has no bf16 arithmetic (AVX-512 BF16)"};
}

void configure(RunConfig& run, const nlohmann::json&) {
    run.arithmetic = kBf16;
}

CounterUses counters(const nlohmann::json&) {
    return {{"bf16_products"}};
}

}  // namespace

Technique precision() {
    return {descriptors::precision, supports, counters, RunTechnique{configure}};
}

}  // namespace hone
