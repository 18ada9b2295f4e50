// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "engine/model/model.h"
#include "engine/runtime/run_config.h"

namespace hone {

// The most rows that go through the layers together where every sequence of a batch adds at least one.
std::int64_t pass_limit(const RunConfig& config, std::int64_t sequences);

// What one more sequence of `length` positions needs at the most: its cache and its share of the activations.
std::int64_t sequence_bytes(const ModelConfig& model, const RunConfig& config, std::int64_t length);

}  // namespace hone
