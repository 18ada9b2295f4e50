// SPDX-License-Identifier: Apache-2.0
// The session and the counters over a libcupti that fails as it is told, and the choice of metrics
// over the real one, which needs no device for that.
#include <cupti_result.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "profiler/cupti/counter_metrics.h"
#include "profiler/cupti/counters.h"
#include "profiler/cupti/session.h"

namespace hone::profiler {
namespace {

class FakeCupti : public testing::Test {
protected:
    FakeCupti() { set("HONE_CUPTI_LIBRARY", HONE_FAKE_CUPTI); }
    ~FakeCupti() override {
        for (const std::string& name : set_) unsetenv(name.c_str());
    }
    void set(const std::string& name, const std::string& value) {
        setenv(name.c_str(), value.c_str(), 1);
        set_.push_back(name);
    }
    void set(const std::string& name, int value) { set(name, std::to_string(value)); }

    struct Seen {
        Activity activity;
        std::string name;
    };
    std::vector<Seen> record() {
        std::vector<Seen> seen;
        if (session_.begin(""))
            session_.end(0, [&seen](const Activity& activity, std::string_view name) {
                seen.push_back({activity, std::string(name)});
            });
        return seen;
    }
    void expect_problem(const std::string& problem, const std::string& part) {
        EXPECT_NE(problem.find(part), std::string::npos) << problem;
    }

    CuptiSession& session_ = CuptiSession::instance();
    CuptiCounters counters_;

private:
    std::vector<std::string> set_;
};

TEST_F(FakeCupti, GivesKernelsOverheadAndTheDevicesOwnMemory) {
    const std::vector<Seen> seen = record();
    EXPECT_EQ(session_.problem(), "");
    EXPECT_EQ(session_.version(), "CUPTI 13.0.1");
    EXPECT_EQ(session_.lost(), 0);
    ASSERT_EQ(seen.size(), 3U) << "not another device's memory, nor the host's";
    EXPECT_EQ(seen[0].name, "some_kernel");
    EXPECT_EQ(seen[1].name, "CUPTI flushes buffers");
    EXPECT_EQ(seen[2].activity.kind, ActivityKind::memory);
    EXPECT_EQ(seen[2].activity.device, 0);
}

TEST_F(FakeCupti, NamesTheToolThatWasThereFirst) {
    set("FAKE_CUPTI_SUBSCRIBE", CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED);
    EXPECT_EQ(static_cast<int>(CUPTI_ERROR_MULTIPLE_SUBSCRIBERS_NOT_SUPPORTED), 39);
    EXPECT_FALSE(session_.begin(""));
    expect_problem(session_.problem(), "already serves another tool (SomeProfiler)");
}

TEST_F(FakeCupti, SaysHowRightsAreGranted) {
    set("FAKE_CUPTI_ENABLE", CUPTI_ERROR_INSUFFICIENT_PRIVILEGES);
    EXPECT_FALSE(session_.begin(""));
    expect_problem(session_.problem(), "NVreg_RestrictProfilingToAdminUsers=0");
    for (const char* const refuses : {"FAKE_CUPTI_AVAILABILITY", "FAKE_CUPTI_START"}) {
        set(refuses, CUPTI_ERROR_INSUFFICIENT_PRIVILEGES);
        EXPECT_FALSE(counters_.begin("", 0, nullptr));
        expect_problem(counters_.problem(), "NVreg_RestrictProfilingToAdminUsers=0");
        unsetenv(refuses);
    }
}

TEST_F(FakeCupti, RefusesALibraryThatIsMissingTooOldOrNotWhole) {
    set("FAKE_CUPTI_VERSION", 120900);
    EXPECT_FALSE(session_.begin(""));
    expect_problem(session_.problem(), "CUPTI 12.9.0 is too old");
    EXPECT_FALSE(counters_.begin("", 0, nullptr));
    expect_problem(counters_.problem(), "CUPTI 12.9.0 is too old");
    unsetenv("FAKE_CUPTI_VERSION");
    set("HONE_CUPTI_LIBRARY", HONE_FAKE_CUPTI_WITHOUT_SOME);
    EXPECT_FALSE(session_.begin(""));
    expect_problem(session_.problem(), "lacks functions that tracing needs");
    EXPECT_FALSE(counters_.begin("", 0, nullptr));
    expect_problem(counters_.problem(), "lacks functions that counting needs");
    set("HONE_CUPTI_LIBRARY", "/nowhere/libcupti.so");
    EXPECT_FALSE(session_.begin(""));
    expect_problem(session_.problem(), "CUPTI is not there");
}

TEST_F(FakeCupti, CountsDroppedRecordsAndDamagedBuffersAsLost) {
    set("FAKE_CUPTI_DROPPED", 12);
    EXPECT_EQ(record().size(), 3U);
    EXPECT_EQ(session_.lost(), 12);
    EXPECT_EQ(session_.problem(), "");
    set("FAKE_CUPTI_DROPPED", 0);
    set("FAKE_CUPTI_DAMAGED", 1);
    EXPECT_EQ(record().size(), 1U);
    EXPECT_EQ(session_.lost(), 1);
    expect_problem(session_.problem(), "1 of 1 buffers were damaged");
    unsetenv("FAKE_CUPTI_DAMAGED");
    EXPECT_EQ(record().size(), 3U) << "the next session is whole again";
    EXPECT_EQ(session_.lost(), 0);
}

TEST_F(FakeCupti, CountsEveryMarkOnceHoweverMany) {
    constexpr std::uint64_t kMarks = 1300;  // more than an image holds, twice over
    ASSERT_TRUE(counters_.begin("", 0, nullptr)) << counters_.problem();
    for (std::uint64_t mark = 1; mark <= kMarks; ++mark) {
        counters_.mark(mark);
        counters_.mark(0);
    }
    std::vector<std::uint64_t> marks;
    counters_.end([&marks](std::uint64_t mark, const HardwareCounters& counters) {
        marks.push_back(mark);
        EXPECT_EQ(counters.dram_read, 1000.0 * static_cast<double>(mark));
        EXPECT_EQ(counters.dram_written, 500);
        EXPECT_EQ(counters.tensor, 0.25);
        EXPECT_EQ(counters.busy, 0.5);
        EXPECT_EQ(counters.nanoseconds, 9000);
    });
    ASSERT_EQ(marks.size(), kMarks);
    for (std::uint64_t mark = 1; mark <= kMarks; ++mark) EXPECT_EQ(marks[mark - 1], mark);
    EXPECT_EQ(counters_.lost(), 0);
    EXPECT_EQ(counters_.problem(), "");
}

TEST_F(FakeCupti, DoesNotCountWhileATraceIsRecordedNorInSeveralPasses) {
    ASSERT_TRUE(session_.begin(""));
    EXPECT_FALSE(counters_.begin("", 0, nullptr));
    expect_problem(counters_.problem(), "while a trace is recorded");
    session_.end(0, [](const Activity&, std::string_view) {});
    set("FAKE_CUPTI_PASSES", 3);
    EXPECT_FALSE(counters_.begin("", 0, nullptr));
    expect_problem(counters_.problem(), "need 3 passes");
    set("FAKE_CUPTI_PASSES", 1);
    set("FAKE_CUPTI_DROPPED", 2);
    ASSERT_TRUE(counters_.begin("", 0, nullptr)) << counters_.problem();
    counters_.mark(1);
    counters_.end([](std::uint64_t, const HardwareCounters&) {});
    EXPECT_EQ(counters_.lost(), 2);
}

// The real library schedules without a device; each of these has to do with one pass.
TEST(CounterMetrics, FitOnePassOnEveryChip) {
    setenv("HONE_CUPTI_LIBRARY", HONE_CUPTI_LIBRARY, 1);
    CuptiLibrary library;
    ASSERT_TRUE(library.open("")) << library.problem();
    for (const char* const chip : {"TU102", "GA100", "GA102", "AD102", "GH100", "GB100", "GB202"}) {
        CounterMetrics metrics;
        EXPECT_TRUE(metrics.choose(library, chip)) << chip << ": " << metrics.problem();
        EXPECT_FALSE(metrics.config().empty()) << chip;
    }
    CounterMetrics none;
    EXPECT_FALSE(none.choose(library, "no chip"));
    EXPECT_FALSE(none.problem().empty());
    unsetenv("HONE_CUPTI_LIBRARY");
}

}  // namespace
}  // namespace hone::profiler
