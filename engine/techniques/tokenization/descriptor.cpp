// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "engine/techniques/schema/descriptors.h"

namespace hone::descriptors {
namespace {

const std::array kOptions{
    Option{"merge_cache", "Word cache",
           "Remembers what words became, so that their bytes are merged once.", Flag{true}},
    Option{"length_buckets", "Batches by length",
           "Prompts of like length share a batch: a rectangular batch then holds less padding. "
           "Shown by "
           "prompts of mixed "
           "lengths.",
           Flag{true}},
};
constexpr std::array<std::string_view, 2> kMetrics{"padding_share", "tokenize_bytes_per_second"};
constexpr std::array kCounters{Counted{"merge_cache_hits", "words found in the cache"},
                               Counted{"reordered_prompts", "prompts reordered"}};

}  // namespace

const Descriptor tokenization{
    .id = "tokenization",
    .title = "Tokenisation",
    .summary = "Tokenises known words from a cache and batches prompts of like length.",
    .source =
        "Sennrich et al., arXiv 1508.07909, and the cache of GPT-2's encoder.py; Khomenko et al., "
        "arXiv "
        "1708.05604 (bucketing)",
    .slot = Slot::tokenization,
    .stage = Stage::configures_run,
    .options = kOptions,
    .metrics = kMetrics,
    .counters = kCounters,
};

}  // namespace hone::descriptors
