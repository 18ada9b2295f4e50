// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "engine/techniques/schema/descriptors/descriptors.h"

namespace hone::descriptors {
namespace {

constexpr std::array kTypes{ChoiceItem{"bf16", "bf16"}};
const std::array kOptions{
    Option{"compute", "Compute in",
           "What weights and inputs of a product are rounded to, and on CUDA devices a prompt's queries, "
           "keys and "
           "values; sums, norms, softmax and logits stay in fp32.",
           Choice{kTypes, "bf16"}},
};

}  // namespace

const Descriptor precision{
    "precision",
    "Mixed precision",
    "Multiplies in bf16 and adds in fp32, which takes half the instructions.",
    "Kalamkar et al., A Study of BFLOAT16 for Deep Learning Training, arXiv 1905.12322",
    Slot::precision,
    Stage::configures_run,
    kOptions,
    {}};

}  // namespace hone::descriptors
