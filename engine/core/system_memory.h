// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace hone {

// Bytes that this process may still allocate: the system's MemAvailable, or what its control group
// (v1 or v2) has left where that is less. Zero where nothing can be read.
std::int64_t available_memory_bytes();

// Bytes that this process could allocate of an idle machine: all memory, or its control group's
// limit where that is less. Zero where nothing can be read.
std::int64_t total_memory_bytes();

// The smallest memory limit of the control groups this process is in; empty without one.
std::optional<std::int64_t> cgroup_memory_limit();

// Resident size of this process now, and its largest since the last reset (VmHWM); 0 where it
// cannot be read.
std::int64_t resident_bytes();
std::int64_t peak_resident_bytes();
// The part of resident_bytes() that no file backs: heaps, stacks and other memory that the process
// wrote.
std::int64_t resident_anonymous_bytes();

// A file that this process has mapped, or a part of it, and how much of that is resident.
struct FileMapping {
    std::uintptr_t begin = 0, end = 0;  // addresses
    std::string path;
    std::int64_t resident = 0;  // bytes
};
// All of them, from /proc/self/smaps; empty where that cannot be read.
std::vector<FileMapping> file_mappings();

// Sets the peak to the present size; false where the system does not allow it.
bool reset_peak_resident();

}  // namespace hone
