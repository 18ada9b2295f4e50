// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "engine/core/memory.h"
#include "engine/runtime/place.h"

namespace hone {

// Bytes of each class, and "peak_resident".
using MemoryReport = std::map<std::string, std::int64_t>;
MemoryReport memory_report(const MeasuredMemory& memory);

// The same from a prediction: nothing is unaccounted, the peak is the sum.
MemoryReport predicted_memory(MemoryByClass named, std::int64_t runtime_bytes);

}  // namespace hone
