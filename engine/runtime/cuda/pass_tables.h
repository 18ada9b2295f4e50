// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/runtime/buffer.h"
#include "engine/runtime/pass.h"
#include "engine/runtime/run_config.h"
#include "kernels/cuda/device.h"
#include "kernels/cuda/ops/pages.h"

namespace hone {

// What kernels must know of a pass's rows, in one piece of memory, so that a pass takes one upload.
// Pointers are the device's.
class PassTables {
public:
    PassTables(const Pass& pass, const AttentionMask& mask);
    // `memory` must live as long as the tables.
    void upload(cuda::Device& device, Buffer<std::int32_t>& memory);

    std::int64_t words() const { return std::ssize(words_); }  // that are uploaded

    // One a row.
    const std::int32_t* tokens() const { return device_ + tokens_; }
    const std::int32_t* positions() const { return device_ + positions_; }
    const std::int32_t* sequences() const { return device_ + sequences_; }
    // The rows whose logits are wanted.
    const std::int32_t* wanted() const { return device_ + wanted_; }
    // Where layers choose pages: which pages the pass's keys lie in.
    const cuda::PageRun* page_runs() const {
        return reinterpret_cast<const cuda::PageRun*>(device_ + page_runs_);
    }
    std::int64_t page_run_count() const { return page_run_count_; }

    // What the rows that are left attend: in layers that choose pages (`choosing`) or in others; on
    // the device, and here.
    const cuda::AttendedRow* attended(bool choosing) const {
        return reinterpret_cast<const cuda::AttendedRow*>(device_ + offset(choosing));
    }
    std::span<const cuda::AttendedRow> attended_here(bool choosing) const;
    // From now on only the wanted rows are left.
    void keep_wanted() { kept_ = true; }

private:
    std::int64_t offset(bool choosing) const;
    void add_rows(const Pass& pass, const AttentionMask& mask);
    void add_page_runs(const Pass& pass, const AttentionMask& mask);

    std::vector<std::int32_t> words_;
    std::vector<cuda::AttendedRow> rows_, choosing_, wanted_rows_, wanted_choosing_;
    std::int64_t tokens_ = 0, positions_ = 0, sequences_ = 0, wanted_ = 0, page_runs_ = 0,
                 page_run_count_ = 0;
    std::int64_t rows_at_ = 0, choosing_at_ = 0, wanted_rows_at_ = 0, wanted_choosing_at_ = 0;
    bool kept_ = false;
    const std::int32_t* device_ = nullptr;
};

}  // namespace hone
