// SPDX-License-Identifier: Apache-2.0
#include "engine/techniques/apply/magnitude_cut.h"

#include <algorithm>

#include "engine/techniques/apply/matrices.h"

namespace hone {
namespace {

constexpr unsigned kHalf = 16;
constexpr std::size_t kBins = std::size_t{1} << kHalf;
using Histogram = std::vector<std::int64_t>;

// Counts the bin that `bin_of` gives for each magnitude; a negative bin is not counted.
template <typename BinOf>
Histogram count_bins(std::span<StoredTensor* const> tensors, const kernels::Context& context,
                     const Progress& progress, const BinOf& bin_of) {
    std::vector<Histogram> counts(static_cast<std::size_t>(context.pool.size()), Histogram(kBins));
    for (const StoredTensor* tensor : tensors) {
        for_each_row(*tensor, context, progress,
                     [&](std::int64_t, const float* values, int thread) {
                         Histogram& mine = counts[static_cast<std::size_t>(thread)];
                         for (std::int64_t i = 0; i < tensor->cols(); ++i) {
                             const std::int64_t bin = bin_of(magnitude(values[i]));
                             if (bin >= 0) ++mine[static_cast<std::size_t>(bin)];
                         }
                     });
    }
    for (std::size_t thread = 1; thread < counts.size(); ++thread) {
        for (std::size_t bin = 0; bin < kBins; ++bin) counts[0][bin] += counts[thread][bin];
    }
    return counts[0];
}

// The bin that holds the `count`-th smallest; `count` becomes what is still to be taken from within
// it.
std::uint32_t bin_at(const Histogram& histogram, std::int64_t& count) {
    std::size_t bin = 0;
    while (bin + 1 < kBins && histogram[bin] < count) count -= histogram[bin++];
    return static_cast<std::uint32_t>(bin);
}

}  // namespace

MagnitudeCut find_cut(std::span<StoredTensor* const> tensors, std::int64_t count,
                      const kernels::Context& context, const Progress& progress) {
    if (count <= 0) return {};
    const std::uint32_t upper = bin_at(
        count_bins(tensors, context, progress, [](std::uint32_t bits) { return bits >> kHalf; }),
        count);
    const std::uint32_t lower =
        bin_at(count_bins(tensors, context, progress,
                          [upper](std::uint32_t bits) -> std::int64_t {
                              return bits >> kHalf == upper ? bits & (kBins - 1) : -1;
                          }),
               count);
    return {upper << kHalf | lower, count};
}

MagnitudeCut find_cut(std::span<const float> values, std::int64_t count,
                      std::vector<std::uint32_t>& scratch) {
    if (count <= 0) return {};
    scratch.resize(values.size());
    std::transform(values.begin(), values.end(), scratch.begin(), magnitude);
    std::nth_element(scratch.begin(), scratch.begin() + (count - 1), scratch.end());
    const std::uint32_t level = scratch[static_cast<std::size_t>(count - 1)];
    // All smaller ones lie before the place that was asked for.
    const auto below = std::count_if(scratch.begin(), scratch.begin() + count,
                                     [&](auto bits) { return bits < level; });
    return {level, count - below};
}

}  // namespace hone
