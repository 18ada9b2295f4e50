// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "engine/techniques/schema/descriptors.h"

namespace hone::descriptors {
namespace {

constexpr std::array kSchemes{ChoiceItem{"int8_token", "int8, one scale a token"},
                              ChoiceItem{"fp8_token", "FP8 E4M3, one scale a token"}};
const std::array kOptions{
    Option{
        "scheme", "Scheme",
        "How the inputs of a product are rounded, with a scale that each token gets from its "
        "largest "
        "value as it comes: to int8, or to FP8 on CUDA devices of compute capability 8.9 and "
        "later. "
        "On CUDA devices attention over prompts is then computed in bf16, and a matrix that "
        "cuBLASLt does "
        "not "
        "multiply so (FP8: rows or columns that 16 does not divide, int8: 4) is multiplied without "
        "rounding its inputs, which is not counted as engaged.",
        Choice{kSchemes, "int8_token"}},
    Option{"output", "Output matrix too",
           "Also compute the logits so. They suffer most, and are kept in fp32 by default.",
           Flag{false}},
};
constexpr std::array kConflicts{Conflict{
    "precision",
    "A product is computed either in int8 or FP8, or in bf16; switch one of the two off."}};
constexpr std::array kCounters{Counted{"int8_products", "int8 products"},
                               Counted{"fp8_products", "FP8 products"}};

}  // namespace

const Descriptor quantize_activations{
    .id = "quantize_activations",
    .title = "Quantise activations",
    .summary = "Multiplies in int8 or FP8: weights and the inputs of every product (W8A8).",
    .source =
        "Dettmers et al., LLM.int8(), arXiv 2208.07339, section 2.1: absmax int8, a scale a token "
        "and a row; "
        "Micikevicius et al., FP8 Formats for Deep Learning, arXiv 2209.05433",
    .slot = Slot::activations,
    .stage = Stage::configures_run,
    .options = kOptions,
    .conflicts = kConflicts,
    .counters = kCounters,
};

}  // namespace hone::descriptors
