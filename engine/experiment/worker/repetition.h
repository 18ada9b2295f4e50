// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <span>
#include <string>

#include "engine/runtime/generation.h"
#include "engine/tokenizer/tokenizer.h"

namespace hone {

// A repetition's figures by their ids (docs/metrics.md): seconds, and tokens a second. Those of
// decoding are absent where one token was generated, padding's where sequences ran alone.
std::map<std::string, double> metrics_of(const GenerationTimings& timings);

// Bytes of `texts` that are encoded in a second. Timed before sequences start, so that their times
// stay their own. A cache (null: none) begins each round empty: what it finds is
// what comes again within these texts.
double tokenize_bytes_per_second(const Tokenizer& tokenizer, std::span<const std::string> texts,
                                 MergeCache* cache);

}  // namespace hone
