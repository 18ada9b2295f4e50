// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "engine/techniques/schema/descriptors.h"

namespace hone::descriptors {
namespace {

constexpr std::array kTypes{ChoiceItem{"int8", "int8"}, ChoiceItem{"fp16", "fp16"},
                            ChoiceItem{"fp32", "fp32"}, ChoiceItem{"off", "Off"}};
constexpr std::array kLayouts{ChoiceItem{"contiguous", "One piece a sequence"},
                              ChoiceItem{"paged", "Blocks"}};
constexpr std::array kBlocks{ChoiceItem{"16", "16"}, ChoiceItem{"32", "32"}, ChoiceItem{"64", "64"},
                             ChoiceItem{"128", "128"}};
const std::array kOptions{
    Option{"dtype", "Storage",
           "How keys and values are kept. fp32 is the baseline; off computes every earlier token "
           "again at "
           "each step, which shows "
           "what the cache saves.",
           Choice{kTypes, "int8"}},
    Option{"layout", "Layout",
           "One growing piece of memory a sequence, or blocks that all sequences take from a "
           "common store: "
           "nothing is "
           "copied when a sequence grows, and what a finished one held serves the next.",
           Choice{kLayouts, "contiguous"}},
    Option{"block", "Positions a block", "Small blocks waste less at a sequence's end.",
           Choice{kBlocks, "16"}, OnlyWhen{"layout", "paged"}},
};
constexpr std::array<std::string_view, 2> kVariants{"dtype=fp32 layout=paged",
                                                    "dtype=int8 layout=paged"};
constexpr std::array kCounters{Counted{"recomputed_tokens", "tokens computed again"},
                               Counted{"reduced_kv_tokens", "KV tokens stored in fewer bits"},
                               Counted{"kv_blocks", "KV blocks"}};

}  // namespace

const Descriptor kv_cache{
    .id = "kv_cache",
    .title = "KV cache",
    .summary = "Stores the keys and values of earlier tokens in fewer bits, or not at all.",
    .source =
        "Per token and head, symmetric absmax int8; fp16 by rounding. Blocks: Kwon et al., arXiv "
        "2309.06180, "
        "section 4.1",
    .slot = Slot::kv_cache,
    .stage = Stage::configures_run,
    .options = kOptions,
    .counters = kCounters,
    .trial = {.small = {}, .variants = kVariants},
};

}  // namespace hone::descriptors
