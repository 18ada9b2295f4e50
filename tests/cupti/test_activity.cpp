// SPDX-License-Identifier: Apache-2.0
#include <cupti_activity.h>
#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "profiler/cupti/activity.h"

namespace hone::profiler {
namespace {

NextActivity next_activity() {
    static void* const library = dlopen(HONE_CUPTI_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    return library == nullptr
               ? nullptr
               : reinterpret_cast<NextActivity>(dlsym(library, "cuptiActivityGetNextRecord"));
}

// Records one behind the other, as CUPTI lays them out.
class Records {
public:
    template <typename Record>
    Records& add(CUpti_ActivityKind kind, void (*fill)(Record&)) {
        Record record;
        std::memset(&record, 0, sizeof record);
        record.kind = kind;
        fill(record);
        const auto* const bytes = reinterpret_cast<const std::uint8_t*>(&record);
        bytes_.insert(bytes_.end(), bytes, bytes + sizeof record);
        return *this;
    }
    struct Seen {
        Activity activity;
        std::string name;
    };
    std::vector<Seen> parse(ParsedBuffer* parsed = nullptr) {
        std::vector<std::uint64_t> aligned((bytes_.size() + 7) / 8);
        if (!bytes_.empty()) std::memcpy(aligned.data(), bytes_.data(), bytes_.size());
        std::vector<Seen> seen;
        const ParsedBuffer result =
            parse_activities(next_activity(), reinterpret_cast<std::uint8_t*>(aligned.data()),
                             bytes_.size(), [&](const Activity& activity, std::string_view name) {
                                 seen.push_back({activity, std::string(name)});
                             });
        if (parsed != nullptr) *parsed = result;
        return seen;
    }

private:
    std::vector<std::uint8_t> bytes_;
};

TEST(CuptiActivity, ReadsAKernelWithItsCallAndItsExternalId) {
    ASSERT_NE(next_activity(), nullptr) << dlerror();
    Records records;
    records.add<CUpti_ActivityExternalCorrelation>(
        CUPTI_ACTIVITY_KIND_EXTERNAL_CORRELATION, [](auto& record) {
            record.externalKind = CUPTI_EXTERNAL_CORRELATION_KIND_CUSTOM0;
            record.externalId = 77;
            record.correlationId = 5;
        });
    records.add<CUpti_ActivityAPI>(CUPTI_ACTIVITY_KIND_RUNTIME, [](auto& record) {
        record.cbid = 211;
        record.start = 900;
        record.end = 950;
        record.correlationId = 5;
    });
    records.add<CUpti_ActivityKernel10>(CUPTI_ACTIVITY_KIND_CONCURRENT_KERNEL, [](auto& record) {
        record.start = 1000;
        record.end = 1600;
        record.correlationId = 5;
        record.deviceId = 1;
        record.streamId = 7;
        record.gridX = 3, record.gridY = 2, record.gridZ = 1;
        record.blockX = 256, record.blockY = record.blockZ = 1;
        record.registersPerThread = 40;
        record.staticSharedMemory = 128;
        record.dynamicSharedMemory = 4096;
        record.graphNodeId = 9;
        record.name = "entry<NormBody>";
    });
    ParsedBuffer parsed;
    const auto seen = records.parse(&parsed);
    ASSERT_EQ(seen.size(), 3u);
    EXPECT_TRUE(parsed.complete);
    EXPECT_EQ(parsed.records, 3);
    EXPECT_EQ(parsed.skipped, 0);
    EXPECT_EQ(seen[0].activity.kind, ActivityKind::correlation);
    EXPECT_EQ(seen[0].activity.mark, 77u);
    EXPECT_EQ(seen[0].activity.correlation, 5u);
    EXPECT_EQ(seen[1].activity.kind, ActivityKind::runtime_call);
    EXPECT_EQ(seen[1].activity.call, 211);
    EXPECT_EQ(seen[1].activity.end - seen[1].activity.start, 50);
    const Activity& kernel = seen[2].activity;
    EXPECT_EQ(kernel.kind, ActivityKind::kernel);
    EXPECT_EQ(seen[2].name, "entry<NormBody>");
    EXPECT_EQ(kernel.start, 1000);
    EXPECT_EQ(kernel.end, 1600);
    EXPECT_EQ(kernel.correlation, 5u);
    EXPECT_EQ(kernel.device, 1);
    EXPECT_EQ(kernel.stream, 7);
    EXPECT_EQ(kernel.grid, (std::array<std::int32_t, 3>{3, 2, 1}));
    EXPECT_EQ(kernel.block, (std::array<std::int32_t, 3>{256, 1, 1}));
    EXPECT_EQ(kernel.registers, 40);
    EXPECT_EQ(kernel.shared_bytes, 4224);
    EXPECT_EQ(kernel.graph_node, 9u);
}

TEST(CuptiActivity, ReadsCopiesFillsMemoryAndWaits) {
    Records records;
    records.add<CUpti_ActivityMemcpy6>(CUPTI_ACTIVITY_KIND_MEMCPY, [](auto& record) {
        record.copyKind = CUPTI_ACTIVITY_MEMCPY_KIND_HTOD;
        record.bytes = 4096;
        record.start = 1;
        record.end = 2;
    });
    records.add<CUpti_ActivityMemset4>(CUPTI_ACTIVITY_KIND_MEMSET,
                                       [](auto& record) { record.bytes = 64; });
    records.add<CUpti_ActivityMemory4>(CUPTI_ACTIVITY_KIND_MEMORY2, [](auto& record) {
        record.memoryOperationType = CUPTI_ACTIVITY_MEMORY_OPERATION_TYPE_ALLOCATION;
        record.memoryKind = CUPTI_ACTIVITY_MEMORY_KIND_DEVICE;
        record.address = 0x1000;
        record.bytes = 1 << 20;
        record.timestamp = 33;
    });
    records.add<CUpti_ActivitySynchronization2>(
        CUPTI_ACTIVITY_KIND_SYNCHRONIZATION, [](auto& record) {
            record.streamId = CUPTI_SYNCHRONIZATION_INVALID_VALUE;
            record.start = 5;
            record.end = 9;
        });
    records.add<CUpti_ActivityOverhead3>(CUPTI_ACTIVITY_KIND_OVERHEAD,
                                         [](auto& record) { record.start = 3, record.end = 4; });
    const auto seen = records.parse();
    ASSERT_EQ(seen.size(), 5u);
    EXPECT_EQ(seen[0].activity.kind, ActivityKind::copy);
    EXPECT_EQ(seen[0].activity.direction, CopyDirection::to_device);
    EXPECT_EQ(seen[0].activity.bytes, 4096);
    EXPECT_EQ(seen[1].activity.kind, ActivityKind::fill);
    EXPECT_EQ(seen[1].activity.start, -1) << "0 and 0 is not a time";
    EXPECT_EQ(seen[1].activity.end, -1);
    EXPECT_EQ(seen[2].activity.kind, ActivityKind::memory);
    EXPECT_TRUE(seen[2].activity.allocates);
    EXPECT_EQ(seen[2].activity.address, 0x1000u);
    EXPECT_EQ(seen[2].activity.start, 33);
    EXPECT_EQ(seen[3].activity.kind, ActivityKind::synchronise);
    EXPECT_EQ(seen[3].activity.stream, -1);
    EXPECT_EQ(seen[4].activity.kind, ActivityKind::overhead);
}

TEST(CuptiActivity, ReadsRangesAndPools) {
    Records records;
    records.add<CUpti_ActivityMarker2>(CUPTI_ACTIVITY_KIND_MARKER, [](auto& record) {
        record.flags = CUPTI_ACTIVITY_FLAG_MARKER_START;
        record.timestamp = 100;
        record.id = 9;
        record.name = "cublasLtMatmul";
    });
    records.add<CUpti_ActivityMarker2>(CUPTI_ACTIVITY_KIND_MARKER, [](auto& record) {
        record.flags = CUPTI_ACTIVITY_FLAG_MARKER_END;
        record.timestamp = 180;
        record.id = 9;
    });
    records.add<CUpti_ActivityMarker2>(CUPTI_ACTIVITY_KIND_MARKER, [](auto& record) {
        record.flags = CUPTI_ACTIVITY_FLAG_MARKER_INSTANTANEOUS;
        record.name = "no time";
    });
    records.add<CUpti_ActivityMemoryPool3>(CUPTI_ACTIVITY_KIND_MEMORY_POOL, [](auto& record) {
        record.memoryPoolOperationType = CUPTI_ACTIVITY_MEMORY_POOL_OPERATION_TYPE_TRIMMED;
        record.address = 0x7000;
        record.size = 4096;
        record.timestamp = 200;
    });
    records.add<CUpti_ActivityMemoryPool3>(CUPTI_ACTIVITY_KIND_MEMORY_POOL, [](auto& record) {
        record.memoryPoolOperationType = CUPTI_ACTIVITY_MEMORY_POOL_OPERATION_TYPE_DESTROYED;
        record.address = 0x7000;
        record.size = 4096;
        record.timestamp = 300;
    });
    const auto seen = records.parse();
    ASSERT_EQ(seen.size(), 5u);
    EXPECT_EQ(seen[0].activity.kind, ActivityKind::range);
    EXPECT_EQ(seen[0].name, "cublasLtMatmul");
    EXPECT_EQ(seen[0].activity.start, 100);
    EXPECT_EQ(seen[0].activity.end, -1);
    EXPECT_EQ(seen[1].activity.start, -1);
    EXPECT_EQ(seen[1].activity.end, 180);
    EXPECT_EQ(seen[1].activity.correlation, seen[0].activity.correlation);
    EXPECT_EQ(seen[2].activity.start, -1);
    EXPECT_EQ(seen[3].activity.kind, ActivityKind::pool);
    EXPECT_EQ(seen[3].activity.bytes, 4096);
    EXPECT_EQ(seen[3].activity.address, 0x7000u);
    EXPECT_EQ(seen[4].activity.bytes, 0);
}

TEST(CuptiActivity, SkipsWhatNobodyAskedForAndEndsWithTheBuffer) {
    ParsedBuffer parsed;
    Records records;
    records.add<CUpti_ActivityJit2>(CUPTI_ACTIVITY_KIND_JIT,
                                    [](auto& record) { record.start = 1; });
    records.add<CUpti_ActivityMemset4>(CUPTI_ACTIVITY_KIND_MEMSET,
                                       [](auto& record) { record.bytes = 64; });
    EXPECT_EQ(records.parse(&parsed).size(), 1u);
    EXPECT_EQ(parsed.skipped, 1);
    EXPECT_TRUE(parsed.complete);
    Records none;
    EXPECT_TRUE(none.parse(&parsed).empty());
    EXPECT_TRUE(parsed.complete);
    EXPECT_EQ(parsed.records, 0);
}

}  // namespace
}  // namespace hone::profiler
