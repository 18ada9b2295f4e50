// SPDX-License-Identifier: Apache-2.0
#include "engine/runtime/cuda/pass_tables.h"

#include <algorithm>
#include <cstring>

#include "engine/runtime/attention_mask.h"
#include "engine/runtime/cuda/cuda_kv_cache.h"

namespace hone {
namespace {

// Appends plain rows of 32-bit words; returns where they begin.
template <typename T>
std::int64_t append(std::vector<std::int32_t>& words, const std::vector<T>& rows) {
    static_assert(sizeof(T) % sizeof(std::int32_t) == 0 && alignof(T) == alignof(std::int32_t));
    constexpr std::size_t kWords = sizeof(T) / 4;
    const std::int64_t at = std::ssize(words);
    words.resize(words.size() + rows.size() * kWords);
    if (!rows.empty()) std::memcpy(words.data() + at, rows.data(), rows.size() * sizeof(T));
    return at;
}

}  // namespace

PassTables::PassTables(const Pass& pass, const AttentionMask& mask) {
    add_rows(pass, mask);
    if (mask.kind == AttentionMask::Kind::pages) add_page_runs(pass, mask);
    rows_at_ = append(words_, rows_);
    choosing_at_ = append(words_, choosing_);
    wanted_rows_at_ = append(words_, wanted_rows_);
    wanted_choosing_at_ = append(words_, wanted_choosing_);
}

void PassTables::add_rows(const Pass& pass, const AttentionMask& mask) {
    const std::int64_t page = std::int64_t{1} << mask.page_shift;
    const bool chooses = mask.kind == AttentionMask::Kind::pages;
    std::vector<std::int32_t> tokens, positions, sequences, wanted;
    for (std::size_t s = 0; s < pass.segments.size(); ++s) {
        const Segment& segment = pass.segments[s];
        // Without a cache a sequence is known by its place in the pass.
        const auto sequence = static_cast<std::int32_t>(
            segment.cache != nullptr ? static_cast<const CudaKvCache*>(segment.cache)->sequence()
                                     : static_cast<std::int64_t>(s));
        for (std::int64_t i = 0; i < segment.rows; ++i) {
            const std::int64_t position = segment.position + i;
            const kernels::MaskRow row = mask_row(mask, position);
            tokens.push_back(segment.tokens[static_cast<std::size_t>(i)]);
            positions.push_back(static_cast<std::int32_t>(position));
            sequences.push_back(sequence);
            const cuda::AttendedRow attended{sequence, static_cast<std::int32_t>(row.sinks),
                                             static_cast<std::int32_t>(row.begin),
                                             static_cast<std::int32_t>(row.end), 0};
            cuda::AttendedRow choosing = attended;
            if ((row.end + page - 1) / page > mask.keep)
                choosing.pages = static_cast<std::int32_t>(mask.keep);
            rows_.push_back(attended);
            if (chooses) choosing_.push_back(choosing);
            if (i < segment.rows - segment.wanted) continue;
            wanted.push_back(static_cast<std::int32_t>(segment.row + i));
            wanted_rows_.push_back(attended);
            if (chooses) wanted_choosing_.push_back(choosing);
        }
    }
    // Padding is any token, kept nowhere. What it attends has to be there: the first sequence's
    // first position is.
    for (std::int64_t i = 0; i < pass.padding; ++i) {
        tokens.push_back(0);
        positions.push_back(0);
        sequences.push_back(cuda::kNoSequence);
        wanted.push_back(static_cast<std::int32_t>(std::ssize(rows_)));
        const cuda::AttendedRow attended{rows_.front().sequence, 0, 0, 1, 0};
        for (auto* const rows : {&rows_, &wanted_rows_}) rows->push_back(attended);
        if (!chooses) continue;
        for (auto* const rows : {&choosing_, &wanted_choosing_}) rows->push_back(attended);
    }
    tokens_ = append(words_, tokens);
    positions_ = append(words_, positions);
    sequences_ = append(words_, sequences);
    wanted_ = append(words_, wanted);
}

void PassTables::add_page_runs(const Pass& pass, const AttentionMask& mask) {
    const std::int64_t page = std::int64_t{1} << mask.page_shift;
    std::vector<cuda::PageRun> runs;
    for (const Segment& segment : pass.segments) {
        for (std::int64_t i = 0; i < segment.rows;) {
            const std::int64_t position = segment.position + i;
            const std::int64_t count = std::min(page - position % page, segment.rows - i);
            runs.push_back({rows_[static_cast<std::size_t>(segment.row)].sequence,
                            static_cast<std::int32_t>(position / page),
                            static_cast<std::int32_t>(segment.kv_row + i),
                            static_cast<std::int32_t>(count), position % page == 0 ? 1 : 0});
            i += count;
        }
    }
    runs.resize(runs.size() +
                static_cast<std::size_t>(pass.padding));  // of no rows: nothing to take in
    page_runs_ = append(words_, runs);
    page_run_count_ = std::ssize(runs);
}

void PassTables::upload(cuda::Device& device, Buffer<std::int32_t>& memory) {
    memory.require(std::ssize(words_));
    device_ = memory.data();
    device.upload(memory.data(), words_.data(),
                  std::ssize(words_) * static_cast<std::int64_t>(sizeof(std::int32_t)));
}

std::int64_t PassTables::offset(bool choosing) const {
    if (choosing) return kept_ ? wanted_choosing_at_ : choosing_at_;
    return kept_ ? wanted_rows_at_ : rows_at_;
}

std::span<const cuda::AttendedRow> PassTables::attended_here(bool choosing) const {
    if (choosing) return kept_ ? wanted_choosing_ : choosing_;
    return kept_ ? wanted_rows_ : rows_;
}

}  // namespace hone
