// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/core/system_memory.h"

namespace hone {
namespace {

TEST(SystemMemory, SaysWhatIsLeft) {
    EXPECT_GT(available_memory_bytes(), 0);
    if (const auto limit = cgroup_memory_limit()) {
        EXPECT_LE(available_memory_bytes(), *limit);
    }
}

TEST(SystemMemory, ThePeakFollowsWhatWasTouched) {
    constexpr std::int64_t kBytes = 64 << 20;
    const std::int64_t before = resident_bytes();
    ASSERT_GT(before, 0);
    {
        std::vector<char> block(kBytes);
        std::memset(block.data(), 1, block.size());
        EXPECT_GE(resident_bytes(), before + kBytes * 9 / 10);
    }
    EXPECT_GE(peak_resident_bytes(), before + kBytes * 9 / 10);
#if defined(__SANITIZE_ADDRESS__)
    return;  // the sanitizer keeps freed memory for a while
#endif
    if (reset_peak_resident()) {
        EXPECT_LT(peak_resident_bytes(), before + kBytes / 2);
    }
}

TEST(SystemMemory, FindsThisProgramAmongTheMappedFiles) {
    const std::vector<FileMapping> mappings = file_mappings();
    const std::string program = std::filesystem::canonical("/proc/self/exe");
    std::int64_t resident = 0;
    for (const FileMapping& mapping : mappings) {
        EXPECT_LT(mapping.begin, mapping.end) << mapping.path;
        EXPECT_LE(mapping.resident, static_cast<std::int64_t>(mapping.end - mapping.begin))
            << mapping.path;
        if (mapping.path == program) resident += mapping.resident;
    }
    EXPECT_GT(resident, 0);
    EXPECT_LT(resident_anonymous_bytes(), resident_bytes());
}

}  // namespace
}  // namespace hone
