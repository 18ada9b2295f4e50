// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "engine/techniques/apply/techniques.h"

namespace hone {
namespace {

constexpr kernels::Arithmetic kBf16 = kernels::Arithmetic::bf16;

// Its one option has one value.
class Precision final : public Technique {
public:
    Support supports(const TechniqueQuery& query) const override {
        const std::string refusal = query.place.refusal(kBf16);
        return {refusal.empty(), refusal};
    }
    CounterUses counters() const override { return {{"bf16_products"}}; }
    void configure(RunConfig& run) const override { run.arithmetic = kBf16; }
};

}  // namespace

std::unique_ptr<const Technique> implementations::precision(const nlohmann::json&) {
    return std::make_unique<Precision>();
}

}  // namespace hone
