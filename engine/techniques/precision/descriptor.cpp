// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "engine/techniques/schema/descriptors.h"

namespace hone::descriptors {
namespace {

constexpr std::array kTypes{ChoiceItem{"bf16", "bf16"}};
const std::array kOptions{
    Option{"compute", "Compute in",
           "What weights and inputs of a product are rounded to, and on CUDA devices a prompt's "
           "queries, "
           "keys and "
           "values; sums, norms, softmax and logits stay in fp32.",
           Choice{kTypes, "bf16"}},
};
constexpr std::array kCounters{Counted{"bf16_products", "bf16 products"}};

}  // namespace

const Descriptor precision{
    .id = "precision",
    .title = "Mixed precision",
    .summary = "Multiplies in bf16 and adds in fp32, which takes half the instructions.",
    .source = "Kalamkar et al., A Study of BFLOAT16 for Deep Learning Training, arXiv 1905.12322",
    .slot = Slot::precision,
    .stage = Stage::configures_run,
    .options = kOptions,
    .counters = kCounters,
};

}  // namespace hone::descriptors
