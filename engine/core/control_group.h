// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace hone {

// Where control groups are read from: this machine's, or a test's made-up tree. A hybrid machine
// has version 1's controllers in folders of the root and version 2's tree in its folder "unified".
struct ControlGroupTree {
    std::filesystem::path root = "/sys/fs/cgroup";
    std::filesystem::path membership = "/proc/self/cgroup";  // "ID:CONTROLLERS:GROUP" a line
};

struct GroupMemory {
    std::int64_t limit, used;  // bytes; pages of files that nobody used lately are not in `used`
    std::int64_t left() const { return limit - used; }
};

// The group that leaves least among those that this process is in, up to the root and in both
// versions; empty without a limit.
std::optional<GroupMemory> control_group_memory(const ControlGroupTree& tree = {});

}  // namespace hone
