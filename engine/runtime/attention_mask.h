// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "engine/runtime/run_config.h"
#include "kernels/attention/attention.h"

namespace hone {

// The positions that the query at `position` attends. Where the window reaches the start, or meets
// the sinks, the result is the dense row, so that a window no shorter than the sequence computes
// the same bits as dense attention.
kernels::MaskRow mask_row(const AttentionMask& mask, std::int64_t position);

// How many positions the query at `position` attends in `layer`.
std::int64_t attended_positions(const AttentionMask& mask, std::int64_t position,
                                std::int64_t layer);

// How many positions `row` lets through.
constexpr std::int64_t attended(const kernels::MaskRow& row) {
    return row.sinks + row.end - row.begin;
}

}  // namespace hone
