// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>

#include "engine/core/memory.h"

namespace hone {

// Starts a measurement of the peak.
void begin_peak();

// {class: bytes, …, "peak_resident": bytes}: `named` as allocated, `runtime_bytes` as the runtime class, and as unaccounted
// what the measured peak holds beyond (negative where mapped weights were not all touched).
nlohmann::json measured_memory(MemoryByClass named, std::int64_t runtime_bytes);

// The same from a prediction: nothing is unaccounted, the peak is the sum.
nlohmann::json predicted_memory(MemoryByClass named, std::int64_t runtime_bytes);

}  // namespace hone
