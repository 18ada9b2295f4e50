// SPDX-License-Identifier: Apache-2.0
// Bounds of pages and the choice among them on a device, emulated, against the CPU's attention.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/attention/attention.h"
#include "kernels/cuda/ops/attention.h"
#include "kernels/cuda/ops/pages.h"
#include "tests/kernels/cuda/tested_device.h"
#include "tests/kernels/stored_rows.h"

namespace hone::cuda {
namespace {

constexpr std::int64_t kPositions = 75, kKvHeads = 2, kHeads = 6, kDim = 40,
                       kWidth = kKvHeads * kDim;
constexpr int kPageShift = 2;
constexpr std::int64_t kPage = 1 << kPageShift, kPages = (kPositions + kPage - 1) / kPage;
constexpr std::int32_t kSequence = 1;  // of two, of which the first has nothing

// Small whole numbers: every sum is exact, whatever its order, and bounds are often equal.
std::vector<float> whole_numbers(std::int64_t count, std::uint32_t seed) {
    std::vector<float> values = kernels::random_floats(count, seed, 2.0F);
    for (float& value : values) value = std::round(value);
    return values;
}

// Smallest and largest key of every channel of every page: [pages][kv heads][2][channels].
std::vector<float> expected_bounds(const std::vector<float>& k) {
    std::vector<float> bounds(static_cast<std::size_t>(kPages * kKvHeads * 2 * kDim));
    for (std::int64_t position = 0; position < kPositions; ++position) {
        for (std::int64_t i = 0; i < kWidth; ++i) {
            const std::int64_t head = i / kDim, channel = i % kDim;
            float* const low =
                bounds.data() + ((position / kPage * kKvHeads + head) * 2) * kDim + channel;
            float* const high = low + kDim;
            const float key = k[static_cast<std::size_t>(position * kWidth + i)];
            *low = position % kPage == 0 ? key : std::min(*low, key);
            *high = position % kPage == 0 ? key : std::max(*high, key);
        }
    }
    return bounds;
}

struct CudaPages : public testing::Test {
    CudaPages() : bounds(static_cast<std::size_t>(2 * kPages * kKvHeads * 2 * kDim)) {
        // A prompt that ends within a page, one position more, and the rest; among them rows that
        // pad.
        append(0, 30);
        append(30, 1);
        append(31, kPositions - 31);
    }

    void append(std::int64_t position, std::int64_t rows) {
        const DeviceArray<float> keys(std::vector<float>(k.begin() + position * kWidth,
                                                         k.begin() + (position + rows) * kWidth));
        std::vector<PageRun> runs;
        for (std::int64_t i = 0; i < rows;) {
            const std::int64_t at = position + i, count = std::min(kPage - at % kPage, rows - i);
            runs.push_back({kSequence, static_cast<std::int32_t>(at / kPage),
                            static_cast<std::int32_t>(i), static_cast<std::int32_t>(count),
                            at % kPage == 0 ? 1 : 0});
            i += count;
        }
        runs.resize(runs.size() + 2);
        const DeviceArray<PageRun> device_runs(runs);
        const BoundParams params{view(), keys.data(), device_runs.data(), std::ssize(runs)};
        tested_device().launch({KernelId::bound}, bound_launch(params), params);
    }

    PageBoundsView view() const { return {bounds.data(), kPages, kKvHeads, kDim}; }

    const std::vector<float> k = whole_numbers(kPositions * kWidth, 21);
    DeviceArray<float> bounds;
};

TEST_F(CudaPages, AreBoundedPassAfterPass) {
    const std::vector<float> is = bounds.values(), expected = expected_bounds(k);
    const auto of_sequence = static_cast<std::ptrdiff_t>(expected.size());
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), is.begin() + of_sequence));
    // Nobody wrote to the other sequence's, the runs without rows neither.
    EXPECT_TRUE(std::all_of(is.begin(), is.begin() + of_sequence,
                            [](float value) { return std::isnan(value); }));
}

// The CPU's choice is seen in what it computes: a value is its page's unit vector, so that channel
// c is the share of page c. The scale is small, that no share becomes 0, and a power of two, that
// bounds stay exact.
std::vector<std::vector<std::int32_t>> pages_of_the_cpu(const std::vector<float>& q,
                                                        const std::vector<float>& k,
                                                        const std::vector<std::int64_t>& ends,
                                                        std::int64_t keep) {
    static_assert(kPages <= kDim);
    const std::vector<float> bounds = expected_bounds(k);
    std::vector<float> v(k.size()), out(q.size());
    for (std::int64_t position = 0; position < kPositions; ++position)
        for (std::int64_t head = 0; head < kKvHeads; ++head)
            v[static_cast<std::size_t>(position * kWidth + head * kDim + position / kPage)] = 1;
    std::vector<kernels::MaskRow> mask;
    mask.reserve(ends.size());
    for (const std::int64_t end : ends) mask.push_back({0, 0, end});
    const auto cache = [](const std::vector<float>& values) {
        return kernels::KvView{kernels::KvType::f32, values.data(), nullptr, kDim, kWidth, 0};
    };
    kernels::AttentionProblem problem{q.data(),
                                      out.data(),
                                      kHeads * kDim,
                                      kHeads * kDim,
                                      cache(k),
                                      cache(v),
                                      mask.data(),
                                      std::ssize(ends),
                                      kHeads,
                                      kKvHeads,
                                      kDim,
                                      0x1p-10F,
                                      {bounds.data(), kPageShift, keep}};
    kernels::Machine machine{1};
    kernels::attention(problem, machine.on(kernels::Isa::baseline));
    std::vector<std::vector<std::int32_t>> lists;
    for (std::int64_t row = 0; row < std::ssize(ends); ++row) {
        for (std::int64_t head = 0; head < kKvHeads; ++head) {
            const float* const shares =
                out.data() + (row * kHeads + head * kHeads / kKvHeads) * kDim;
            lists.emplace_back();
            for (std::int32_t page = 0; page < kPages; ++page)
                if (shares[page] > 0) lists.back().push_back(page);
        }
    }
    return lists;
}

TEST_F(CudaPages, AreChosenAsTheCpuChooses) {
    const std::vector<std::int64_t> ends{kPositions, 41, 8,
                                         64};  // the third has too few pages for a choice
    const std::int64_t rows = std::ssize(ends);
    for (const std::int64_t keep : {1, 3, 7}) {
        const std::vector<float> q = whole_numbers(rows * kHeads * kDim, 22);
        std::vector<AttendedRow> attended;
        for (const std::int64_t end : ends) {
            const bool chooses = (end + kPage - 1) / kPage > keep;
            attended.push_back({kSequence, 0, 0, static_cast<std::int32_t>(end),
                                chooses ? static_cast<std::int32_t>(keep) : 0});
        }
        const DeviceArray<float> queries(q);
        const DeviceArray<AttendedRow> device_rows(attended);
        DeviceArray<std::int32_t> lists(static_cast<std::size_t>(rows * kKvHeads * keep));
        const ChooseParams params{view(),       queries.data(), device_rows.data(),
                                  lists.data(), keep,           rows,
                                  kHeads,       kPages,         kPageShift};
        tested_device().launch({KernelId::choose}, choose_launch(params), params);
        const std::vector<std::int32_t> is = lists.values();
        const auto expected = pages_of_the_cpu(q, k, ends, keep);
        for (std::size_t i = 0; i < expected.size(); ++i) {
            const auto begin = is.begin() + static_cast<std::ptrdiff_t>(i) * keep;
            const std::vector<std::int32_t> list(begin, begin + keep);
            if (attended[i / kKvHeads].pages == 0)
                EXPECT_EQ(list, std::vector<std::int32_t>(static_cast<std::size_t>(keep), -1)) << i;
            else
                EXPECT_EQ(list, expected[i]) << "keep " << keep << ", row and head " << i;
        }
    }
}

}  // namespace
}  // namespace hone::cuda
