// SPDX-License-Identifier: Apache-2.0
#include "profiler/store/journal_mode.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace hone::profiler {

std::string_view journal_mode_for(int sqlite_version, bool network_file_system) {
    constexpr int first_safe = 3'051'003;
    return sqlite_version >= first_safe && !network_file_system ? "WAL" : "TRUNCATE";
}

bool on_network_file_system(const std::filesystem::path& folder) {
    // CIFS, SMB2, 9p and Lustre are not in linux/magic.h. FUSE may be local, but sshfs is not, and
    // TRUNCATE is right on both.
    constexpr std::array<std::uint32_t, 8> network{
        NFS_SUPER_MAGIC, SMB_SUPER_MAGIC, AFS_SUPER_MAGIC, 0xFF534D42,
        0xFE534D42,      0x01021997,      0x0BD00BD0,      FUSE_SUPER_MAGIC};
    struct statfs info {};
    if (::statfs(folder.c_str(), &info) != 0) return false;
    return std::find(network.begin(), network.end(), static_cast<std::uint32_t>(info.f_type)) !=
           network.end();
}

}  // namespace hone::profiler
