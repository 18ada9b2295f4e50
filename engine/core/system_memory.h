// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

namespace hone {

// Bytes that this process may still allocate: the system's MemAvailable, or what its control group (v1 or v2) has left
// where that is less. Zero where nothing can be read.
std::int64_t available_memory_bytes();

// The smallest memory limit of the control groups this process is in; empty without one.
std::optional<std::int64_t> cgroup_memory_limit();

// Resident size of this process now, and its largest since the last reset (VmHWM); 0 where it cannot be read.
std::int64_t resident_bytes();
std::int64_t peak_resident_bytes();
// Sets the peak to the present size; false where the system does not allow it.
bool reset_peak_resident();

}  // namespace hone
